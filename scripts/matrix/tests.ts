/** The tests of a row: files, run by Jest with a folder first in PATH. */
import { runJest, testFiles, type Counts } from '../jest.ts';
import { serversNeeded } from '../servers/needs.ts';
import { provideFor } from '../servers/provide.ts';

/** How many test files run at the same time: each starts servers, and waits for them. */
const WORKERS = '--maxWorkers=2';

/** Runs the test files whose paths hold one of these texts. */
export async function runTests(paths: readonly string[], path: readonly string[]): Promise<Counts> {
  const env = await provideFor(await serversNeeded(await testFiles(paths)));
  return runJest({ args: [WORKERS, ...paths], path, env });
}
