import { afterAll, afterEach, beforeAll, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Redis } from 'ioredis';
import type { Certificate } from '../../drill/command/certificate.ts';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';
import { startBatchProcess, TYPESCRIPT, type BatchProcess } from '../../scripts/children.ts';
import { run, type Ended } from '../../scripts/command.ts';
import { cleanupStack } from '../../scripts/interrupt.ts';
import { temporaryFolder } from '../../scripts/temporary.ts';
import { startRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** `mooring drill` of the batch service, as a user runs it: real worker processes, and a Redis with a password. */

const MOORING = join(ROOT, 'dist/src/cli/mooring.js');
const PASSWORD = 'hunter2';

const cleanup = cleanupStack();
let batch: BatchProcess;
let redis: Redis;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  await ensureBuilt();
  const server = await startRedis({ args: ['--requirepass', PASSWORD] });
  cleanup.add(() => server.stop());
  redis = new Redis(server.port, server.host, { password: PASSWORD });
  cleanup.add(() => redis.disconnect());
  batch = await startBatchProcess({ directory: await temporaryFolder('mooring-drill-'), findLag: 200, onEvent: () => {} });
  cleanup.add(() => batch.stop());
  env = {
    PATH: process.env['PATH'],
    HOME: process.env['HOME'],
    MOORING_REDIS: `redis://127.0.0.1:${server.port}`,
    MOORING_REDIS_PASSWORD: PASSWORD,
    BATCH_URL: batch.url,
  };
});

// Whatever a drill came to, nothing of it is left.
afterEach(async () => {
  expect(await redis.keys('*')).toEqual([]);
});

afterAll(() => cleanup.run());

function commandLine(module: string, args: readonly string[]): string[] {
  return [...TYPESCRIPT, MOORING, 'drill', join('test/drill/modules', module), ...args];
}

function drill(module: string, ...args: string[]): Promise<Ended> {
  return run(process.execPath, commandLine(module, args), { cwd: ROOT, env });
}

async function certificate(module: string, ...args: string[]): Promise<{ code: number; found: Certificate }> {
  const { code, stdout, stderr } = await drill(module, '--json', ...args);
  const found = JSON.parse(stdout || '{}') as Certificate;
  if (found.form !== 1) throw new Error(stdout + stderr);
  return { code, found };
}

/** `end gap: jobs outcome`, of each run. */
function shown({ runs }: Certificate): string[] {
  return runs.map(({ end, gap, jobs, outcome }) => `${end} ${gap}: ${jobs} ${outcome}`);
}

test('a keyed system passes: one job and its result, however an attempt ends', async () => {
  const { code, found } = await certificate('keyed.ts', '--gaps', 'G2,G4,G5,G9,G11,G12');

  expect(shown(found)).toEqual([
    ...['G2', 'G4', 'G5', 'G9', 'G11', 'G12'].map((gap) => `kill ${gap}: 1 result`),
    ...['G2', 'G4', 'G5', 'G9', 'G11', 'G12'].map((gap) => `deploy ${gap}: 1 result`),
    expect.stringMatching(/^cancel G2: [01] (?:cancelled|result)$/),
    ...['G4', 'G5', 'G9'].map((gap) => expect.stringMatching(new RegExp(`^cancel ${gap}: 1 (?:cancelled|result)$`))),
    expect.stringMatching(/^cancel G11: 1 (?:cancelled|result)$/),
    'release G9: 1 result',
  ]);
  expect(found).toMatchObject({
    command: 'drill',
    form: 1,
    passed: true,
    about: 'the batch service, keyed, as keyed',
    facts: { kind: 'keyed', name: 'echo', idempotentFor: 3_600_000, cancel: true },
    totals: { runs: 19, doubles: 0, lostJobs: 0, lostResults: 0, others: 0, notMade: 0 },
  });
  expect(code).toBe(0);
});

