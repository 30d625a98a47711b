import { describe, expect, test } from '@jest/globals';
import {
  cancelExternalJobs,
  ConfigError,
  jobRecords,
  NotSubmittedError,
  OutcomeUnknownError,
  StaleAttemptError,
  StoreUnavailableError,
  type CancelOutcome,
} from '../../src/index.ts';
import { requestCancellation, type AttemptOptions } from '../../src/adapter-kit.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { fakeClock, memoryStateStore } from '../../src/testing.ts';
import { externalSystem, type ExternalSystemOptions } from '../support/external-system.ts';
import { interceptMetastore, type InterceptOperation } from '../support/intercept.ts';
import { TASK, testRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';

/** An attempt may end in any way: what becomes of its external jobs, and of the promises that user code holds. */

interface Lines {
  lines: { level: string; message: string; fields: Record<string, unknown> }[];
  logger: NonNullable<AttemptOptions['logger']>;
}

function logged(): Lines {
  const lines: Lines['lines'] = [];
  const say = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields: { ...fields } });
  return { lines, logger: { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') } };
}

function setting(options: Partial<ExternalSystemOptions> & { intercept?: InterceptOperation } = {}) {
  const { intercept = (_call, proceed) => proceed(), ...systemOptions } = options;
  const clock = fakeClock();
  const store = memoryStateStore({ clock, metastore: interceptMetastore(memoryMetastore(), intercept) });
  const system = externalSystem({ kind: 'keyed', clock, activeLooks: Infinity, ...systemOptions });
  return { clock, store, system, task: testRuntime(store), records: jobRecords(store), ...logged() };
}

const thrown = (error: unknown): unknown => error;

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

describe('promises that nobody listens to yet', () => {
  test('two runs that are awaited one after the other do not end the process', async () => {
    const { system, task } = setting();
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);

    try {
      const attempt = await task.start();
      const { context } = attempt;
      const first = context.run(system.job({ externalIdKey: 'a' }), 'a');
      void context.run(system.job({ externalIdKey: 'b' }), 'b');
      void context.state.getOrSet('made', () => new Promise(() => undefined));
      await until(() => system.jobs.length === 2);
      attempt.abort(new Error('the worker closes'));

      expect(await first.catch(thrown)).toMatchObject({ message: 'the worker closes' });

      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);

      await attempt[Symbol.asyncDispose]();
    } finally {
      process.off('unhandledRejection', note);
    }
  });
});

describe('a task that swallows the end', () => {
  test('was interrupted, if a run of it was stopped', async () => {
    const { system, task } = setting();
    const attempt = await task.start();
    const settled = Promise.allSettled([attempt.context.run(system.job(), 'clip')]);
    await until(() => system.jobs.length === 1);
    attempt.abort(new Error('the worker closes'));

    await settled;

    expect(attempt.interrupted()).toBe(true);

    await attempt[Symbol.asyncDispose]();
  });

  test('was not, if it used nothing that was going on', async () => {
    const { task } = setting();
    const attempt = await task.start();
    await attempt.context.state.set('k', 1);
    attempt.abort(new Error('the worker closes'));
    expect(attempt.interrupted()).toBe(false);
    await attempt[Symbol.asyncDispose]();

    expect(attempt.interrupted()).toBe(false);
  });
});

