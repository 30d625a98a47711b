import { beforeEach, describe, expect, test } from '@jest/globals';
import { jobRecords, type JobRecord, type TaskScope } from '../../../../src/index.ts';
import { scopePath } from '../../../../src/format/path.ts';
import { memoryStateStore, type MemoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { runCommand, type CommandOptions } from '../../../support/command.ts';
import { fakeQueue } from '../../../support/fake-queue.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** `mooring adopt`, `not-submitted`, `reopen` and `retry`: what they leave in the record and in the queue, and what they say. */

const ADDED = 1_764_586_800_000;
const SCOPE: TaskScope = { flow: 'bull:transcode', run: `42@${ADDED}`, task: 'transcode' };
const OWN: TaskScope = { flow: 'import', run: '2026-12-01', task: 'load' };
const ACTIVITY: TaskScope = { flow: 'default/publish', run: 'course-7/6f1c', task: 'transcode/1/1763820000000' };
const SHARED: TaskScope = { flow: 'default/publish', run: 'course-7', task: 'preview' };

let store: MemoryStateStore;

beforeEach(() => {
  store = Object.assign(memoryStateStore(), { close: async () => undefined });
});

function mooring(args: readonly string[], queue = fakeQueue(), more: Omit<CommandOptions, 'tools'> = {}) {
  const tools = { open: async () => store, queue: queue.open };
  return runCommand(args, { env: { MOORING_REDIS: 'redis://cache' }, tools, ...more });
}

const recordAt = (scope: TaskScope): Promise<JobRecord | undefined> => jobRecords(store).get(scope);
const failedJob = { 42: { state: 'failed', timestamp: ADDED } };

describe('mooring adopt', () => {
  test('writes the ID into the record', async () => {
    await putJob(store, SCOPE, 'ambiguous');

    const { code, stdout, stderr } = await mooring(['adopt', 'transcode', '42', 'job-17']);

    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: 'adopted "job-17" as submission 1 of transcode 42: the next attempt reconnects to it\n',
    });
    expect(stderr).toBe('If the job has failed in its queue: mooring retry transcode 42\n');
    expect(await recordAt(SCOPE)).toMatchObject({ state: 'submitted', externalId: 'job-17' });
  });

  test('takes the address that the error of the attempt names', async () => {
    await putJob(store, SCOPE, 'ambiguous');

    const { code } = await mooring(['adopt', 'bull%3Atranscode/42%401764586800000/transcode', 'job-17']);

    expect(code).toBe(0);
    expect(await recordAt(SCOPE)).toMatchObject({ externalId: 'job-17' });
  });

  test('with --json-id takes an ID that is no text', async () => {
    await putJob(store, SCOPE, 'ambiguous');

    await mooring(['adopt', 'transcode', '42', '{"project":"a","id":7}', '--json-id']);

    expect(await recordAt(SCOPE)).toMatchObject({ externalId: { project: 'a', id: 7 } });
  });

  test('with --retry retries the job that failed', async () => {
    await putJob(store, SCOPE, 'ambiguous');
    const queue = fakeQueue(failedJob);

    const { code, stdout } = await mooring(['adopt', 'transcode', '42', 'job-17', '--retry'], queue);

    expect(code).toBe(0);
    expect(stdout.split('\n')[1]).toBe('retried job 42 of transcode: a worker takes it up');
    expect(queue).toMatchObject({ done: ['retry 42'], closed: queue.opened.length });
    expect(queue.opened).toContainEqual(expect.objectContaining({ prefix: 'bull', queue: 'transcode' }));
  });

  test.each([
    ['delayed', 0, 'promoted job 42 of transcode, which was delayed', ['promote 42']],
    ['active', 0, 'job 42 of transcode is active: nothing to retry', []],
    ['completed', 1, 'job 42 of transcode has completed', []],
  ])('with --retry of a job that is %s ends with %i', async (state, code, said, done) => {
    await putJob(store, SCOPE, 'ambiguous');
    const queue = fakeQueue({ 42: { state, timestamp: ADDED } });

    const ended = await mooring(['adopt', 'transcode', '42', 'job-17', '--retry'], queue);

    expect(ended.code).toBe(code);
    expect(ended.stdout).toContain(said);
    expect(queue.done).toEqual(done);
  });

  test.each([
    ['gone', {}, /refused: there is no job 42 of transcode any more.*nothing was written/],
    ['another one', { 42: { state: 'failed', timestamp: ADDED + 1 } }, /refused: there is no job 42 of transcode any more/],
    ['unknown', { 42: { state: 'unknown', timestamp: ADDED } }, /refused: there is no job 42 of transcode any more/],
    ['only remains', { 42: { state: 'remains', timestamp: NaN } }, /refused: the queue transcode has only the remains of job 42/],
  ])('with --retry writes nothing if the job is %s', async (_what, jobs, said) => {
    await putJob(store, SCOPE, 'ambiguous');
    const queue = fakeQueue(jobs);

    const { code, stdout, stderr } = await mooring(['adopt', scopePath(SCOPE), 'job-17', '--retry'], queue);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(said);
    expect(await recordAt(SCOPE)).toMatchObject({ state: 'ambiguous' });
    expect(queue.done).toEqual([]);
  });

  test('answers for no older job that had the ID', async () => {
    await putJob(store, SCOPE, 'ambiguous');
    const queue = fakeQueue({ 42: { state: 'failed', timestamp: ADDED + 1 } });

    const { code, stderr } = await mooring(['adopt', 'transcode', '42', 'job-17'], queue);

    expect(code).toBe(1);
    expect(stderr).toMatch(/no-such-job: .* has bull%3Atranscode\/42%401764586800000\/transcode/);
    expect(await recordAt(SCOPE)).toMatchObject({ state: 'ambiguous' });
  });

  test('without a queue refuses to choose between an open record and that of a later job', async () => {
    await putJob(store, SCOPE, 'ambiguous');
    await putJob(store, { ...SCOPE, run: `42@${ADDED + 1}` }, 'succeeded');

    const { code, stderr } = await mooring(['adopt', 'transcode', '42', 'job-17']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/several-jobs: .*42%401764586800000.*42%401764586800001|several-jobs: .*800001.*800000/);
    expect(await recordAt(SCOPE)).toMatchObject({ state: 'ambiguous' });
  });

  test('without a queue takes the open one of several records of the job', async () => {
    await putJob(store, SCOPE, 'succeeded', { key: 'audio' });
    await putJob(store, SCOPE, 'ambiguous');

    const { code } = await mooring(['adopt', 'transcode', '42', 'job-17']);

    expect(code).toBe(0);
  });

  test('does nothing if the queue cannot be opened', async () => {
    await putJob(store, SCOPE, 'ambiguous');
    const queue = fakeQueue();
    queue.open = async () => {
      throw new Error('no bullmq here');
    };

    const { code } = await mooring(['adopt', 'transcode', '42', 'job-17', '--retry'], queue);

    expect(code).toBe(1);
    expect(await recordAt(SCOPE)).toMatchObject({ state: 'ambiguous' });
  });

  test('says that the answer stands if the retry fails', async () => {
    await putJob(store, SCOPE, 'ambiguous');
    const queue = fakeQueue(failedJob, new Error('Redis is away'));

    const { code, stdout } = await mooring(['adopt', 'transcode', '42', 'job-17', '--retry'], queue);

    expect(code).toBe(1);
    expect(stdout).toMatch(/^adopted "job-17"[^\n]*\njob 42 of transcode could not be retried: Redis is away\n$/);
  });

  test.each([
    [ACTIVITY, /activity 1 of workflow course-7: Temporal retries it by its own policy/],
    [OWN, /the scope is one of your own.*mooring retry with --queue retries that/],
  ])('with --retry of %j says what a person does', async (scope, said) => {
    await putJob(store, scope, 'ambiguous');

    const { code, stdout } = await mooring(['adopt', scopePath(scope), 'job-17', '--retry']);

    expect(code).toBe(1);
    expect(stdout).toMatch(said);
    expect(stdout).toContain('the answer is given, but nothing was retried');
    expect(await recordAt(scope)).toMatchObject({ state: 'submitted', externalId: 'job-17' });
  });

  test('refuses a record that is not ambiguous', async () => {
    await putJob(store, SCOPE, 'submitted');

    const { code, stderr } = await mooring(['adopt', 'transcode', '42', 'job-17']);

    expect({ code, stderr }).toEqual({
      code: 1,
      stderr:
        'mooring: refused: the external job of transcode 42 is submitted: only one that is ambiguous or submitting is answered so\n',
    });
  });

  test('refuses while the request may be on its way', async () => {
    await putJob(store, SCOPE, 'submitting');

    const { code, stderr } = await mooring(['adopt', 'transcode', '42', 'job-17']);

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mooring: refused: the request may be on its way until \d{4}-.*Z: answer after that\n$/);
  });

  test('refuses the ID of an earlier submission', async () => {
    await putJob(store, SCOPE, 'failed', { externalId: 'job-1' });
    await mooring(['reopen', 'transcode', '42']);
    await putJob(store, SCOPE, 'ambiguous');

    const { code, stderr } = await mooring(['adopt', 'transcode', '42', 'job-1']);

    expect(code).toBe(1);
    expect(stderr).toContain('that is the job of submission 1, which is over');
  });

  test('refuses an ID of another kind than the earlier ones', async () => {
    await putJob(store, SCOPE, 'failed', { externalId: 'job-1' });
    await mooring(['reopen', 'transcode', '42']);
    await putJob(store, SCOPE, 'ambiguous');

    const { code, stderr } = await mooring(['adopt', 'transcode', '42', '17', '--json-id']);

    expect(code).toBe(2);
    expect(stderr).toContain('the ID of submission 1 was a text, and this one is a JSON number (see --json-id)');
  });

  test.each([
    ['no ID', [], /after the job comes the ID/],
    ['two IDs', ['a', 'b'], /one ID is enough/],
    ['an ID that is no JSON', ['job 17', '--json-id'], /--json-id needs an ID in JSON/],
    ['a number that would be rounded', ['{"id":9007199254740993}', '--json-id'], /a whole number that would be rounded/],
  ])('with %s is refused before anything is opened', async (_what, words, said) => {
    const { code, stderr } = await runCommand(['adopt', 'transcode', '42', ...words], {
      env: { MOORING_REDIS: 'redis://cache' },
    });

    expect(code).toBe(2);
    expect(stderr).toMatch(said);
  });

  test('says to look again if the record changed meanwhile', async () => {
    await putJob(store, SCOPE, 'ambiguous');
    const slow = Object.assign(
      {},
      {
        open: async () => store,
        queue: async (name: { prefix: string; queue: string }) => {
          // Somebody answers while the command looks for the job in its queue.
          const record = await recordAt(SCOPE);
          if (record) await jobRecords(store).markNotSubmitted(record);
          return fakeQueue(failedJob).open(name);
        },
      },
    );

    const { code, stderr } = await runCommand(['adopt', scopePath(SCOPE), 'job-17', '--retry'], {
      env: { MOORING_REDIS: 'redis://cache' },
      tools: slow,
    });

    expect(code).toBe(1);
    expect(stderr).toMatch(/^mooring: mooring\.version-conflict: .*look again \(mooring show\), then decide\.\n$/);
  });

  test('is one JSON document with --json', async () => {
    await putJob(store, SCOPE, 'ambiguous');

    const { stdout } = await mooring(['adopt', 'transcode', '42', 'job-17', '--retry', '--json'], fakeQueue(failedJob));

    expect(JSON.parse(stdout)).toEqual({
      command: 'adopt',
      answer: 'adopted',
      scope: SCOPE,
      submission: 1,
      retried: 'retried',
    });
  });
});

