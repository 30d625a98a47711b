import { describe, expect, test } from '@jest/globals';
import { jobRecords, type JobEvent, type JobRecord, type StateStore } from '../../../../src/index.ts';
import { recordFacts } from '../../../../src/cli/commands/show/facts.ts';
import { nextOf } from '../../../../src/cli/commands/show/next.ts';
import { eventInWords, timelineOf } from '../../../../src/cli/commands/show/timeline.ts';
import { memoryObjectStore } from '../../../../src/object-store/memory.ts';
import { memoryStateStore } from '../../../../src/testing/memory-state-store.ts';
import { runCommand } from '../../../support/command.ts';
import { fakeQueue, type FakeJob, type FakeQueue } from '../../../support/fake-queue.ts';
import { putJob } from '../../../support/jobs-in-states.ts';

/** `mooring show`, by what a person or a script sees of it. */

const ENV = { MOORING_REDIS: 'redis://cache:6379/0' };
const HOUR = 3_600_000;
const SCOPE = { flow: 'bull:transcode', run: '42@1700000000000', task: 'hd' };

/** The command on a store that stays open, so long after its jobs were made. */
function show(
  store: StateStore,
  args: readonly string[],
  { later = HOUR, queue }: { later?: number; queue?: FakeQueue['open'] } = {},
) {
  const open = async () => Object.assign(Object.create(store) as StateStore, { close: async () => undefined });
  const clock = { now: () => Date.now() + later, sleep: async () => undefined };
  return runCommand(['show', ...args], { env: ENV, tools: { open, clock, ...(queue && { queue }) } });
}

describe('mooring show', () => {
  test('says what is known of a job', async () => {
    const store = memoryStateStore();
    const description = {
      title: 'Video 7',
      url: 'https://videos.example.com/jobs/7',
      costPerHour: { amount: 1.5, currency: 'EUR' },
    };
    await putJob(store, SCOPE, 'submitted', { externalId: 'ext-7', name: 'video', description });

    const { code, stdout, stderr } = await show(store, ['transcode', '42']);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    for (const line of [
      /^transcode 42$/m,
      /path +bull%3Atranscode\/42%401700000000000\/hd$/m,
      /job +42, added 2023-11-14 22:13:20 UTC$/m,
      /record +external_job_id \(video\)$/m,
      /state +submitted for 1h, since 20/m,
      /external ID +ext-7$/m,
      /link +https:\/\/videos\.example\.com\/jobs\/7$/m,
      /holder +attempt 1/m,
      /submission +1, with the key [a-z0-9]{40}$/m,
      /price +1.5 EUR an hour, some 1.50 EUR so far$/m,
      /attempt 1 +submitted the external job \(submission 1\)$/m,
      /mooring cancel transcode 42 --reason WHY +stop it/m,
    ])
      expect(stdout).toMatch(line);
  });

  test('lists values by size and place, never by content', async () => {
    const store = memoryStateStore({ objectStore: memoryObjectStore(), offloadThreshold: 100 });
    await store.task(SCOPE).setMany({ cursor: 'secret-1', frames: `secret-2${'x'.repeat(5_000)}` });
    const path = ['bull%3Atranscode/42%401700000000000/hd'];

    const people = await show(store, path);
    const json = await show(store, [...path, '--json']);

    expect(people.stdout).toMatch(/cursor +10 bytes +Redis/);
    expect(people.stdout).toMatch(/frames +4.9 KiB +object store/);
    expect(people.stdout).toContain('none is recorded');
    expect(JSON.parse(json.stdout)).toMatchObject({
      command: 'show',
      scope: SCOPE,
      records: [],
      values: [
        { key: 'cursor', size: 10, place: 'metastore' },
        { key: 'frames', place: 'object-store' },
      ],
      moreValues: false,
    });
    expect(people.stdout + json.stdout).not.toContain('secret');
  });

  test.each([
    [
      'ambiguous',
      0,
      [
        /Nobody knows whether submission 1 arrived/,
        /mooring adopt --retry transcode 42 ID/,
        /mooring not-submitted --retry transcode 42/,
      ],
    ],
    ['submitting', 0, [/The request may be on its way for another (1m|\d+s)\. There is nothing to do/]],
    ['submitting', HOUR, [/The attempt that submitted is gone/, /mooring adopt --retry transcode 42 ID/]],
    ['submitted', 0, [/If it dies, the next one reconnects/, /mooring cancel transcode 42/, /mooring clear transcode 42/]],
    ['failed', 0, [/status +out of memory/, /mooring reopen --retry transcode 42/]],
    ['succeeded', 0, [/A retry returns the stored result/, /mooring clear transcode 42/]],
  ] as const)('says what to do with a job that is %s after %i ms', async (state, later, said) => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, state);

    const { stdout } = await show(store, ['transcode', '42'], { later });

    for (const text of said) expect(stdout.slice(stdout.indexOf('External job'))).toMatch(text);
  });

  test('shows all records of a task, each with commands of its own', async () => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'ambiguous', { key: 'audio' });
    await putJob(store, SCOPE, 'failed', { key: 'video' });

    const { stdout } = await show(store, ['transcode', '42']);

    expect(stdout).toContain('mooring adopt --retry transcode 42 --key audio ID');
    expect(stdout).toContain('mooring reopen --retry transcode 42 --key video');
  });

  test('retries nothing where no queue of BullMQ is', async () => {
    const store = memoryStateStore();
    await putJob(store, { flow: 'import', run: '2026-12-01', task: 'load' }, 'ambiguous');

    const { stdout } = await show(store, ['import/2026-12-01/load']);

    expect(stdout).toContain('mooring adopt import/2026-12-01/load ID');
    expect(stdout).not.toContain('--retry');
  });

  test('shows earlier submissions', async () => {
    const store = memoryStateStore();
    const records = jobRecords(store);
    await putJob(store, SCOPE, 'failed', { externalId: 'ext-1' });
    await records.reopen((await records.get(SCOPE)) as JobRecord);
    await putJob(store, SCOPE, 'failed', { externalId: 'ext-2' });

    const { stdout } = await show(store, ['transcode', '42']);

    expect(stdout).toMatch(/external ID +ext-2\n/);
    expect(stdout).toMatch(/before +submission 1: ext-1, with the key [a-z0-9]{40}\n/);
    expect(stdout).toMatch(/a person +let it be submitted again/);
  });

  test('says what there is if there is no such job', async () => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitted');

    const { code, stdout, stderr } = await show(store, ['transcode', '43']);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(
      'mooring: no-such-job: no external job is known of job "43" of the queue "bull:transcode": the flow "bull:transcode" has transcode 42 (see mooring jobs)\n',
    );
  });

  test('needs a job', async () => {
    const { code, stderr } = await show(memoryStateStore(), []);

    expect(code).toBe(2);
    expect(stderr).toContain('a job is missing');
  });
});

