/**
 * `npm test`: builds, and runs every test; with the other versions of Node the unit tests once more, against the built package.
 * The servers that the tests start are provided on the way: what is missing is built while the tests run that need none.
 * `npm test -- <paths or Jest options>` runs only those tests. The last line is `N passed, N failed`.
 */
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { ensureBuilt, ROOT } from './build.ts';
import { runJest, testFiles, type Counts } from './jest.ts';
import { nodeFolder, OTHER_MAJORS } from './node-versions.ts';
import { redisFolder } from './redis/binary.ts';
import { serversNeeded } from './servers/needs.ts';
import { provideFor } from './servers/provide.ts';

/** One more than two cores: many tests wait, for a server or a deadline. */
const WORKERS = '--maxWorkers=3';
/** Programs of ours that start servers by themselves. */
const CRASH = join(ROOT, 'test', 'crash');
/** The crash tables and the drills, which fill both cores with workers that must not lose their locks, come last, one after the other. */
const ALONE = ['crash/gaps', 'crash/temporal-gaps', 'drill/drill'].map((name) => join(ROOT, 'test', `${name}.test.ts`));
/** The packed tarball in an empty project: what it exports, and the README's quick start. */
const SMOKE = ['test/package/exports', 'test/package/quick-start'];
const JEST_CONFIG = new URL('../jest.config.js', import.meta.url);

type Environment = Readonly<Record<string, string>>;

async function main(args: readonly string[]): Promise<Counts> {
  const path = [await redisFolder()];
  await rm(join(ROOT, 'dist'), { recursive: true, force: true, maxRetries: 10 });
  await ensureBuilt();
  const needed = await serversNeeded(await testFiles(args));
  if (args.length > 0) return runJest({ args: [WORKERS, ...args], path, env: await provideFor(needed) });

  const provided = provideFor(needed, { background: true });
  const waits = (file: string): boolean => file.startsWith(CRASH) || needed.get(file)?.length !== 0;
  const waiting = [...needed.keys()].filter((file) => waits(file) && !ALONE.includes(file));
  const alone = [...needed.keys()].filter((file) => ALONE.includes(file));
  const later = [...alone, ...waiting].map((file) => `${file.replaceAll(/[^\w/-]/g, String.raw`\$&`)}$`);
  const runs = [await runJest({ args: [WORKERS, '--testPathIgnorePatterns', '/node_modules/', ...later], path })];
  for (const major of OTHER_MAJORS) runs.push(await withNode(major, path));
  const env = await provided;
  runs.push(await runFiles(waiting, [WORKERS], path, env));
  runs.push(await runFiles(alone, ['--runInBand'], path, env));
  return { passed: sum(runs.map((run) => run.passed)), failed: sum(runs.map((run) => run.failed)) };
}

async function runFiles(files: readonly string[], options: string[], path: readonly string[], env: Environment): Promise<Counts> {
  if (files.length === 0) return { passed: 0, failed: 0 };
  const paths = files.map((file) => relative(ROOT, file));
  return runJest({ args: [...options, '--runTestsByPath', ...paths], path, env });
}

/** The unit tests under another Node, with `dist` in place of `src`. */
async function withNode(major: number, path: readonly string[]): Promise<Counts> {
  try {
    const folder = await nodeFolder(major);
    process.stdout.write(`\nThe built package with Node ${major}\n`);
    const { default: settings } = (await import(JEST_CONFIG.href)) as { default: object };
    const config = {
      ...settings,
      modulePathIgnorePatterns: [],
      moduleNameMapper: { '^(?:\\.\\./)+(src|adapters|drill)/(.+)\\.ts$': '<rootDir>/dist/$1/$2.js' },
    };
    return await runJest({ args: [WORKERS, 'test/unit/', ...SMOKE], config, nodeFolder: folder, path });
  } catch (error) {
    process.stdout.write(`${(error as Error).message}\n`);
    return { passed: 0, failed: 1 };
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

const { passed, failed } = await main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${(error as Error).message}\n`);
  return { passed: 0, failed: 1 };
});
process.stdout.write(`\n${passed} passed, ${failed} failed\n`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
