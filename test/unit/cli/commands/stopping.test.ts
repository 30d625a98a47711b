import { beforeEach, describe, expect, test } from '@jest/globals';
import { Interruption } from '../../../../src/cli/interruption.ts';
import { jobRecords, type Orphan, type TaskScope } from '../../../../src/index.ts';
import { scopePath } from '../../../../src/format/path.ts';
import { memoryStateStore, type MemoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { runCommand, type CommandOptions } from '../../../support/command.ts';
import { fakeQueue } from '../../../support/fake-queue.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** `mooring cancel`, `clear` and `forget`: they ask first, and say what happens next. */

const ADDED = 1_764_586_800_000;
const SCOPE: TaskScope = { flow: 'bull:transcode', run: `42@${ADDED}`, task: 'transcode' };
const ACTIVITY: TaskScope = { flow: 'default/publish', run: 'course-7/6f1c', task: 'transcode/1/1763820000000' };

let store: MemoryStateStore;

beforeEach(() => {
  store = Object.assign(memoryStateStore(), { close: async () => undefined });
});

function mooring(args: readonly string[], queue = fakeQueue(), more: Omit<CommandOptions, 'tools'> = {}) {
  return runCommand(args, {
    env: { MOORING_REDIS: 'redis://cache' },
    tools: { open: async () => store, queue: queue.open },
    ...more,
  });
}

async function orphans(): Promise<Orphan[]> {
  const found: Orphan[] = [];
  for await (const orphan of jobRecords(store).orphans()) found.push(orphan);
  return found;
}

describe.each([
  ['cancel', ['transcode', '42', '--reason', 'the customer left']],
  ['clear', ['transcode', '42']],
  ['forget', ['transcode', '42', 'job-1']],
  ['rm', ['transcode', '42', 'cursor']],
])('mooring %s', (name, words) => {
  test.each<[string, string[], Omit<CommandOptions, 'tools'>, RegExp]>([
    ['a pipe', [], {}, /nobody can be asked here: add --yes/],
    ['a terminal whose questions nobody sees', [], { stdin: ['y'], tty: 'stdout' }, /nobody can be asked here: add --yes/],
    ['a terminal with --json', ['--json'], { stdin: ['y'], tty: 'both' }, /with --json nobody is asked: add --yes/],
  ])('on %s does nothing without --yes', async (_where, flags, more, said) => {
    await putJob(store, SCOPE, 'submitted');

    const { code, stdout, stderr } = await mooring([name, ...words, ...flags], fakeQueue(), more);

    expect(code).toBe(2);
    expect(stdout + stderr).toMatch(said);
    expect(await jobRecords(store).get(SCOPE)).toMatchObject({ state: 'submitted' });
  });

  test('interrupted says to look', async () => {
    const signal = AbortSignal.abort(new Interruption('SIGINT'));

    const { code, stderr } = await mooring([name, ...words, '--yes'], fakeQueue(), { signal });

    expect(code).toBe(130);
    expect(stderr).toContain('it may have been done: look (mooring show)');
  });
});

describe('mooring cancel', () => {
  test.each([
    ['active', /the worker that holds it hears of it within a heartbeat/],
    ['delayed', /it was brought forward, and fails when a worker takes it up/],
    ['waiting', /it fails when a worker takes it up and it uses state/],
  ])('of a job that is %s says what happens next', async (state, said) => {
    const queue = fakeQueue({ 42: { state, timestamp: ADDED } });

    const { code, stdout } = await mooring(['cancel', 'transcode', '42', '--reason', 'the customer left', '--yes'], queue);

    expect(code).toBe(0);
    expect(stdout).toMatch(/^asked to cancel job 42 of transcode: /);
    expect(stdout).toMatch(said);
    expect(queue).toMatchObject({ done: ['cancel 42'], orders: [{ reason: 'the customer left' }], closed: 1 });
  });

  test('names the job in its question', async () => {
    const queue = fakeQueue({ 42: { state: 'active', timestamp: ADDED } });

    const { code, stderr } = await mooring(['cancel', 'transcode', '42', '--reason', 'no'], queue, { tty: 'both', stdin: ['n'] });

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'Cancel job 42 of transcode and its external jobs? [y/N] Nothing was changed.\n',
    });
    expect(queue.done).toEqual([]);
  });

  test.each([
    ['that is over', { 42: { state: 'completed', timestamp: ADDED } }, /job 42 of transcode is over \(completed\)/],
    ['that there is not', {}, /there is no job 42 of transcode/],
  ])('of a job %s ends with 1', async (_what, jobs, said) => {
    const { code, stderr } = await mooring(['cancel', 'transcode', '42', '--reason', 'no', '--yes'], fakeQueue(jobs));

    expect(code).toBe(1);
    expect(stderr).toMatch(said);
  });

  test('of an activity says what to run', async () => {
    await putJob(store, ACTIVITY, 'submitted');

    const { code, stdout } = await mooring(['cancel', '--workflow', 'course-7', '--reason', 'it is late', '--yes']);

    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: 'temporal workflow cancel --namespace default --workflow-id course-7 --run-id 6f1c\n',
    });
  });

  test('of a job whose scope is one of your own takes its queue', async () => {
    const own: TaskScope = { flow: 'import', run: '2026-12-01', task: 'load' };
    await putJob(store, own, 'submitted');
    const [, id = '', timestamp] = /^(.+)@(\d+)$/.exec((await jobRecords(store).get(own))?.job ?? '') ?? [];
    const queue = fakeQueue({ [id]: { state: 'active', timestamp: Number(timestamp) } });
    const words = ['cancel', scopePath(own), '--reason', 'no', '--yes'];

    const without = await mooring(words, queue);
    const cancelled = await mooring([...words, '--queue', 'imports'], queue);

    expect(without.stderr).toContain('name the queue of the job with --queue');
    expect(cancelled.code).toBe(0);
    expect(queue).toMatchObject({ done: [`cancel ${id}`], orders: [{ scope: own }] });
  });

  test('needs a reason', async () => {
    const { code, stderr } = await mooring(['cancel', 'transcode', '42', '--yes']);

    expect(code).toBe(2);
    expect(stderr).toContain('--reason must say why');
  });
});

