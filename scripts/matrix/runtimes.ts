/** Runtimes other than Node: a worker that is killed, values in files by each codec, and the command. */
import { run } from '../command.ts';
import { runtimeProgram, type RuntimeName } from '../runtimes.ts';
import type { Row } from './row.ts';
import { runTests } from './tests.ts';

const NAMES: Readonly<Record<string, RuntimeName>> = { Bun: 'bun', Deno: 'deno' };

/** A row for each runtime. */
export const runtimeRows: readonly Row[] = Object.entries(NAMES).map(([name, runtime]) => ({
  name,
  async run() {
    const { stdout } = await run(await runtimeProgram(runtime), ['--version']);
    return { version: /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '', ...(await runTests([`test/runtimes/${runtime}`], [])) };
  },
}));