describe('mooring show, of what the queue says', () => {
  const added = 1_700_000_000_000;
  const lineOf = (stdout: string) => /^ {2}in queue +(.*)$/m.exec(stdout)?.[1];

  test.each<[string, FakeJob | undefined, string]>([
    ['an active job', { state: 'active', timestamp: added }, 'active'],
    ['a delayed job', { state: 'delayed', timestamp: added }, 'delayed'],
    [
      'a failed job',
      { state: 'failed', timestamp: added, failedReason: 'disk\nfull \u001B[31m' },
      'failed: disk full \uFFFD[31m',
    ],
    ['a failed job without a reason', { state: 'failed', timestamp: added }, 'failed'],
    [
      'a failed job with a long reason',
      { state: 'failed', timestamp: added, failedReason: 'x'.repeat(900) },
      `failed: ${'x'.repeat(191)}…`,
    ],
    ['a job that failed once and runs', { state: 'active', timestamp: added, failedReason: 'old' }, 'active'],
    ['no job', undefined, 'gone'],
    ['another job of this ID', { state: 'active', timestamp: added + 1 }, 'gone'],
    ['what remains of a job', { state: 'remains', timestamp: NaN }, 'gone'],
  ])('has a line for %s', async (_name, job, said) => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitted');
    const queue = fakeQueue(job && { 42: job });

    const { code, stdout } = await show(store, ['transcode', '42'], { queue: queue.open });

    expect({ code, line: lineOf(stdout) }).toEqual({ code: 0, line: said });
    expect(queue.closed).toBe(1);
  });

  test('has it for scripts', async () => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitted');
    const { open } = fakeQueue({ 42: { state: 'failed', timestamp: added, failedReason: 'disk full' } });

    const { stdout } = await show(store, ['transcode', '42', '--json'], { queue: open });

    expect(JSON.parse(stdout)).toMatchObject({ queue: { state: 'failed', failedReason: 'disk full' } });
  });

  test('has no line if the queue cannot be asked', async () => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitted');
    const queue = async (): Promise<never> => {
      throw new Error('bullmq is not installed');
    };

    const { code, stdout } = await show(store, ['transcode', '42'], { queue });

    expect({ code, line: lineOf(stdout) }).toEqual({ code: 0, line: undefined });
  });

  test('has no line if the queue gives no answer', async () => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitted');
    const silent = () => new Promise<never>(() => undefined);

    const { code, stdout } = await show(store, ['transcode', '42'], { queue: silent });

    expect({ code, line: lineOf(stdout) }).toEqual({ code: 0, line: undefined });
  });

  test('asks no queue for a scope of the users own', async () => {
    const store = memoryStateStore();
    await putJob(store, { flow: 'import', run: '2026-12-01', task: 'load' }, 'submitted');
    const queue = fakeQueue();

    await show(store, ['import/2026-12-01/load'], { queue: queue.open });

    expect(queue.opened).toEqual([]);
  });

  test('says that no attempt comes for a submit whose job has failed', async () => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitting');
    const { open } = fakeQueue({ 42: { state: 'failed', timestamp: added } });

    const late = await show(store, ['transcode', '42'], { queue: open });
    const early = await show(store, ['transcode', '42'], { queue: open, later: 0 });

    expect(late.stdout).toMatch(/no attempt will come by itself.*\n.*--retry then makes the attempt/);
    expect(late.stdout).toMatch(/mooring retry transcode 42 .*\n +mooring adopt --retry transcode 42 ID/);
    expect(early.stdout).not.toContain('by itself');
  });
});

