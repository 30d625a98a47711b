/** Proves guards, one after the other, in a copy of the tree. */
import { spawn } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../build.ts';
import { run } from '../command.ts';
import type { Cleanup } from '../interrupt.ts';
import { locate, without, type Guard } from '../../test/guards/guard.ts';
import { readSources } from './sources.ts';

/** What became of one guard. */
export interface Proof {
  name: string;
  caught: boolean;
  /** The first test that failed, or why nothing was proven. */
  why: string;
}

const LONGEST = 120_000;
/** Shorter than ours, so that a test that hangs fails by itself where it can. */
const LONGEST_TEST = 30_000;

interface Report {
  numPassedTests: number;
  numFailedTests: number;
  numRuntimeErrorTestSuites: number;
  testResults: { assertionResults: { status: string; fullName: string }[] }[];
}

/** Yields a proof for each guard. The tests that are to fail must pass while all guards stand. */
export async function* proveGuards(guards: readonly Guard[], cleanup: Cleanup): AsyncGenerator<Proof> {
  const tree = await mkdtemp(join(tmpdir(), 'mooring-guards-'));
  cleanup.add(() => rm(tree, { recursive: true, force: true, maxRetries: 10 }));
  await copyTree(tree);
  const passing = await passingTests(tree, guards, cleanup);
  for (const guard of guards) {
    cleanup.signal.throwIfAborted();
    const { rule: name } = guard;
    const [, wanted] = guard.test;
    if (passing.some((test) => test.includes(wanted))) yield { name, ...(await prove(tree, guard, cleanup)) };
    else yield { name, caught: false, why: `with all guards in place no test passes with ${JSON.stringify(wanted)}` };
  }
}

/** Copies all that git would keep, in its present state. */
export async function copyTree(to: string): Promise<void> {
  const { code, stdout, stderr } = await run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], {
    cwd: ROOT,
  });
  if (code !== 0) throw new Error(`git ls-files failed: ${stderr}`);
  for (const file of stdout.split('\0').filter(Boolean)) {
    await cp(join(ROOT, file), join(to, file)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
  await symlink(join(ROOT, 'node_modules'), join(to, 'node_modules'));
}

/** The full names of the tests that pass before anything is taken away. */
async function passingTests(tree: string, guards: readonly Guard[], cleanup: Cleanup): Promise<string[]> {
  const names: string[] = [];
  for (const file of new Set(guards.map(({ test }) => test[0]))) {
    const wanted = guards.flatMap(({ test: [own, name] }) => (own === file ? [pattern(name)] : []));
    const report = await jest(tree, file, wanted.join('|'), cleanup, LONGEST * 5);
    if (report === 'hung') throw new Error(`${file} hangs with all guards in place`);
    if (report.numRuntimeErrorTestSuites > 0) throw new Error(`${file} does not run with all guards in place`);
    names.push(...namesOf(report, 'passed'));
  }
  return names;
}

async function prove(tree: string, guard: Guard, cleanup: Cleanup): Promise<Omit<Proof, 'name'>> {
  const location = locate(guard, await readSources(tree));
  if (location.fault !== undefined) return { caught: false, why: location.fault };
  const [testFile, testName] = guard.test;
  const path = join(tree, location.file);
  const source = await readFile(path, 'utf8');
  await writeFile(path, without(guard, source, location));
  try {
    const report = await jest(tree, testFile, pattern(testName), cleanup, LONGEST);
    if (report === 'hung') return { caught: guard.hangs, why: `went on for ${LONGEST / 1_000} s` };
    const [first] = namesOf(report, 'failed');
    // The leftovers of a failed test may fail its file, too.
    if (first === undefined && report.numRuntimeErrorTestSuites > 0) return { caught: false, why: `${testFile} does not run` };
    return first === undefined ? { caught: false, why: `passes: ${testName}` } : { caught: true, why: first };
  } finally {
    await writeFile(path, source);
  }
}

function pattern(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function namesOf({ testResults }: Report, status: string): string[] {
  return testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((test) => test.status === status).map(({ fullName }) => fullName),
  );
}

/** One run of Jest. Its report comes in a file: what tests print is of no interest. */
async function jest(tree: string, file: string, names: string, cleanup: Cleanup, longest: number): Promise<Report | 'hung'> {
  const output = join(tree, 'report.json');
  await rm(output, { force: true });
  const flags = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--runInBand', '--forceExit', '--silent'];
  const options = ['--testTimeout', String(LONGEST_TEST), '--json', '--outputFile', output, '-t', names, file];
  const child = spawn(process.execPath, [...flags, ...options], { cwd: tree, stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const stop = (): void => void child.kill('SIGKILL');
  cleanup.signal.addEventListener('abort', stop);
  const timer = setTimeout(stop, longest);
  const killed = await new Promise<boolean>((resolve) => child.on('close', (_code, signal) => resolve(signal === 'SIGKILL')));
  clearTimeout(timer);
  cleanup.signal.removeEventListener('abort', stop);
  cleanup.signal.throwIfAborted();
  if (killed) return 'hung';
  const report = await readFile(output, 'utf8').catch(() => undefined);
  if (report === undefined) throw new Error(`Jest did not run:\n${said}`);
  return JSON.parse(report) as Report;
}