describe('a failure that was written down', () => {
  const fails = { getStatus: async () => ({ state: 'failed', reason: 'oom' }) as const };

  test('is known to the adapter, which counts it however the attempt is stopped', async () => {
    const { system, task } = setting();
    const attempt = await task.start();

    const error = await attempt.context.run(system.job(fails), 'clip').catch(thrown);

    expect(attempt.failure()).toBe(error);

    await attempt[Symbol.asyncDispose]();
  });

  test('is known too, if nobody knows whether it was written down: the next attempt may read it', async () => {
    let goneSince: number | undefined;
    const parts = setting({
      intercept: async ({ method, args }, proceed) => {
        if (goneSince !== undefined) throw new StoreUnavailableError('down');
        const reply = await proceed();
        if (method !== 'records.write' || (args[1] as { letter: string }).letter !== 'f') return reply;
        goneSince = parts.clock.now();
        throw new OutcomeUnknownError('no-answer', 'no answer');
      },
    });
    const attempt = await parts.task.start();

    const error = await attempt.context.run(parts.system.job(fails), 'clip').catch(thrown);

    expect(error).toMatchObject({ code: 'mooring.outcome-unknown' });
    expect(attempt.failure()).toMatchObject({ code: 'mooring.external-job-failed', reason: 'oom' });

    await attempt[Symbol.asyncDispose]();
  });

  test('keeps the attempt from being released meanwhile: the next start would submit again', async () => {
    const { system, task } = setting({ activeLooks: 5 });
    const asked: unknown[] = [];
    const wait = { mode: 'release', holdFor: 0 } as const;
    const attempt = await task.start({ wait, release: async (after) => void asked.push(after) });
    const runs = [attempt.context.item('a').run(system.job(fails), 'a'), attempt.context.item('b').run(system.job(), 'b')];

    const [failed, held] = await Promise.allSettled(runs);

    expect(failed).toMatchObject({ status: 'rejected', reason: { code: 'mooring.external-job-failed' } });
    expect(held).toMatchObject({ status: 'fulfilled' });
    expect(asked).toEqual([]);

    await attempt[Symbol.asyncDispose]();
  });
});

describe('releasing', () => {
  test('waits for a getOrSet() that is going on', async () => {
    const { clock, system, task } = setting({ activeLooks: 20 });
    const released: number[] = [];

    const attempt = await task.start({
      wait: { mode: 'release', holdFor: 0 },
      release: async () => {
        released.push(clock.now());
        throw new Error('released');
      },
    });
    const started = clock.now();
    const made = attempt.context.state.getOrSet('file', async () => {
      await clock.sleep(60_000);
      return 'file-1';
    });
    const run = attempt.context.run(system.job(), 'clip').catch(thrown);

    expect(await made).toBe('file-1');
    expect(await run).toMatchObject({ message: 'released' });
    expect(released[0]! - started).toBeGreaterThanOrEqual(60_000);

    await attempt[Symbol.asyncDispose]();
  });

  test('holdFor 0 releases at the first poll that finds the job running', async () => {
    const { system, task } = setting();
    const attempt = await task.start({ release: () => Promise.reject(new Error('released')) });
    const run = attempt.context.run(system.job(), 'clip', { wait: { mode: 'release', holdFor: 0 } });

    expect(await run.catch(thrown)).toMatchObject({ message: 'released' });
    expect(system.jobs[0]?.looks).toBe(1);

    await attempt[Symbol.asyncDispose]();
  });
});

describe('a run that its own signal stopped', () => {
  test('may be followed by another, which waits on', async () => {
    const { system, task } = setting();
    const { context } = await task.start();
    const stop = new AbortController();
    const first = context.run(system.job(), 'clip', { signal: stop.signal }).catch(thrown);
    await until(() => system.jobs.length === 1);
    stop.abort(new Error('it takes long'));
    expect(await first).toMatchObject({ message: 'it takes long' });
    system.succeed('job-1');

    expect(await context.run(system.job(), 'clip')).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
  });
});

describe('an ID that comes after submitTimeout', () => {
  async function late(kind: 'plain' | 'keyed') {
    const parts = setting({ kind });
    let answer = (): void => undefined;
    const job = parts.system.job({
      submitTimeout: '10ms',
      submit: async (input, context) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return parts.system.job().submit(input, context);
      },
    });
    const run = parts.task.attempt((ctx) => ctx.run(job, 'clip'), { logger: parts.logger });
    await expect(run).rejects.toMatchObject({ code: 'mooring.outcome-unknown' });
    return { ...parts, job, answer: () => answer() };
  }

  test('is written down while the record is still ours', async () => {
    const { records, lines, answer } = await late('plain');
    answer();
    await until(async () => (await records.get(TASK))?.state === 'submitted');

    expect(await records.get(TASK)).toMatchObject({ externalId: 'job-1' });
    expect(lines).toContainEqual(
      expect.objectContaining({
        level: 'error',
        message: 'the external ID came after submitTimeout',
        fields: expect.objectContaining({ externalId: 'job-1' }),
      }),
    );
  });

  test('is listed as an orphan, if the record holds another job by then', async () => {
    const { system, records, task, answer } = await late('keyed');
    const other = system.job({ submit: async () => 'job-9', getStatus: async () => ({ state: 'active' }) });
    await task.attempt((ctx) => ctx.submit(other, 'clip'));
    answer();
    await until(async () => (await all(records.orphans())).length > 0);

    expect(await all(records.orphans())).toMatchObject([{ externalId: 'job-1' }]);
    expect(await records.get(TASK)).toMatchObject({ externalId: 'job-9' });
  });
});