describe('mooring show of a cancelled job', () => {
  const description = { costPerHour: { amount: 1.5, currency: 'EUR' } };
  const cancelled = async (): Promise<JobRecord> => {
    const store = memoryStateStore();
    await putJob(store, SCOPE, 'submitted', { description });
    const record = (await jobRecords(store).get(SCOPE)) as JobRecord;
    const event: JobEvent = { kind: 'cancelled', attempt: undefined, at: new Date(), submission: 1 };
    return { ...record, history: [...record.history, event] };
  };

  test('says that no attempt has asked since', async () => {
    const { happens, steps } = nextOf(await cancelled(), Date.now());

    expect(happens[0]).toMatch(/^It was cancelled. The record says submitted until an attempt asks/);
    expect(steps).toEqual([['mooring clear transcode 42', expect.stringContaining('take it off the lists')]]);
  });

  test('has the status cancelled', async () => {
    const facts = Object.fromEntries(recordFacts(await cancelled(), Date.now() + HOUR));

    expect(facts).toMatchObject({ status: 'cancelled', state: expect.stringMatching(/^submitted for 1h/) });
  });

  test('counts no price any further', async () => {
    const facts = Object.fromEntries(recordFacts(await cancelled(), Date.now() + HOUR));

    expect(facts['price']).toBe('1.5 EUR an hour');
  });

  test.each([
    [undefined, 'as asked'],
    [2, 'attempt 2'],
  ])('names who cancelled it: %s', (attempt, who) => {
    const entry = { kind: 'cancelled', attempt, at: new Date(), submission: 1 } as const;

    expect(eventInWords(entry)).toEqual([who, 'the external job was cancelled (submission 1)']);
  });

  test('has no kill of the attempt that was cancelled', async () => {
    const { history } = await cancelled();

    const kinds = timelineOf({ history, holder: undefined }).map(({ kind }) => kind);

    expect(kinds).toEqual(history.map(({ kind }) => kind));
  });
});

describe('a timeline', () => {
  const event = (kind: JobEvent['kind'], attempt: number | undefined, at = 0): JobEvent => ({
    kind,
    attempt,
    at: new Date(at),
    submission: 1,
  });

  test('has the kills that nobody wrote down', () => {
    const history = [
      event('submitted', 1, 10),
      event('reconnected', 2, 20),
      event('adopted', undefined, 25),
      event('succeeded', 3, 30),
    ];

    expect(timelineOf({ history, holder: undefined }).map(({ kind, attempt, at }) => [kind, attempt, at.getTime()])).toEqual([
      ['submitted', 1, 10],
      ['killed', 1, 20],
      ['reconnected', 2, 20],
      ['adopted', undefined, 25],
      ['killed', 2, 30],
      ['succeeded', 3, 30],
    ]);
  });

  test('has no kill of an attempt that gave its slot back or ended', () => {
    const history = [
      event('submitted', 1),
      event('released', 1),
      event('reconnected', 2),
      event('failed', 2),
      event('resubmitted', 3),
    ];

    expect(timelineOf({ history, holder: undefined })).toEqual(history);
  });

  test('has no kill where each release is an attempt of its own', () => {
    const history = [event('submitted', 1, 0), event('released', 7, 60_000)];

    expect(timelineOf({ history, holder: undefined })).toEqual(history);
  });

  test('has the attempt that holds the job and has written nothing yet', () => {
    const history = [event('submitted', 1, 10)];
    const holder = 'attempt 3, host a, process 7, since 1970-01-01T00:00:00.030Z';

    expect(timelineOf({ history, holder }).map(({ kind, attempt, at }) => [kind, attempt, at.getTime()])).toEqual([
      ['submitted', 1, 10],
      ['killed', 1, 30],
      ['began', 3, 30],
    ]);
    expect(timelineOf({ history, holder: holder.replace('attempt 3', 'attempt 1') })).toEqual(history);
  });
});
