/** One run of Jest, with its counts. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { ROOT } from './build.ts';
import { cached } from './cache.ts';
import { run } from './command.ts';
import { runKept } from './kept.ts';
import { temporaryFolder } from './temporary.ts';

/** What a run came to. A file that does not run is a failure, and so is a test that is skipped. */
export interface Counts {
  passed: number;
  failed: number;
}

/** The counts of one run, and what failed. */
export interface JestResult extends Counts {
  /** The titles of the tests that failed, without those of what they are in. */
  failures: readonly string[];
}

/** One run. */
export interface JestRun {
  /** Jest's own arguments: paths and options. */
  args: readonly string[];
  /** Settings in place of those of jest.config.js. */
  config?: object;
  /** The folder of the `node` to run with; the one that runs us where none is given. */
  nodeFolder?: string;
  /** Folders to have first in PATH. */
  path?: readonly string[];
  /** Added to the environment. */
  env?: Readonly<Record<string, string>>;
  /** Of several runs, which share what they may: removed if we are killed. @defaultValue one of its own */
  folder?: string;
  /** Beside another run, to which it leaves the processor, and the terminal until it has ended. @defaultValue false */
  beside?: boolean;
}

interface JestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: readonly { assertionResults: readonly { title: string; status: string }[] }[];
}

/** Where the tests of the package make one project, for all of them to copy. Not MOORING_…: of those the command refuses what it does not know. */
const CONSUMERS = 'TEST_CONSUMERS_OF_MOORING';
const JEST = join('node_modules', 'jest', 'bin', 'jest.js');
const FLAGS = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/** The test files that Jest would run, by their paths; none where it does not understand its arguments. */
export async function testFiles(args: readonly string[] = []): Promise<string[]> {
  const { code, stdout } = await run(process.execPath, [...FLAGS, JEST, '--listTests', ...args], { cwd: ROOT });
  return code === 0 ? stdout.split('\n').filter((line) => line.endsWith('.ts')) : [];
}

/** Runs Jest; it ends when we do. */
export async function runJest({
  args,
  config,
  nodeFolder,
  path = [],
  env: more = {},
  folder,
  beside,
}: JestRun): Promise<JestResult> {
  const scratch = folder === undefined ? await temporaryFolder('mooring-jest-') : await mkdtemp(join(folder, 'run-'));
  const shared = folder ?? scratch;
  try {
    const outputFile = join(scratch, 'report.json');
    const node = nodeFolder ?? dirname(process.execPath);
    const own = { TMPDIR: scratch, [CONSUMERS]: shared };
    const env = { ...process.env, ...more, ...own, PATH: [...path, node, process.env['PATH']].join(delimiter) };
    const options = [
      ...(config ? ['--config', JSON.stringify({ ...config, rootDir: ROOT })] : []),
      '--json',
      '--outputFile',
      outputFile,
      '--cacheDirectory',
      cached('jest'),
    ];
    const command = [...(beside ? ['nice', '-n', '10'] : []), join(node, 'node'), ...FLAGS, JEST, ...options, ...args];
    const { code, stderr } = await runKept({ command, env, folder: shared, output: beside ? 'quiet' : 'shown' });
    process.stderr.write(stderr);
    const report = await readFile(outputFile, 'utf8').catch(() => undefined);
    if (report === undefined) return { passed: 0, failed: 1, failures: [] };
    const counts = count(JSON.parse(report) as JestReport);
    return code !== 0 && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
  } finally {
    await rm(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

function count(report: JestReport): JestResult {
  const unrun = report.numPendingTests + report.numTodoTests + report.numRuntimeErrorTestSuites;
  const tests = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const failures = tests.filter(({ status }) => status === 'failed').map(({ title }) => title);
  return { passed: report.numPassedTests, failed: report.numFailedTests + unrun, failures };
}