describe('the input changed: the job that was replaced', () => {
  const options = { fingerprint: (input: string) => input, onInputChange: 'resubmit' } as const;

  test.each(['G3', 'G5', 'G7'] as const)('is an orphan, if the attempt is killed in %s', async (killAt) => {
    const { system, records, task } = setting();
    await task.attempt((ctx) => ctx.submit(system.job(options), 'A'));
    await task.attempt((ctx) => ctx.run(system.job(options), 'B'), { killAt }).catch(thrown);

    expect(await all(records.orphans())).toMatchObject([{ externalId: 'job-1' }]);
  });

  test('is none any more once it was cancelled', async () => {
    const { system, records, task } = setting();
    await task.attempt((ctx) => ctx.submit(system.job(options), 'A'));
    await task.attempt((ctx) => ctx.submit(system.job(options), 'B'));

    expect(system.cancelled).toEqual(['job-1 input-changed']);
    expect(await all(records.orphans())).toEqual([]);
  });

  test('stays one, if it cannot be cancelled', async () => {
    const { system, records, task } = setting();
    const broken = system.job({ ...options, cancel: () => Promise.reject(new Error('HTTP 500')) });
    await task.attempt((ctx) => ctx.submit(broken, 'A'));
    await task.attempt((ctx) => ctx.submit(broken, 'B'));

    expect(await all(records.orphans())).toMatchObject([{ externalId: 'job-1' }]);
  });
});

