/**
 * `npm test`: provides a Redis, builds, and runs every test; then, with the other versions of Node, the unit tests against the
 * built package. `npm test -- <paths or Jest options>` runs only those tests. The last line is `N passed, N failed`.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBuilt, ROOT } from './build.ts';
import { runJest, type Counts } from './jest.ts';
import { nodeFolder, OTHER_MAJORS } from './node-versions.ts';
import { redisFolder } from './redis/binary.ts';

/** Two cores; the crash tests, which fill them by themselves, come afterwards and alone. */
const WORKERS = '--maxWorkers=2';
const CRASH = 'test/crash/';
/** The packed tarball in an empty project: what it exports, and the README's quick start. */
const SMOKE = ['test/package/exports', 'test/package/quick-start'];
const JEST_CONFIG = new URL('../jest.config.js', import.meta.url);

async function main(args: readonly string[]): Promise<Counts> {
  const path = [await redisFolder()];
  await rm(join(ROOT, 'dist'), { recursive: true, force: true });
  await ensureBuilt();
  if (args.length > 0) return runJest({ args: [WORKERS, ...args], path });
  const runs = [
    await runJest({ args: [WORKERS, '--testPathIgnorePatterns', CRASH, '/node_modules/'], path }),
    await runJest({ args: ['--runInBand', CRASH], path }),
  ];
  for (const major of OTHER_MAJORS) runs.push(await withNode(major, path));
  return { passed: sum(runs.map((run) => run.passed)), failed: sum(runs.map((run) => run.failed)) };
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
      moduleNameMapper: { '^(?:\\.\\./)+(src|adapters)/(.+)\\.ts$': '<rootDir>/dist/$1/$2.js' },
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
