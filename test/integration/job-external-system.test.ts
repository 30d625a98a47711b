import { describe, expect, jest, test } from '@jest/globals';
import {
  AlreadySubmittedError,
  AmbiguousSubmitError,
  cancelExternalJobs,
  cannotKnow,
  ExternalJobFailedError,
  ExternalJobMissingError,
  ExternalJobUnknownError,
  jobRecords,
  NotSubmittedError,
  type ExternalJob,
  type JobStatus,
  type Logger,
  type SubmitContext,
} from '../../src/index.ts';
import { fakeClock, memoryStateStore, testTask } from '../../src/testing.ts';
import { externalSystem, type ExternalSystemOptions } from '../support/external-system.ts';
import { flushable } from '../support/flushable.ts';

/** What an external system may answer, and what the user's facts about it allow. */

const TASK = { flow: 'test', run: '1', task: 'task' };
const MINUTE = 60_000;

type Job = ExternalJob<unknown, string, unknown>;
type Setting = ReturnType<typeof setting>;

function setting(options: Partial<ExternalSystemOptions> = {}) {
  const clock = fakeClock();
  const lines: { level: string; message: string; fields: Record<string, unknown> }[] = [];
  const line = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields: { ...fields } });
  const logger: Logger = { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') };
  const store = memoryStateStore({ clock, logger });
  const system = externalSystem({ clock, activeLooks: 1, ...options });
  return { clock, store, system, task: testTask(store, TASK), records: jobRecords(store), lines };
}