describe('cancelling', () => {
  test('reaches the job of an earlier attempt that this one has not come to', async () => {
    const { system, task } = setting();
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
    const attempt = await task.start();
    attempt.cancel(new Error('a person asked'));
    await attempt[Symbol.asyncDispose]();

    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('reaches the jobs of items that this attempt has not come to', async () => {
    const { system, task } = setting();
    await task.attempt((ctx) => Promise.all([1, 2, 3].map((item) => ctx.item(item).submit(system.job(), String(item)))));
    const attempt = await task.start();
    attempt.cancel(new Error('a person asked'));
    await attempt[Symbol.asyncDispose]();

    expect(system.cancelled.toSorted()).toEqual(['job-1 requested', 'job-2 requested', 'job-3 requested']);
  });

  test.each(['before', 'after'] as const)(
    'an item that begins submits nothing once a newer attempt has taken the task, %s its write-ahead',
    async (when) => {
      let takeOver = (): Promise<unknown> => Promise.resolve();
      const parts = setting({
        intercept: async ({ method }, proceed) => {
          if (method === 'tasks.addItems' && when === 'after') await takeOver();
          return proceed();
        },
      });
      const { store, system, task, records } = parts;
      const older = await task.start();
      await older.context.state.get('k');
      const newer = await task.start();
      takeOver = async () => {
        await newer.context.state.get('k');
        return cancelExternalJobs(store, TASK, [system.job()]);
      };
      if (when === 'before') await takeOver();

      expect(await older.context.item('b').submit(system.job(), 'clip').catch(thrown)).toBeInstanceOf(StaleAttemptError);
      expect(system.calls).toEqual([]);
      expect(await records.get({ ...TASK, itemKey: 'b' }, 'external_job_id')).toBeUndefined();

      await older[Symbol.asyncDispose]();
      await newer[Symbol.asyncDispose]();
    },
  );

  test('finds the record of an item as soon as the item is listed', async () => {
    let found: unknown;
    const parts = setting({
      intercept: async ({ method }, proceed) => {
        if (method === 'tasks.addItems') found = await parts.records.get({ ...TASK, itemKey: 'b' }, 'external_job_id');
        return proceed();
      },
    });
    const { system, task } = parts;
    await task.attempt((ctx) => ctx.item('b').submit(system.job(), 'clip'));

    expect(found).toMatchObject({ state: 'submitting' });
  });

  test('gives each job to the object that submitted it', async () => {
    const { store, system, task } = setting();
    const other = externalSystem({ kind: 'keyed', clock: fakeClock(), activeLooks: 1 });
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
    const next = testRuntime(store);
    await next.attempt((ctx) => ctx.submit(other.job(), 'mail'), { scope: { ...TASK, run: 'other' } });
    const attempt = await task.start();
    attempt.cancel(new Error('a person asked'));
    await attempt[Symbol.asyncDispose]();

    expect([system.cancelled, other.cancelled]).toEqual([['job-1 requested'], []]);
  });

  describe('of what another process submitted', () => {
    async function elsewhere(overrides: Parameters<ReturnType<typeof externalSystem>['job']>[0] = {}) {
      const metastore = memoryMetastore();
      const clock = fakeClock();
      const system = externalSystem({ kind: 'keyed', clock, activeLooks: Infinity });
      const task = testRuntime(memoryStateStore({ clock, metastore }));
      await task.attempt((ctx) => ctx.submit(system.job(overrides), 'clip'));
      const { createdAt } = task;
      return { system, here: testRuntime(memoryStateStore({ clock, metastore }), { createdAt }), ...logged() };
    }

    test('uses the external jobs that are named', async () => {
      const { system, here } = await elsewhere();
      await here.start();
      const attempt = await here.start({ externalJobs: [system.job({ externalIdKey: 'another' }), system.job()] });
      attempt.cancel(new Error('a person asked'));
      await attempt[Symbol.asyncDispose]();

      expect(system.cancelled).toEqual(['job-1 requested']);
    });

    test('uses none of another name', async () => {
      const { system, here } = await elsewhere({ name: 'transcode' });
      await here.start();
      const attempt = await here.start({ externalJobs: [system.job({ name: 'report' })] });
      attempt.cancel(new Error('a person asked'));
      await attempt[Symbol.asyncDispose]();

      expect(system.cancelled).toEqual([]);
    });

    test('says which job goes on, if nothing is named', async () => {
      const { system, here, logger, lines } = await elsewhere();
      await here.start();
      const attempt = await here.start({ logger });
      attempt.cancel(new Error('a person asked'));
      await attempt[Symbol.asyncDispose]();

      expect(system.cancelled).toEqual([]);
      expect(lines).toContainEqual(
        expect.objectContaining({ level: 'warn', fields: expect.objectContaining({ externalId: 'job-1' }) }),
      );
    });
  });

  test('goes on while the metastore is away for a moment', async () => {
    let away = 2;
    const { system, task } = setting({
      intercept: ({ method }, proceed) =>
        method === 'scopes.inspect' && (away -= 1) >= 0 ? Promise.reject(new StoreUnavailableError('down')) : proceed(),
    });
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
    const attempt = await task.start();
    attempt.cancel(new Error('a person asked'));
    await attempt[Symbol.asyncDispose]();

    expect(system.cancelled).toEqual(['job-1 requested']);
  });
});

describe('cancelExternalJobs()', () => {
  test('waits for a submit that is on its way, by the clock of the metastore', async () => {
    const { store, system, task } = setting();
    let answer = (): void => undefined;
    const job = system.job({
      submit: async (input, context) => {
        await new Promise<void>((resolve) => (answer = resolve));
        return system.job().submit(input, context);
      },
    });
    const submitting = task.attempt((ctx) => ctx.submit(job, 'clip'));
    await until(async () => (await jobRecords(store).get(TASK))?.state === 'submitting');
    const cancelled = cancelExternalJobs(store, TASK, [job]);
    answer();
    await submitting;

    expect(await cancelled).toMatchObject([{ externalId: 'job-1', outcome: 'cancelled' }]);
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('looks for an unresolved submit, if it has the input', async () => {
    const { store, system, task } = setting({ kind: 'findable' });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(thrown);

    expect(await cancelExternalJobs(store, TASK, [system.job()], { input: 'clip' })).toMatchObject([{ outcome: 'cancelled' }]);
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test.each<[string, 'plain' | 'findable', object, CancelOutcome['outcome']]>([
    ['cannot be found', 'plain', {}, 'unresolved'],
    ['is looked for in vain', 'findable', { find: () => Promise.reject(new Error('HTTP 500')) }, 'failed'],
  ])('says of an unresolved submit that %s what became of it', async (_name, kind, overrides, outcome) => {
    const { store, system, task } = setting({ kind });
    const job = system.job(overrides);
    await task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G5' }).catch(thrown);
    const outcomes = await cancelExternalJobs(store, TASK, [job], { input: 'clip' });

    expect(outcomes).toMatchObject([{ outcome, scope: TASK, externalIdKey: 'external_job_id' }]);
  });

  test('leaves a job alone that has ended', async () => {
    const { store, system, task } = setting({ activeLooks: 1 });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await cancelExternalJobs(store, TASK, [system.job()])).toEqual([]);
  });
});

describe('a cancellation that was requested from anywhere', () => {
  test('reaches only the job of the scope that it names, when it begins to use state', async () => {
    const { store, task } = setting();
    await requestCancellation(store, TASK, { jobId: 'job@1', reason: 'not wanted' });
    const heard: string[] = [];
    const other = await task.start({ jobId: 'job@2', onCancelRequest: (reason) => void heard.push(reason) });

    await other.context.state.get('k');
    expect(heard).toEqual([]);

    const attempt = await task.start({ jobId: 'job@1', onCancelRequest: (reason) => attempt.cancel(new Error(reason)) });
    expect(await attempt.context.state.get('k').catch(thrown)).toMatchObject({ message: 'not wanted' });

    await attempt[Symbol.asyncDispose]();
  });

  test('that was taken back is not heard', async () => {
    const { store, task } = setting();
    await requestCancellation(store, TASK, { jobId: 'job@1', reason: 'not wanted' });
    await requestCancellation(store, TASK, { jobId: 'job@1', reason: undefined });
    const heard: string[] = [];
    const attempt = await task.start({ jobId: 'job@1', onCancelRequest: (reason) => void heard.push(reason) });

    await attempt.context.state.get('k');

    expect(heard).toEqual([]);

    await attempt[Symbol.asyncDispose]();
  });

  test('reaches an attempt that uses nothing but its items, before one of them submits', async () => {
    const { system, store, task } = setting({ activeLooks: 1 });
    await requestCancellation(store, TASK, { jobId: 'job@1', reason: 'not wanted' });
    const attempt = await task.start({ jobId: 'job@1', onCancelRequest: (reason) => attempt.cancel(new Error(reason)) });

    const error = await attempt.context.item('a').run(system.job(), 'clip').catch(thrown);

    expect(error).toMatchObject({ message: 'not wanted' });
    expect(system.calls).toEqual([]);

    await attempt[Symbol.asyncDispose]();
  });

  test('reaches an attempt whose items only reconnect', async () => {
    const { system, store, task } = setting({ activeLooks: 1 });
    const earlier = await task.start({ jobId: 'job@1' });
    await earlier.context.item('a').submit(system.job(), 'clip');
    await earlier[Symbol.asyncDispose]();
    await requestCancellation(store, TASK, { jobId: 'job@1', reason: 'not wanted' });

    const attempt = await task.start({ jobId: 'job@1', onCancelRequest: (reason) => attempt.cancel(new Error(reason)) });
    const error = await attempt.context.item('a').run(system.job(), 'clip').catch(thrown);
    await attempt[Symbol.asyncDispose]();

    expect(error).toMatchObject({ message: 'not wanted' });
    expect(system.calls).toEqual(['submit', 'getStatus', 'cancel']);
  });

  test.each([
    ['jobId', { jobId: '', reason: 'x' }],
    ['reason', { jobId: 'x', reason: 'x'.repeat(1_001) }],
  ])('is refused with an invalid %s', async (option, request) => {
    const { store } = setting();
    const error = await requestCancellation(store, TASK, request).catch(thrown);

    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ option });
  });
});

describe('a submit that was refused', () => {
  /** An external system that remembers its answer by the key. */
  function remembering(overrides: Partial<{ newKey: boolean; retryAfter: `${number}s` }> = {}) {
    const parts = setting();
    const answers = new Map<string, string | undefined>();
    const keys: string[] = [];
    let open = false;
    const job = parts.system.job({
      submit: async (_input, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        if (!answers.has(idempotencyKey)) answers.set(idempotencyKey, open ? 'job-1' : undefined);
        const id = answers.get(idempotencyKey);
        if (id === undefined) throw new NotSubmittedError('no funds', overrides);
        return id;
      },
      getStatus: async () => ({ state: 'succeeded' }),
    });
    const attempt = () => parts.task.attempt((ctx) => ctx.run(job, 'clip'), { logger: parts.logger }).catch(thrown);
    return { ...parts, keys, attempt, open: () => void (open = true) };
  }

  test('is not refused for ever by its key: from the second refusal on the next submit has another', async () => {
    const { keys, attempt, open, task } = remembering();
    await attempt();
    open();

    expect(await attempt()).toMatchObject({ code: 'mooring.not-submitted' });
    expect(await attempt()).toBe('result of job-1');
    expect(keys[1]).toBe(keys[0]);
    expect(keys[2]).not.toBe(keys[0]);
    expect(task).toBeDefined();
  });

  test('has another key at once, if the refusal asks for it', async () => {
    const { keys, attempt, open } = remembering({ newKey: true });
    await attempt();
    open();

    expect(await attempt()).toBe('result of job-1');
    expect(keys[1]).not.toBe(keys[0]);
  });

  test('keeps its key, if the refusal asks for that', async () => {
    const { keys, attempt } = remembering({ newKey: false });
    for (let times = 0; times < 4; times += 1) await attempt();

    expect(new Set(keys).size).toBe(1);
  });

  test('that keeps its key does not count: the first refusal by the external system comes after it', async () => {
    const asks = { newKey: false };
    const { keys, attempt } = remembering(asks);
    for (let times = 0; times < 3; times += 1) await attempt();
    const uncounted = keys.length;
    Reflect.deleteProperty(asks, 'newKey');

    for (let times = 0; times < 3; times += 1) await attempt();

    // Two refusals that count, then another key.
    expect(new Set(keys.slice(0, uncounted + 2)).size).toBe(1);
    expect(keys[uncounted + 2]).not.toBe(keys[0]);
  });

  test('of a key that an earlier attempt sent keeps it: it says nothing of the first request', async () => {
    const { system, task, records } = setting();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(thrown);
    const refuses = system.job({ submit: () => Promise.reject(new NotSubmittedError('no')) });
    for (let times = 0; times < 3; times += 1) await task.attempt((ctx) => ctx.run(refuses, 'clip')).catch(thrown);

    expect(await records.get(TASK)).toMatchObject({ state: 'submitting', idempotencyKey: system.jobs[0]?.key });
  });

  test('of a key that may have been sent before the state was lost keeps it, however often', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const keys: string[] = [];
    const job = externalSystem({ kind: 'keyed', clock, activeLooks: 1, idempotentFor: 36_000 * 86_400_000 }).job({
      submit: async (_input, { idempotencyKey }) => {
        keys.push(idempotencyKey);
        throw new NotSubmittedError('no');
      },
    });
    const task = testRuntime(store, { createdAt: new Date(0) });
    await task.start();
    for (let times = 0; times < 4; times += 1) await task.attempt((ctx) => ctx.run(job, 'clip')).catch(thrown);

    expect(keys).toHaveLength(4);
    expect(new Set(keys).size).toBe(1);
  });

  test('of a key that an earlier attempt sent gives it up, if the refusal says that the key is dead', async () => {
    const { system, task, records } = setting();
    const killed = system.job({ submit: () => Promise.reject(new Error('the connection broke')) });
    await task.attempt((ctx) => ctx.run(killed, 'clip')).catch(thrown);
    const refuses = system.job({ submit: () => Promise.reject(new NotSubmittedError('no', { newKey: true })) });
    await task.attempt((ctx) => ctx.run(refuses, 'clip')).catch(thrown);
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));

    expect(await records.get(TASK)).toMatchObject({ state: 'submitted', submission: 2 });
  });

  test('is told as refused, never as submitted, with one warning for each change of reason', async () => {
    const { store, system, task, logger, lines } = setting();
    const reasons = ['busy', 'busy', 'no funds', 'no funds'];
    for (const reason of reasons) {
      const job = system.job({ submit: () => Promise.reject(new NotSubmittedError(reason)) });
      await task.attempt((ctx) => ctx.run(job, 'clip'), { logger }).catch(thrown);
    }
    expect(store.events.map((event) => event.type === 'decision' && event.decision)).toEqual(reasons.map(() => 'refused'));
    const warned = lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['reason']);

    expect(warned).toEqual(['busy', 'no funds']);
  });

  test('in a way that leaves it open is told as unresolved, with the reason of its cause', async () => {
    const { store, system, task, logger, lines } = setting({ kind: 'plain' });
    const cause = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    const job = system.job({ submit: () => Promise.reject(new TypeError('fetch failed', { cause })) });
    await task.attempt((ctx) => ctx.run(job, 'clip'), { logger }).catch(thrown);

    expect(store.events).toMatchObject([{ type: 'decision', decision: 'unresolved' }]);
    expect(lines.find(({ level }) => level === 'warn')?.fields).toMatchObject({ reason: 'fetch failed: connect ECONNREFUSED' });
  });
});

