/**
 * `npm test`: builds, and runs every test; with the other versions of Node the unit tests once more, against the built package.
 * The servers that the tests start are provided on the way: what is missing is built while the tests run that need none. The tests
 * that need them mostly wait, so the other versions of Node run beside them.
 * `npm test -- <paths or Jest options>` runs only those tests. The last line is `N passed, N failed`.
 */
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ensureBuilt, ensureWorkersBuilt, ROOT } from './build.ts';
import { runJest, testFiles, type Counts, type JestRun } from './jest.ts';
import { nodeFolder, OTHER_MAJORS } from './node-versions.ts';
import { redisFolder } from './redis/binary.ts';
import type { ServerName } from './servers/list.ts';
import { serversNeeded } from './servers/needs.ts';
import { provideFor } from './servers/provide.ts';
import { temporaryFolder } from './temporary.ts';

/** One more than two cores: many tests wait, for a server or a deadline. */
const WORKERS = '--maxWorkers=3';
/** Where others wait beside them. */
const FEW_WORKERS = '--maxWorkers=2';
/** Where nothing runs beside them, or where most of them wait for servers. */
const MORE_WORKERS = '--maxWorkers=4';
/** A file leaves some ten MB behind in its worker, which the garbage collector then goes through for all files after it. */
const FRESH_WORKERS = '--workerIdleMemoryLimit=384MB';
/** Programs of ours that start servers by themselves. */
const CRASH = join(ROOT, 'test', 'crash');
/** The crash tables and the drills, which fill both cores with workers that must not lose their locks, come last, one after the other. */
const ALONE = ['crash/gaps', 'crash/temporal-gaps', 'drill/drill'].map((name) => join(ROOT, 'test', `${name}.test.ts`));
/** The packed tarball in an empty project: what it exports, and the README's quick start. */
const SMOKE = ['test/package/exports', 'test/package/quick-start'];
const JEST_CONFIG = new URL('../jest.config.js', import.meta.url);

type Environment = Readonly<Record<string, string>>;
/** What is the same in all runs: where they find programs, and where they keep files. */
type Place = Pick<JestRun, 'path' | 'folder'>;

async function main(args: readonly string[]): Promise<Counts> {
  const path = [await redisFolder()];
  await rm(join(ROOT, 'dist'), { recursive: true, force: true, maxRetries: 10 });
  await ensureBuilt();
  const needed = await serversNeeded(await testFiles(args));
  if (args.length > 0) return runJest({ args: [WORKERS, ...args], path, env: await provideFor(needed) });
  const folder = await temporaryFolder('mooring-jest-');
  try {
    return await runAll(needed, { path, folder });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function runAll(needed: ReadonlyMap<string, readonly ServerName[]>, place: Place): Promise<Counts> {
  await ensureWorkersBuilt();
  const provided = provideFor(needed, { background: true });
  const waits = (file: string): boolean => file.startsWith(CRASH) || needed.get(file)?.length !== 0;
  const waiting = [...needed.keys()].filter((file) => waits(file) && !ALONE.includes(file));
  const alone = [...needed.keys()].filter((file) => ALONE.includes(file));
  const later = [...alone, ...waiting].map((file) => `${file.replaceAll(/[^\w/-]/g, String.raw`\$&`)}$`);
  const first = await runJest({
    args: [MORE_WORKERS, FRESH_WORKERS, '--testPathIgnorePatterns', '/node_modules/', ...later],
    ...place,
  });
  const env = await provided;
  const beside = await Promise.all([runFiles(waiting, [MORE_WORKERS, FRESH_WORKERS], place, env), withOthers(place)]);
  const last = await runFiles(alone, ['--runInBand'], place, env);
  return total([first, ...beside, last]);
}

async function runFiles(files: readonly string[], options: readonly string[], place: Place, env: Environment): Promise<Counts> {
  if (files.length === 0) return { passed: 0, failed: 0 };
  const paths = files.map((file) => relative(ROOT, file));
  return runJest({ args: [...options, '--runTestsByPath', ...paths], ...place, env });
}

/** One after the other. */
async function withOthers(place: Place): Promise<Counts> {
  const runs: Counts[] = [];
  for (const major of OTHER_MAJORS) runs.push(await withNode(major, place));
  return total(runs);
}

/** The unit tests under another Node, with `dist` in place of `src`. */
async function withNode(major: number, place: Place): Promise<Counts> {
  try {
    const folder = await nodeFolder(major);
    const { default: settings } = (await import(JEST_CONFIG.href)) as { default: object };
    const config = {
      ...settings,
      displayName: `Node ${major}`,
      modulePathIgnorePatterns: [],
      moduleNameMapper: { '^(?:\\.\\./)+(src|adapters|drill)/(.+)\\.ts$': '<rootDir>/dist/$1/$2.js' },
    };
    return await runJest({
      ...place,
      args: [FEW_WORKERS, FRESH_WORKERS, 'test/unit/', ...SMOKE],
      config,
      nodeFolder: folder,
      beside: true,
    });
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`);
    return { passed: 0, failed: 1 };
  }
}

function total(runs: readonly Counts[]): Counts {
  const sum = (of: (run: Counts) => number): number => runs.reduce((all, run) => all + of(run), 0);
  return { passed: sum((run) => run.passed), failed: sum((run) => run.failed) };
}

const { passed, failed } = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return { passed: 0, failed: 1 };
});
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
