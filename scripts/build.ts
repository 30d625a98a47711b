/** `dist`, built when it is missing or older than a source. */
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './command.ts';

/** The checkout. */
export const ROOT: string = fileURLToPath(new URL('..', import.meta.url));

const COMPILER = join('node_modules', 'typescript', 'bin', 'tsc');

/** Builds if needed. Nothing is deleted: another process may be running what is there. */
export async function ensureBuilt(): Promise<void> {
  const built = await newest(join(ROOT, 'dist'));
  const sources = await Promise.all([
    newest(join(ROOT, 'src')),
    newest(join(ROOT, 'adapters')),
    newest(join(ROOT, 'drill')),
    newest(join(ROOT, 'tsconfig.json')),
  ]);
  if (built > Math.max(...sources)) return;
  const { code, stdout, stderr } = await run(process.execPath, [COMPILER, '-p', 'tsconfig.json', '--noEmitOnError'], {
    cwd: ROOT,
  });
  if (code !== 0) throw new Error(`the build failed:\n${stdout}${stderr}`);
}

/** When the newest file below a path was written; 0 where nothing is. */
async function newest(path: string): Promise<number> {
  const entry = await stat(path).catch(() => undefined);
  if (entry === undefined) return 0;
  if (!entry.isDirectory()) return entry.mtimeMs;
  const times = await Promise.all((await readdir(path)).map((name) => newest(join(path, name))));
  return Math.max(0, ...times);
}