describe('the name of an external job', () => {
  test('is in its record, in events and in logs', async () => {
    const { store, system, task, records, logger, lines } = setting({ activeLooks: 1 });
    await task.attempt((ctx) => ctx.run(system.job({ name: 'transcode' }), 'clip'), { logger });

    expect(await records.get(TASK)).toMatchObject({ name: 'transcode' });
    expect(store.events[0]).toMatchObject({ name: 'transcode' });
    expect(lines.filter(({ level }) => level === 'info').every(({ fields }) => fields['name'] === 'transcode')).toBe(true);
  });

  test('a record that a job of another name made is refused', async () => {
    const { system, task } = setting({ activeLooks: 1 });
    await task.attempt((ctx) => ctx.run(system.job({ name: 'transcode' }), 'clip'));
    const error = await task.attempt((ctx) => ctx.run(system.job({ name: 'report' }), 'clip')).catch(thrown);

    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ option: 'name', message: expect.stringContaining('"transcode"') });
    expect(system.jobs).toHaveLength(1);
  });

  test('may be given to a job whose record has none', async () => {
    const { system, task } = setting({ activeLooks: 1 });
    const result = await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await task.attempt((ctx) => ctx.run(system.job({ name: 'transcode' }), 'clip'))).toEqual(result);
  });
});