test('a findable system passes where a worker dies around the request', async () => {
  const { code, found } = await certificate('findable.ts', '--ends', 'kill', '--gaps', 'G3,G5,G6');

  expect(shown(found)).toEqual(['kill G3: 1 result', 'kill G5: 1 result', 'kill G6: 1 result']);
  expect(code).toBe(0);
});

test('a plain system passes: a person is asked instead of a second job', async () => {
  const { code, found } = await certificate('plain.ts', '--ends', 'kill', '--gaps', 'G1,G3,G5,G9');

  expect(shown(found)).toEqual(['kill G1: 1 result', 'kill G3: 0 ambiguous', 'kill G5: 1 ambiguous', 'kill G9: 1 result']);
  expect(code).toBe(0);
});

test('a definition that lies about its keys is found out by its second jobs', async () => {
  const { code, stdout } = await drill('liar.ts', '--ends', 'kill', '--gaps', 'G5,G6,G7');

  expect(stdout).toMatch(/^passed +no$/m);
  expect(stdout).toMatch(/^G5 .* 2 result \(!\) /m);
  expect(stdout).toMatch(/^kill G6: 2 jobs instead of 1$/m);
  expect(stdout).toContain('4 runs, 6 jobs: 2 doubles, 0 lost jobs');
  expect(stdout).not.toContain('\u001B');
  expect(code).toBe(1);
});

test('a result that is not that of the undisturbed run is lost', async () => {
  const { code, found } = await certificate('forgetful.ts', '--ends', 'deploy', '--gaps', 'G7');

  expect(found.runs).toMatchObject([{ fault: 'lost-result', text: 'no result: it differs from the undisturbed one' }]);
  expect(code).toBe(1);
});

test('a gap that no run reaches is no certificate', async () => {
  const { code, found } = await certificate('quick.ts', '--ends', 'kill', '--gaps', 'G9');

  expect(found).toMatchObject({ passed: false, totals: { notMade: 1 } });
  expect(found.runs[0]?.text).toMatch(/^G9 was not reached; .* give an input that runs longer$/);
  expect(code).toBe(2);
});

test.each([
  ['nothing-counts.ts', /the default export of \S+ is no drill: count must be a function/],
  ['named.ts', /has no default export: export default defineDrill\(\{ job, input, count \}\)/],
  ['nowhere.ts', /nowhere\.ts cannot be loaded: Cannot find module/],
])('%s is refused with what is missing', async (module, said) => {
  const { code, stdout, stderr } = await drill(module);

  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(said);
});

test('a system that cannot be reached ends the drill before the first kill', async () => {
  env = { ...env, BATCH_URL: 'http://127.0.0.1:1' };

  const { code, stderr } = await drill('keyed.ts');

  env = { ...env, BATCH_URL: batch.url };
  expect(stderr).toMatch(/^mooring: failed: the run that nothing disturbs is no measure: it failed: /m);
  expect(code).toBe(2);
});

test('--dry-run says how many jobs there would be without starting one', async () => {
  const { code, stdout } = await drill('holding.ts', '--dry-run', '--ends', 'kill', '--repeat', '2');

  expect(stdout).toBe('25 runs, at most 23 jobs in the external system, 4 at the same time\n');
  expect(code).toBe(0);
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends the drill, its workers and its keys, and cleans up the runs that had begun', async (signal, exitCode) => {
  const child = spawn(process.execPath, commandLine('cleaning.ts', []), { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  const said: string[] = [];
  const cleaned = (): string[] => said.flatMap((line) => /^cleaned up (\S+)$/.exec(line)?.[1] ?? []);
  await new Promise<void>((resolve) =>
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      if (cleaned().length > 0) resolve();
    }),
  );
  await until(async () => (await redis.keys('*-kill-*')).length > 0);

  child.kill(signal);
  // 'close', not 'exit': also every process that shares its output has ended.
  const [code] = (await once(child, 'close')) as [number | null];

  expect(code).toBe(exitCode);
  expect(said.at(-1)).toMatch(/^mooring: interrupted: all that the drill made in Redis was removed/);
  expect(cleaned().some((name) => /-kill-g\d+-1$/.test(name))).toBe(true);
});