describe('mooring clear', () => {
  test('wipes the values, after which the external job is an orphan', async () => {
    await putJob(store, SCOPE, 'submitted', { externalId: 'job-1' });
    await store.task(SCOPE).set('cursor', 17);

    const { code, stdout } = await mooring(['clear', 'transcode', '42', '--yes']);

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'wiped transcode 42: 1 value (2 bytes)\nthe external job "job-1" goes on, as an orphan\n',
    });
    expect(await store.task(SCOPE).get('cursor')).toBeUndefined();
    expect(await orphans()).toMatchObject([{ externalId: 'job-1' }]);
  });

  test('says in its question what will be gone', async () => {
    await putJob(store, SCOPE, 'submitted', { externalId: 'job-1' });

    const { stderr } = await mooring(['clear', 'transcode', '42'], fakeQueue(), { tty: 'both', stdin: ['no'] });

    expect(stderr).toContain(
      'Wipe transcode 42: 0 values (0 bytes); the external job "job-1" goes on, as an orphan? [y/N] Nothing was changed.',
    );
    expect(await jobRecords(store).get(SCOPE)).toMatchObject({ state: 'submitted' });
  });

  test('refuses while nobody knows whether a submit arrived', async () => {
    await putJob(store, SCOPE, 'ambiguous');

    const { code, stderr } = await mooring(['clear', 'transcode', '42', '--yes']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mooring: mooring\.ambiguous-submit: .*`mooring not-submitted --retry bull%3Atranscode/);
  });

  test('with --all-items wipes the items too', async () => {
    await putJob(store, SCOPE, 'submitted');
    await store.task({ ...SCOPE, mapIndex: 3 }).set('cursor', 17);

    await mooring(['clear', scopePath(SCOPE), '--all-items', '--yes']);

    expect(await store.task({ ...SCOPE, mapIndex: 3 }).get('cursor')).toBeUndefined();
  });

  test('wipes an asset', async () => {
    await store.asset({ name: 'catalogue' }).set('state', 'new');

    const { stdout } = await mooring(['clear', '--asset', 'catalogue', '--yes']);

    expect(stdout).toBe('wiped the asset catalogue: 1 value (5 bytes)\n');
  });
});

describe('mooring forget', () => {
  test.each([
    ['job-1', 'job-1', 'transcode 42'],
    [7, '7', scopePath(SCOPE)],
  ])('takes the orphan %j off the list', async (externalId, word, address) => {
    await putJob(store, SCOPE, 'submitted', { externalId: externalId as string });
    await store.task(SCOPE).clear();

    const { code, stdout } = await mooring(['forget', ...address.split(' '), word, '--yes']);

    expect(code).toBe(0);
    expect(stdout).toBe(`forgot the orphan ${JSON.stringify(externalId)} of transcode 42\n`);
    expect(await orphans()).toEqual([]);
  });

  test('of another ID does nothing', async () => {
    await putJob(store, SCOPE, 'submitted', { externalId: 'job-1' });
    await store.task(SCOPE).clear();

    const { code, stderr } = await mooring(['forget', 'transcode', '42', 'job-2', '--yes']);

    expect(code).toBe(1);
    expect(stderr).toContain('there is no such orphan (mooring orphans lists them)');
    expect(await orphans()).toHaveLength(1);
  });
});