describe('a scope that jobs share', () => {
  test('a finished record of another job is not the result of this one', async () => {
    const { store, system, task } = setting({ activeLooks: 1 });
    await task.attempt((ctx) => ctx.run(system.job(), 'monday'), { jobId: 'monday' });
    const next = testRuntime(store);

    expect(
      await next.attempt((ctx) => ctx.run(system.job(), 'tuesday'), { first: false, jobId: 'tuesday', fence: second() }),
    ).toBe('result of job-2');
    expect(system.jobs).toMatchObject([{ input: 'monday' }, { input: 'tuesday' }]);
    expect(task).toBeDefined();
  });

  test("the end of another one's running job is the result of both", async () => {
    const { system, task } = setting({ activeLooks: 1 });
    await task.attempt((ctx) => ctx.submit(system.job(), 'monday'), { jobId: 'monday' });
    const result = await task.attempt((ctx) => ctx.run(system.job(), 'tuesday'), { jobId: 'tuesday' });

    for (const jobId of ['tuesday', 'monday']) {
      expect(await task.attempt((ctx) => ctx.run(system.job(), 'again'), { jobId })).toEqual(result);
    }

    expect(system.jobs).toHaveLength(1);
  });

  function second(): AttemptOptions['fence'] {
    return { kind: 'ordered', order: [2, 1] };
  }
});

