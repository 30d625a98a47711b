/** What runs from files that the compiler wrote, built when it is missing or older than a source. */
import { readdir, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { run } from './command.ts';

/** The checkout. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

const PACKAGE = ['src', 'adapters', 'drill'];
const WORKERS = join('scripts', 'crash', 'tsconfig.json');
const WORKERS_BUILT = join('scripts', 'dist');
const COMPILER = join('node_modules', 'typescript', 'bin', 'tsc');

/** Builds `dist` if needed. Nothing is deleted: another process may be running what is there. */
export async function ensureBuilt(): Promise<void> {
  await compile({ project: 'tsconfig.json', output: 'dist', sources: PACKAGE });
}

/**
 * Builds the worker processes of the crash tests if needed. A process that reads TypeScript takes two to three times the CPU time
 * to start, and these tests start hundreds.
 */
export async function ensureWorkersBuilt(): Promise<void> {
  await compile({ project: WORKERS, output: WORKERS_BUILT, sources: [...PACKAGE, 'scripts', 'test/support', 'test/contract'] });
}

/** What is built of the source of a worker process. */
export async function builtWorker(source: URL): Promise<URL> {
  await ensureWorkersBuilt();
  const file = relative(ROOT, fileURLToPath(source)).replace(/\.ts$/, '.js');
  return pathToFileURL(join(ROOT, WORKERS_BUILT, file));
}

async function compile({ project, output, sources }: { project: string; output: string; sources: string[] }): Promise<void> {
  const built = await newest(join(ROOT, output));
  const inputs = await Promise.all([...sources, 'tsconfig.json', project].map((path) => newest(join(ROOT, path))));
  if (built > Math.max(...inputs)) return;
  const { code, stdout, stderr } = await run(process.execPath, [COMPILER, '-p', project, '--noEmitOnError'], { cwd: ROOT });
  if (code !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/** When the newest file below a path was written, but for what a compiler wrote; 0 where nothing is. */
async function newest(path: string): Promise<number> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) return 0;
  if (!entry.isDirectory()) return entry.mtimeMs;
  const times = await Promise.all(
    (await readdir(path)).filter((name) => name !== 'dist').map((name) => newest(join(path, name))),
  );
  return Math.max(0, ...times);
}