describe('mooring not-submitted', () => {
  test('lets the next attempt submit again', async () => {
    await putJob(store, SCOPE, 'ambiguous');

    const { code, stdout } = await mooring(['not-submitted', 'transcode', '42']);

    expect(code).toBe(0);
    expect(stdout).toContain('never arrived: the next attempt submits again');
    expect(await recordAt(SCOPE)).toBeUndefined();
  });

  test('takes no word after the job', async () => {
    const { code, stderr } = await mooring(['not-submitted', 'transcode', '42', 'job-17']);

    expect(code).toBe(2);
    expect(stderr).toContain('"job-17" is a word too many');
  });
});

describe('mooring reopen', () => {
  test('lets a failed job be submitted again', async () => {
    await putJob(store, SCOPE, 'failed');
    const queue = fakeQueue(failedJob);

    const { code, stdout } = await mooring(['reopen', 'transcode', '42', '--retry'], queue);

    expect(code).toBe(0);
    expect(stdout).toContain('reopened transcode 42: the next attempt makes submission 2');
    expect(queue.done).toEqual(['retry 42']);
  });
});

describe('mooring retry', () => {
  test('needs no record', async () => {
    const queue = fakeQueue(failedJob);

    const { code, stdout } = await mooring(['retry', 'transcode', '42', '--prefix', 'prod'], queue);

    expect({ code, stdout }).toEqual({ code: 0, stdout: 'retried job 42 of transcode: a worker takes it up\n' });
    expect(queue.opened).toMatchObject([{ prefix: 'prod', queue: 'transcode' }]);
  });

  test('takes the queue of a job whose scope is one of your own', async () => {
    await putJob(store, OWN, 'submitted');
    const id = (await recordAt(OWN))?.job?.replace(/@\d+$/, '') as string;
    const timestamp = Number((await recordAt(OWN))?.job?.split('@').at(-1));
    const queue = fakeQueue({ [id]: { state: 'failed', timestamp } });

    const { code } = await mooring(['retry', scopePath(OWN), '--queue', 'prod:imports'], queue);

    expect(code).toBe(0);
    expect(queue.opened).toMatchObject([{ prefix: 'prod', queue: 'imports' }]);
    expect(queue.done).toEqual([`retry ${id}`]);
  });

  test('finds the queue of a path', async () => {
    await putJob(store, SCOPE, 'submitted');
    const queue = fakeQueue(failedJob);

    await mooring(['retry', scopePath(SCOPE)], queue);

    expect(queue.done).toEqual(['retry 42']);
  });

  test.each([['transcode', '42'], [scopePath(SCOPE)]])('says that only remains of %s are there', async (...address) => {
    await putJob(store, SCOPE, 'submitted');
    const queue = fakeQueue({ 42: { state: 'remains', timestamp: NaN } });

    const { code, stdout } = await mooring(['retry', ...address], queue);

    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: 'the queue transcode has only the remains of job 42: no attempt takes this up\n',
    });
  });

  test('fails for a job that there is not', async () => {
    const { code, stdout } = await mooring(['retry', 'transcode', '43'], fakeQueue(failedJob));

    expect(code).toBe(1);
    expect(stdout).toContain('there is no job 43 of transcode any more');
  });

  test('of an activity says who retries it', async () => {
    await putJob(store, SHARED, 'submitted');

    const { code, stdout } = await mooring(['retry', '--workflow', 'course-7']);

    expect(code).toBe(1);
    expect(stdout).toMatch(/scope is one of your own/);
  });
});