describe('an attempt that used no state', () => {
  const young = () => ({ createdAt: new Date(0) });

  test('is no sign of loss on a young namespace, if it was the first and says so', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ clock, activeLooks: 1 });
    const task = testRuntime(store, young());
    const first = await task.start();
    await first.fail();
    await first[Symbol.asyncDispose]();

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });

  test('that was not the first hides no loss', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ clock, activeLooks: 1 });
    const task = testRuntime(store, young());
    await task.start();
    await (await task.start()).fail();
    const error = await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(thrown);

    expect(error).toMatchObject({ code: 'mooring.ambiguous-submit' });
    expect((error as Error).message).toMatch(/attempt 3 .* created at 1970-01-01.* found no trace of an earlier attempt/);
    expect(system.jobs).toEqual([]);
  });

  test('takes nothing from an attempt that holds the fence', async () => {
    const { task } = setting();
    const first = await task.start();
    const next = await task.start();
    await next.context.state.set('k', 1);
    await first.fail();
    await next.context.state.set('k', 2);

    expect(await next.context.state.get('k')).toBe(2);
  });
});

describe('an attempt that was superseded', () => {
  test('is told who holds the task', async () => {
    const { task } = setting();
    const old = await task.start();
    await old.context.state.set('k', 1);
    await (await task.start()).context.state.set('k', 2);
    const error = await old.context.state.set('k', 3).catch(thrown);

    expect(error).toMatchObject({ code: 'mooring.stale-attempt', attempt: 1 });
    expect((error as { holder: string }).holder).toMatch(/^attempt 2, host \S+, process \d+, since 20\d\d-/);
    expect((error as Error).message).toContain((error as { holder: string }).holder);
  });
});