/** An attempt that is killed when its request was accepted, and nobody heard the answer. */
async function losesTheAnswer({ task }: Setting, job: Job): Promise<void> {
  await expect(task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G5' })).rejects.toThrow();
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('the functions of an external job are told', () => {
  test('when, with which key and for which input it was submitted', async () => {
    const { clock, system, task } = setting();
    const { getStatus, getResult } = system.job();
    const told: unknown[] = [];
    const job = system.job({
      getStatus: (id, context) => (told.push(context), getStatus(id, context)),
      getResult: (id, context) => (told.push(context), getResult?.(id, context) as Promise<unknown>),
    });
    const before = clock.now();

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    const about = { input: 'clip', submission: 1, idempotencyKey: system.jobs[0]?.key, signal: expect.any(AbortSignal) };

    expect(told).toHaveLength(3);
    for (const context of told) expect(context).toEqual({ ...about, submittedAt: new Date(before) });
  });

  test('which failed job a submission follows, also when it is repeated', async () => {
    const world = setting({ kind: 'keyed', activeLooks: Infinity });
    const { system, task } = world;
    const previous: SubmitContext['previous'][] = [];
    const { submit } = system.job();
    const job = system.job({ submit: (input, context) => (previous.push(context.previous), submit(input, context)) });
    system.end('job-1', { state: 'failed', reason: 'out of memory' });
    await expect(task.attempt((ctx) => ctx.run(job, 'clip'))).rejects.toBeInstanceOf(ExternalJobFailedError);

    await losesTheAnswer(world, job);
    system.succeed('job-2');
    await task.attempt((ctx) => ctx.run(job, 'clip'));

    const failed = { externalId: 'job-1', reason: 'out of memory', submission: 1 };
    expect(previous).toEqual([undefined, failed, failed]);
    expect(system.jobs).toHaveLength(2);
  });
});

test('a submission for another input follows no failed job', async () => {
  const { system, task } = setting();
  const previous: unknown[] = [];
  const { submit } = system.job();
  const job = system.job({
    fingerprint: String,
    onInputChange: 'resubmit',
    submit: (input, context) => (previous.push(context.previous), submit(input, context)),
  });
  system.end('job-1', { state: 'failed', reason: 'out of memory' });
  await failureOf(task.attempt((ctx) => ctx.run(job, 'one')));

  await task.attempt((ctx) => ctx.run(job, 'two'));

  expect(previous).toEqual([undefined, undefined]);
});

describe('describe', () => {
  test('puts a title and an address into the record and the log', async () => {
    const { lines, records, system, task } = setting();
    const job = system.job({ describe: (id) => ({ title: `Transcode ${id}`, url: `https://farm.example/jobs/${id}` }) });

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    const description = { title: 'Transcode job-1', url: 'https://farm.example/jobs/job-1' };

    expect(await records.get(TASK)).toMatchObject({ description });
    expect(lines.find(({ message }) => message === 'the external ID is recorded')?.fields).toMatchObject(description);
  });

  test.each([
    ['an address that is no web page', () => ({ url: 'javascript:alert(1)' })],
    ['an error', () => JSON.parse('{') as never],
  ])('%s is left out without failing the job', async (_name, describeJob) => {
    const { records, system, task } = setting();
    await task.attempt((ctx) => ctx.run(system.job({ describe: describeJob }), 'clip'));

    expect(await records.get(TASK)).toMatchObject({ state: 'succeeded', description: undefined });
  });
});

describe('a status that is unknown', () => {
  test('is told when that begins and when it ends, not at each look', async () => {
    const { lines, system, task } = setting();
    let asked = 0;
    const job = system.job({
      getStatus: async () => {
        asked += 1;
        if (asked > 2 && asked < 8) throw new Error('HTTP 503');
        return { state: asked < 10 ? 'active' : 'succeeded' };
      },
    });

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    const told = lines.filter(({ message, level }) => message.startsWith('the status is') || (level === 'warn' && message));

    expect(told.map(({ level, message }) => [level, message])).toEqual([
      ['warn', 'status unknown: it is asked for again'],
      ['info', 'the status is known again'],
    ]);
  });

  test('ends an attempt that releases after the same time, over all its releases', async () => {
    const { clock, records, system, task } = setting();
    const job = system.job({ getStatus: () => Promise.reject(new Error('HTTP 503')) });
    const before = clock.now();

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip', { wait: { mode: 'release', holdFor: 1 } })));

    expect(error).toBeInstanceOf(ExternalJobUnknownError);
    expect(clock.now() - before).toBeLessThan(18 * MINUTE);
    expect(await records.get(TASK)).toMatchObject({ state: 'submitted', externalId: 'job-1' });
  });
});

describe('giveUpAfter', () => {
  test('makes the next attempt submit again after it cancelled a job that ran for too long', async () => {
    const { system, task } = setting({ activeLooks: Infinity });
    const job = system.job({ giveUpAfter: '2h' });

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));
    system.succeed('job-2');
    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(error).toMatchObject({
      code: 'mooring.external-job-failed',
      retryable: true,
      reason: 'it was given up after 7200000 ms (giveUpAfter)',
    });
    expect(system.cancelled).toEqual(['job-1 gave-up']);
    expect(system.jobs).toHaveLength(2);
  });

  test('submits no second job while the first could not be cancelled: the next attempt tries that again', async () => {
    const { system, task } = setting({ activeLooks: Infinity });
    const { cancel } = system.job();
    const busy = system.job({ giveUpAfter: '2h', cancel: () => Promise.reject(new Error('HTTP 500')) });
    const error = await failureOf(task.attempt((ctx) => ctx.run(busy, 'clip')));
    const cancelling = jest.fn(cancel);

    await failureOf(task.attempt((ctx) => ctx.run(system.job({ giveUpAfter: '2h', cancel: cancelling }), 'clip')));

    expect((error as Error).message).toContain('could not be cancelled and may still run');
    expect(cancelling).toHaveBeenCalledTimes(1);
    expect(system.jobs).toHaveLength(1);
  });

  test('returns the result of a job that succeeded before the cancel arrived', async () => {
    const { system, task } = setting({ activeLooks: Infinity });
    const job = system.job({ giveUpAfter: '2h', cancel: async (id) => system.succeed(id) });

    expect(await task.attempt((ctx) => ctx.run(job, 'clip'))).toBe('result of job-1');
  });

  test.each([
    ['missing', async () => ({ state: 'missing' }) as const],
    ['failed', async () => ({ state: 'failed', reason: 'stopped', retryable: false }) as const],
  ])('after a kill between the cancel and the record counts as a failure that is %s over there', async (_name, getStatus) => {
    const { clock, system, task } = setting({ activeLooks: Infinity });
    const job = system.job({ giveUpAfter: '2h' });
    await expect(task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G10' })).rejects.toThrow();
    await clock.sleep(5 * MINUTE);

    const error = await failureOf(task.attempt((ctx) => ctx.run(system.job({ giveUpAfter: '2h', getStatus }), 'clip')));

    expect(error).toMatchObject({ code: 'mooring.external-job-failed', retryable: true });
  });

  test('records no failure while nobody can tell how the job is after the cancel', async () => {
    const { records, system, task } = setting({ activeLooks: Infinity });
    const { getStatus } = system.job();
    let isCancelled = false;
    const job = system.job({
      giveUpAfter: '2h',
      cancel: async () => void (isCancelled = true),
      getStatus: (id, context) => (isCancelled ? Promise.reject(new Error('HTTP 503')) : getStatus(id, context)),
    });

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBeInstanceOf(ExternalJobUnknownError);
    expect(await records.get(TASK)).toMatchObject({ state: 'submitted' });
  });

  test('goes on after a kill between the cancel and the record, whatever the external system says of the job then', async () => {
    const { system, task } = setting({ activeLooks: Infinity });
    const { cancel } = system.job();
    const job = system.job({
      giveUpAfter: '2h',
      cancel: async (id, context) => {
        await cancel?.(id, context);
        system.end(id, { state: 'failed', reason: 'stopped by somebody', retryable: false });
      },
    });
    await expect(task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G10' })).rejects.toThrow();

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toMatchObject({ retryable: true, reason: expect.stringContaining('given up') });
  });
});

describe('cancelling', () => {
  test.each([
    ['leaves a job alone that is over: its end would be rewritten', true, []],
    ['stops a job that runs', false, ['job-1 requested']],
  ])('%s', async (_name, isOver, cancelled) => {
    const { store, system, task } = setting({ activeLooks: Infinity });
    const job = system.job();
    await task.attempt((ctx) => ctx.submit(job, 'clip'));
    if (isOver) system.succeed();

    await cancelExternalJobs(store, TASK, [job]);

    expect(system.cancelled).toEqual(cancelled);
  });
});

describe('a search', () => {
  test('whose memory is shorter than the absence of all workers is ambiguous when it is empty', async () => {
    const world = setting({ kind: 'findable' });
    const { clock, records, system, task } = world;
    const job = system.job({ findableFor: { afterEnd: '5m' }, find: async () => undefined });
    await losesTheAnswer(world, job);
    await clock.sleep(6 * MINUTE);

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBeInstanceOf(AmbiguousSubmitError);
    expect(await records.get(TASK)).toMatchObject({ state: 'ambiguous' });
    expect(system.jobs).toHaveLength(1);
  });

  test('that answers only after that time is ambiguous too', async () => {
    const world = setting({ kind: 'findable' });
    const { clock, system, task } = world;
    const job = system.job({
      findableFor: { afterEnd: '5m' },
      callTimeout: '10m',
      find: async () => {
        await clock.sleep(6 * MINUTE);
        return undefined;
      },
    });
    await losesTheAnswer(world, job);

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBeInstanceOf(AmbiguousSubmitError);
    expect(system.jobs).toHaveLength(1);
  });

  test('in its time proves that nothing was accepted', async () => {
    const { system, task } = setting({ kind: 'findable' });
    const job = system.job({ findableFor: { afterEnd: '5m' } });
    await expect(task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G3' })).rejects.toThrow();

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(system.jobs).toHaveLength(1);
  });

  test('is told when the key was first sent', async () => {
    const world = setting({ kind: 'findable' });
    const { clock, system, task } = world;
    const told: Date[] = [];
    const { find } = system.job();
    const job = system.job({ find: (key, context) => (told.push(context.submittedAt), find?.(key, context) as Promise<string>) });
    await losesTheAnswer(world, job);
    const sent = clock.now();
    await clock.sleep(10 * MINUTE);

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(told).toEqual([new Date(sent)]);
  });

  test('that cannot know makes no second job', async () => {
    const world = setting({ kind: 'findable' });
    const { system, task } = world;
    const job = system.job({ find: async () => cannotKnow });
    await losesTheAnswer(world, job);

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBeInstanceOf(AmbiguousSubmitError);
    expect(system.jobs).toHaveLength(1);
  });

  test('that no record tells of is told the creation of the job of the runtime', async () => {
    const { clock, system, task } = setting({ kind: 'findable' });
    const told: number[] = [];
    const job = system.job({ find: async (_key, { submittedAt }) => void told.push(submittedAt.getTime()) });
    await failureOf(task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G2' }));
    await clock.sleep(10 * MINUTE);

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(told[0]).toBeLessThan((system.jobs[0]?.acceptedAt ?? 0) - 5 * MINUTE);
  });

  test('that cannot know leaves it to the person who has answered for a lost submit', async () => {
    const { metastore, flush } = flushable();
    const clock = fakeClock();
    const store = memoryStateStore({ clock, metastore });
    const system = externalSystem({ clock, kind: 'findable', activeLooks: 1 });
    const job = system.job({ find: async () => cannotKnow });
    const task = testTask(store, TASK);
    await failureOf(task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G3' }));
    await clock.sleep(10 * MINUTE);
    flush();
    const asked = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));
    await clock.sleep(10 * MINUTE);
    const records = jobRecords(store);
    await records.markNotSubmitted((await records.get(TASK))!);

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(asked).toBeInstanceOf(AmbiguousSubmitError);
    expect(system.jobs).toHaveLength(1);
  });

  test('inside idempotentFor is asked first, at once: what a person deleted is not made again', async () => {
    const world = setting({ kind: 'keyed' });
    const { clock, system, task } = world;
    const job = system.job({ idempotentFor: 'until-deleted', find: async () => 'job-1', findLag: 0 });
    await losesTheAnswer(world, job);
    system.jobs.length = 0;
    const before = clock.now();

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBeInstanceOf(ExternalJobMissingError);
    expect(system.submits).toBe(1);
    expect(clock.now() - before).toBeLessThan(2 * MINUTE);
  });

  test('inside idempotentFor that cannot know leaves it to the key', async () => {
    const world = setting({ kind: 'keyed' });
    const { system, task } = world;
    const job = system.job({ find: async () => cannotKnow });
    await losesTheAnswer(world, job);

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(system.submits).toBe(2);
    expect(system.jobs).toHaveLength(1);
  });
});

test('a poll comes before the record has to be kept alive again, whatever nextPoll says', async () => {
  const { clock, system, task } = setting();
  const before = clock.now();
  let asked = 0;
  const getStatus = async (): Promise<JobStatus> =>
    (asked += 1) < 2 ? { state: 'active', nextPoll: '40d' } : { state: 'succeeded' };

  await task.attempt((ctx) => ctx.run(system.job({ getStatus }), 'clip'));

  expect(clock.now() - before).toBeLessThan(25 * 60 * MINUTE);
});

describe('a job that is missing', () => {
  test('may have ended, if the external system forgets jobs', async () => {
    const { system, task } = setting();
    const job = system.job({ remembersFor: '5m', getStatus: async () => ({ state: 'missing' }) });

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBeInstanceOf(ExternalJobMissingError);
    expect((error as Error).message).toContain('may have ended, and its outcome is unknown');
  });

  test('is not waited for with a grace of 0', async () => {
    const { system, task } = setting();
    const asked = jest.fn(async () => ({ state: 'missing' }) as const);

    await failureOf(task.attempt((ctx) => ctx.run(system.job({ missingGrace: 0, getStatus: asked }), 'clip')));

    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('is asked for at least twice before it is forgotten, whatever nextPoll says', async () => {
    const { clock, system, task } = setting();
    const times: number[] = [];
    const job = system.job({
      remembersFor: '5m',
      getStatus: async () => {
        times.push(clock.now());
        return times.length < 4 ? { state: 'active', nextPoll: '1h' } : { state: 'succeeded' };
      },
    });

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    for (const [index, time] of times.slice(1).entries()) expect(time - (times[index] ?? 0)).toBeLessThanOrEqual(2.5 * MINUTE);
  });
});

describe('a failed submit that may have been accepted', () => {
  test('is repeated in the attempt with the same key, if the external system knows keys', async () => {
    const { system, task } = setting({ kind: 'keyed' });
    const { submit } = system.job();
    const keys: string[] = [];
    const job = system.job({
      submit: async (input, context) => {
        keys.push(context.idempotencyKey);
        const id = await submit(input, context);
        if (keys.length < 4) throw new Error('HTTP 502');
        return id;
      },
    });

    expect(await task.attempt((ctx) => ctx.run(job, 'clip'))).toBe('result of job-1');
    expect(new Set(keys).size).toBe(1);
    expect(system.jobs).toHaveLength(1);
  });

  test('is repeated in the attempt if the request never left this machine, whatever the external system knows', async () => {
    const { system, task } = setting({ kind: 'plain' });
    const { submit } = system.job();
    let tries = 0;
    const job = system.job({
      submit: (input, context) => {
        tries += 1;
        return tries < 4 ? Promise.reject(new NotSubmittedError('refused', { newKey: false })) : submit(input, context);
      },
    });

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(tries).toBe(4);
    expect(system.jobs).toHaveLength(1);
  });

  test('is not repeated where a search must be waited for: no release goes round without costing an attempt', async () => {
    const world = setting({ kind: 'findable' });
    const { clock, system, task } = world;
    await losesTheAnswer(world, system.job({ idempotentFor: '2m' }));
    await clock.sleep(10 * MINUTE);
    const submit = jest.fn(() => Promise.reject(new Error('HTTP 500')));
    const job = system.job({ idempotentFor: '2m', find: async () => undefined, submit });

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip', { wait: { mode: 'release', holdFor: 1 } })));

    expect(error).toMatchObject({ message: 'HTTP 500' });
    expect(submit).toHaveBeenCalledTimes(1);
  });

  test('cancels the job of another input once its successor is sent', async () => {
    const world = setting({ kind: 'keyed', activeLooks: Infinity });
    const { system, task } = world;
    const { submit } = system.job();
    const changing = { fingerprint: (input: unknown) => String(input), onInputChange: 'resubmit' as const };
    await task.attempt((ctx) => ctx.submit(system.job(changing), 'one'));
    let tries = 0;
    const busy = system.job({
      ...changing,
      submit: (input, context) => ((tries += 1) === 1 ? Promise.reject(new Error('HTTP 500')) : submit(input, context)),
    });

    await task.attempt((ctx) => ctx.submit(busy, 'two'));

    expect(system.cancelled).toEqual(['job-1 input-changed']);
  });

  test('is repeated no longer than submitTimeout', async () => {
    const { clock, system, task } = setting({ kind: 'keyed' });
    const before = clock.now();

    const error = await failureOf(
      task.attempt((ctx) => ctx.run(system.job({ submit: () => Promise.reject(new Error('HTTP 500')) }), 'clip')),
    );

    expect(error).toMatchObject({ message: 'HTTP 500' });
    expect(clock.now() - before).toBeLessThanOrEqual(3 * MINUTE);
  });

  test.each([
    ['knows no keys', { kind: 'findable' } as const, new Error('HTTP 500')],
    ['was never reached, since the code is wrong', { kind: 'keyed' } as const, new TypeError('x is not a function')],
  ])('is not repeated in the attempt if the external system %s', async (_name, options, thrown) => {
    const { system, task } = setting(options);
    const submit = jest.fn(() => Promise.reject(thrown));

    await failureOf(task.attempt((ctx) => ctx.run(system.job({ submit }), 'clip')));

    expect(submit).toHaveBeenCalledTimes(1);
  });
});

describe('a key that the external system refuses because it knows it', () => {
  const refusing = (world: Setting, id?: 'key' | 'none', overrides: Partial<Job> = {}): Job => {
    const { system } = world;
    const { submit, getStatus } = system.job();
    const byKey = (key: string) => system.jobs.find((job) => job.key === key);
    return system.job({
      idempotentFor: 'until-deleted',
      submit: async (input, context) => {
        if (byKey(context.idempotencyKey)) throw new AlreadySubmittedError(id === 'key' ? context.idempotencyKey : undefined);
        await submit(input, context);
        return context.idempotencyKey;
      },
      getStatus: async (key, context) => getStatus(byKey(key)?.id ?? '', context),
      ...overrides,
    });
  };

  test('is the ID, where the user says so: the attempt reconnects', async () => {
    const world = setting();
    const job = refusing(world, 'key');
    await losesTheAnswer(world, job);

    await world.task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(world.system.jobs).toHaveLength(1);
    expect(await world.records.get(TASK)).toMatchObject({ state: 'succeeded', externalId: world.system.jobs[0]?.key });
  });

  test('is looked for, where the refusal names no ID', async () => {
    const world = setting();
    const job = refusing(world, 'none', {
      find: jest.fn(async () => world.system.jobs[0]?.key).mockResolvedValueOnce(undefined),
    });
    await losesTheAnswer(world, job);

    await world.task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(world.system.jobs).toHaveLength(1);
  });

  test('is not believed if the external system knows no such job: the submit stays unresolved', async () => {
    const world = setting({ kind: 'keyed' });
    const submit = (): Promise<string> => Promise.reject(new AlreadySubmittedError('the-key-of-another-date'));

    const error = await failureOf(world.task.attempt((ctx) => ctx.run(world.system.job({ submit }), 'clip')));

    expect(error).toBeInstanceOf(AlreadySubmittedError);
    expect(await world.records.get(TASK)).toMatchObject({ state: 'submitting' });
  });
});

describe('a repeated key that is refused for another reason', () => {
  const overQuota = new NotSubmittedError('403: over quota, which the first job fills', { retryable: false });

  test('says nothing of the first request: the job is looked for', async () => {
    const world = setting({ kind: 'keyed' });
    const { system, task } = world;
    const search = jest.fn(async (): Promise<string | undefined> => 'job-1').mockResolvedValueOnce(undefined);
    await losesTheAnswer(world, system.job());
    const job = system.job({ submit: () => Promise.reject(overQuota), find: search });

    expect(await task.attempt((ctx) => ctx.run(job, 'clip'))).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
  });

  test('stays unresolved if nothing is found', async () => {
    const world = setting({ kind: 'keyed' });
    const { records, system, task } = world;
    await losesTheAnswer(world, system.job());
    const job = system.job({ submit: () => Promise.reject(overQuota), find: async () => undefined });

    const error = await failureOf(task.attempt((ctx) => ctx.run(job, 'clip')));

    expect(error).toBe(overQuota);
    expect(await records.get(TASK)).toMatchObject({ state: 'submitting', submission: 1 });
  });
});