describe('where the queue is', () => {
  const openedWith = async (env: Record<string, string>) => {
    const configs: object[] = [];
    const queue = fakeQueue(failedJob);
    const tools = {
      open: async () => store,
      queue: async (name: Parameters<typeof queue.open>[0], config: object) => {
        configs.push(config);
        return queue.open(name);
      },
    };
    const run = await runCommand(['retry', 'transcode', '42'], { env, tools });
    return { ...run, configs };
  };
  const STORE = { MOORING_REDIS: 'redis://state', MOORING_REDIS_PASSWORD: 'hunter2', MOORING_COMMAND_TIMEOUT: '3s' };

  test('is the Redis of the store', async () => {
    const { code, configs } = await openedWith(STORE);

    expect(code).toBe(0);
    expect(configs[0]).toMatchObject({
      redis: 'redis://state:6379/0',
      redisCredentials: { password: 'hunter2' },
      commandTimeout: '3s',
    });
  });

  test('is that of MOORING_QUEUE_REDIS, with credentials of its own', async () => {
    const { code, configs } = await openedWith({ ...STORE, MOORING_QUEUE_REDIS: 'rediss://worker:pass-1@queues/2' });

    expect(code).toBe(0);
    expect(configs[0]).toMatchObject({
      redis: 'rediss://queues:6379/2',
      redisCredentials: { username: 'worker', password: 'pass-1' },
      commandTimeout: '3s',
    });
  });

  test('gets no password of the store', async () => {
    const { configs } = await openedWith({ ...STORE, MOORING_QUEUE_REDIS: 'redis://queues' });

    expect(configs[0]).toEqual({ redis: 'redis://queues:6379/0', commandTimeout: '3s' });
  });

  test('must be an address', async () => {
    const { code, stderr, configs } = await openedWith({ ...STORE, MOORING_QUEUE_REDIS: 'queues:6379/pass-1' });

    expect(code).toBe(2);
    expect(stderr).toContain('MOORING_QUEUE_REDIS must be redis://');
    expect(stderr).not.toContain('pass-1');
    expect(configs).toEqual([]);
  });
});