describe('an outage of the metastore', () => {
  test('the write of an outcome is tried again for as long as the patience lasts', async () => {
    const { clock, system, store, records, task } = setting({
      activeLooks: 1,
      intercept: ({ method, args }, proceed) => {
        const { letter } = (args[1] ?? {}) as { letter?: string };
        if (method !== 'records.write' || letter !== 'o') return proceed();
        since ??= clock.now();
        return clock.now() - since < 25_000 ? Promise.reject(new StoreUnavailableError('down')) : proceed();
      },
    });
    let since: number | undefined;

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(await records.get(TASK)).toMatchObject({ state: 'succeeded' });
    expect(store).toBeDefined();
  });

  test('and no longer', async () => {
    const { clock, system, task } = setting({
      activeLooks: 1,
      intercept: ({ method, args }, proceed) => {
        const { letter } = (args[1] ?? {}) as { letter?: string };
        return method === 'records.write' && letter === 'o' ? Promise.reject(new StoreUnavailableError('down')) : proceed();
      },
    });
    const start = clock.now();
    const run = task.attempt((ctx) => ctx.run(system.job(), 'clip'), { patience: '10s' });

    await expect(run).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(clock.now() - start).toBeLessThan(30_000);
  });
});

describe('warnings of Node', () => {
  test('there are none about listeners, however many items run at the same time', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error): void => void warnings.push(warning);
    process.on('warning', note);

    try {
      const { system, task } = setting({ activeLooks: 1 });
      const items = Array.from({ length: 50 }, (_, item) => item);
      await task.attempt((ctx) => Promise.all(items.map((item) => ctx.item(item).run(system.job(), String(item)))));

      await new Promise((resolve) => setImmediate(resolve));

      expect(warnings.filter(({ name }) => name === 'MaxListenersExceededWarning')).toEqual([]);
    } finally {
      process.off('warning', note);
    }
  });
});
