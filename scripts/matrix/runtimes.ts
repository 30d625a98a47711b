/** Runtimes other than Node, and bundlers: a worker that is killed, values in files by each codec, and the command. */
import { BUNDLERS, type BundlerName } from '../bundlers.ts';
import { run } from '../command.ts';
import { runJest, type Counts } from '../jest.ts';
import { redisFolder } from '../redis/binary.ts';
import { runtimeProgram, YARN_VERSION, type RuntimeName } from '../runtimes.ts';
import type { Row } from './row.ts';

const RUNTIMES: Readonly<Record<string, RuntimeName>> = { Bun: 'bun', Deno: 'deno' };
const JEST_CONFIG = new URL('../../jest.config.js', import.meta.url);

/** A row for each. */
export const runtimeRows: readonly Row[] = [
  ...Object.entries(RUNTIMES).map(([name, runtime]) => ({
    name,
    run: async () => ({ version: await versionOf(runtime), ...(await runSmoke(`${runtime}.test`)) }),
  })),
  {
    name: "Yarn Plug'n'Play",
    run: async () => ({ version: YARN_VERSION, ...(await runSmoke('yarn-pnp.matrix')) }),
  },
  ...(Object.keys(BUNDLERS) as BundlerName[]).map((name) => ({
    name,
    run: async () => ({
      version: (BUNDLERS[name] as Readonly<Record<string, string>>)[name] ?? '',
      ...(await runSmoke(`${name}.matrix`)),
    }),
  })),
];

async function versionOf(runtime: RuntimeName): Promise<string> {
  const { stdout } = await run(await runtimeProgram(runtime), ['--version']);
  return /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '';
}

/** One file of tests. Those whose names end with `.matrix.ts` are no part of `npm test`. */
async function runSmoke(name: string): Promise<Counts> {
  const { default: settings } = (await import(JEST_CONFIG.href)) as { default: object };
  const config = { ...settings, testMatch: ['<rootDir>/test/runtimes/*.{test,matrix}.ts'] };
  return runJest({ args: ['--runInBand', `test/runtimes/${name}`], config, path: [await redisFolder()] });
}
