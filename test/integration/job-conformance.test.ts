import { describe, expect, jest, test } from '@jest/globals';
import {
  AmbiguousSubmitError,
  ConfigError,
  ExternalJobFailedError,
  ExternalJobMissingError,
  ExternalJobUnknownError,
  externalJob,
  InputChangedError,
  InvalidValueError,
  isSuspension,
  jobRecords,
  NotSubmittedError,
  OutcomeUnknownError,
  StaleAttemptError,
  StoreUnavailableError,
  type JobStatus,
  type Logger,
  type StateStore,
} from '../../src/index.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { fakeClock, memoryObjectStore, memoryStateStore, type FakeClock } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { interceptMetastore, interceptValues, recorder, type InterceptOperation } from '../support/intercept.ts';
import { TASK, testRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';

/** Cases 83 to 99 of `docs/conformance.md`. */

interface Setting {
  clock: FakeClock;
  store: ReturnType<typeof memoryStateStore>;
  system: ReturnType<typeof externalSystem>;
  task: ReturnType<typeof testRuntime>;
}

function setting(
  options: Partial<Parameters<typeof externalSystem>[0]> & {
    intercept?: InterceptOperation;
    store?: Parameters<typeof memoryStateStore>[0];
  } = {},
): Setting {
  const clock = fakeClock();
  const { intercept, store: storeOptions, ...system } = options;
  const metastore = intercept ? interceptMetastore(memoryMetastore(), intercept) : memoryMetastore();
  const store = memoryStateStore({ clock, metastore, ...storeOptions });
  return { clock, store, system: externalSystem({ clock, activeLooks: 1, ...system }), task: testRuntime(store) };
}

function decisions(store: Setting['store']): string[] {
  return store.events.flatMap((event) => (event.type === 'decision' ? [event.decision] : []));
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

const record = (store: StateStore): ReturnType<ReturnType<typeof jobRecords>['get']> => jobRecords(store).get(TASK);

describe('C83 nothing stored', () => {
  test('the ID is written down between the one submit and the first poll', async () => {
    const order: string[] = [];
    const intercept: InterceptOperation = ({ method, args }, proceed) => {
      const { letter } = (args[1] ?? {}) as { letter?: string };
      order.push(letter === undefined ? method : `${method} ${letter}`);
      return proceed();
    };
    const { system, task } = setting({ intercept });
    const job = system.job();
    const seen = externalJob({
      ...job,
      submit: (input: string, context) => (order.push('submit'), job.submit(input, context)),
      getStatus: (id, context) => (order.push('getStatus'), job.getStatus(id, context)),
    });
    order.length = 0;

    expect(await task.attempt((ctx) => ctx.run(seen, 'clip'))).toBe('result of job-1');
    expect(order.slice(order.indexOf('fences.begin'))).toEqual([
      'fences.begin',
      'records.write s',
      'submit',
      'records.write e',
      'getStatus',
      'getStatus',
      'records.write o',
      'fences.settle',
    ]);
  });

  test('what submit hears: a key of 40 letters and digits, the submission, a callback token', async () => {
    const { system, task } = setting();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { callbackToken: 'token' });

    expect(system.jobs[0]).toMatchObject({ submission: 1, callbackToken: 'token' });
    expect(system.jobs[0]?.key).toMatch(/^m[a-z2-7]{39}$/);
  });
});

describe('C84 C85 a stored ID', () => {
  test('C84 active: polls that ID instead of submitting', async () => {
    const { store, system, task } = setting({ activeLooks: 3 });
    const submitted = await task.start();
    await submitted.context.submit(system.job(), 'clip');

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
    expect(decisions(store)).toEqual(['submitted', 'reconnected']);
  });

  test('C85 succeeded: neither a submit nor a wait', async () => {
    const { store, clock, system, task } = setting({ activeLooks: 0 });
    await (await task.start()).context.submit(system.job(), 'clip');
    const before = clock.now();

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(clock.now()).toBe(before);
    expect(system.calls).toEqual(['submit', 'getStatus', 'getResult']);
    expect(decisions(store)).toEqual(['submitted', 'already-succeeded']);
  });

  test('C85 finished: the recorded result, without a call of the external system', async () => {
    const { system, task } = setting();
    const result = await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
    system.calls.length = 0;

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toEqual(result);
    expect(system.calls).toEqual([]);
  });
});

describe('C86 a known failure', () => {
  test('is submitted again by the next attempt', async () => {
    const { store, system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');
    system.end('job-1', { state: 'failed', reason: 'out of memory' });
    const found = task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    await expect(found).rejects.toMatchObject({ code: 'mooring.external-job-failed', submission: 1 });
    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-2');
    expect(await record(store)).toMatchObject({
      state: 'succeeded',
      externalId: 'job-2',
      submission: 2,
      previous: [{ submission: 1, externalId: 'job-1', idempotencyKey: system.jobs[0]!.key }],
    });
    expect(system.jobs[1]!.key).not.toBe(system.jobs[0]!.key);
    expect(decisions(store)).toEqual(['submitted', 'reconnected', 'resubmitted']);
  });

  test('while this attempt waits: thrown once it is recorded', async () => {
    const { store, system, task } = setting({ activeLooks: 100 });
    const fails = system.job({
      getStatus: async (id) => (id === 'job-1' ? { state: 'failed', reason: 'disk full' } : { state: 'succeeded' }),
    });
    const error = await task.attempt((ctx) => ctx.run(fails, 'clip')).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(ExternalJobFailedError);
    expect(error).toMatchObject({ externalId: 'job-1', submission: 1, reason: 'disk full', retryable: true });
    expect(await record(store)).toMatchObject({ state: 'failed', reason: 'disk full' });
    await task.attempt((ctx) => ctx.run(fails, 'clip'));

    expect(system.jobs).toHaveLength(2);
  });

  test('for good: not submitted again, until a person opens it', async () => {
    const { store, system, task } = setting();
    const fails = system.job({ getStatus: async () => ({ state: 'failed', reason: 'bad input', retryable: false }) });
    for (const _ of [1, 2]) {
      await expect(task.attempt((ctx) => ctx.run(fails, 'clip'))).rejects.toMatchObject({
        code: 'mooring.external-job-failed',
        retryable: false,
      });
    }
    expect(system.jobs).toHaveLength(1);
    expect(decisions(store)).toEqual(['submitted', 'already-failed']);
    await jobRecords(store).reopen((await record(store))!);
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(system.jobs).toHaveLength(2);
  });
});

describe('C87 C89 a status that nobody knows', () => {
  test.each([
    ['C87 an unclassified word', async (): Promise<JobStatus> => ({ state: 'unknown', detail: 'PAUSED' })],
    ['C87 a state that is none', async () => ({ state: 'running' }) as unknown as JobStatus],
    ['C89 a question that fails', (): Promise<JobStatus> => Promise.reject(new Error('503'))],
  ])('%s: a retryable error after it was asked for again', async (_name, getStatus) => {
    const { clock, system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');
    const asked = jest.fn(getStatus);
    const before = clock.now();
    const error = await task
      .attempt((ctx) => ctx.run(system.job({ getStatus: asked }), 'clip'))
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ExternalJobUnknownError);
    expect(error).toMatchObject({ externalId: 'job-1', retryable: true });
    expect(asked.mock.calls.length).toBeGreaterThan(3);
    expect(clock.now() - before).toBe(15 * 60_000);
    expect(system.jobs).toHaveLength(1);
  });

  test.each([
    ['nothing', undefined, 'received undefined'],
    ['a bare word', 'RUNNING', 'received "RUNNING"'],
  ])('%s is a fault of the code: refused at once, with what was received', async (_name, returned, text) => {
    const { system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');
    const asked = jest.fn(async () => returned as unknown as JobStatus);
    const error = await task
      .attempt((ctx) => ctx.run(system.job({ getStatus: asked }), 'clip'))
      .catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ConfigError);
    expect(error).toMatchObject({ option: 'getStatus', message: expect.stringContaining(text) });
    expect(asked).toHaveBeenCalledTimes(1);
  });

  test('a known status in between starts the time again', async () => {
    const { clock, system, task } = setting();
    const before = clock.now();
    let asked = 0;
    const flaky = system.job({
      unknownFor: '5m',
      getStatus: async () => ({ state: (asked += 1) % 9 === 0 ? (asked > 50 ? 'succeeded' : 'active') : 'unknown' }),
    });
    await task.attempt((ctx) => ctx.run(flaky, 'clip'));

    expect(asked).toBe(54);
    expect(clock.now() - before).toBeGreaterThan(6 * 60_000);
  });

  test('an external system that never answers is given up on', async () => {
    const { system, task } = setting();
    const silent = system.job({ callTimeout: '5ms', getStatus: () => new Promise(() => undefined) });

    await expect(task.attempt((ctx) => ctx.run(silent, 'clip'))).rejects.toBeInstanceOf(ExternalJobUnknownError);
  });
});

describe('C88 a job that is missing', () => {
  const forgotten = { getStatus: async (): Promise<JobStatus> => ({ state: 'missing' }) };

  test('counts as active for the grace, then fails', async () => {
    const { clock, store, system, task } = setting();
    const before = clock.now();
    const error = await task.attempt((ctx) => ctx.run(system.job(forgotten), 'clip')).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(ExternalJobMissingError);
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000);
    await expect(task.attempt((ctx) => ctx.run(system.job(forgotten), 'clip'))).rejects.toBeInstanceOf(ExternalJobMissingError);
    expect(decisions(store)).toEqual(['submitted', 'missing']);
    expect(system.jobs).toHaveLength(1);
  });

  test('or is submitted again, where the policy says so', async () => {
    const { clock, store, system, task } = setting();
    const again = system.job({
      onMissing: 'resubmit',
      missingGrace: '5s',
      getStatus: async (id) => ({ state: id === 'job-1' ? 'missing' : 'succeeded' }),
    });
    await task.attempt((ctx) => ctx.submit(again, 'clip'));
    clock.advance('5s');
    const found = task.attempt((ctx) => ctx.run(again, 'clip'));

    await expect(found).rejects.toMatchObject({ code: 'mooring.external-job-missing', retryable: true });
    expect(await task.attempt((ctx) => ctx.run(again, 'clip'))).toBe('result of job-2');
    expect((await record(store))?.previous).toEqual([expect.objectContaining({ externalId: 'job-1' })]);
  });

  test('a recorded end wins', async () => {
    const { system, task } = setting();
    const result = await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await task.attempt((ctx) => ctx.run(system.job(forgotten), 'clip'))).toEqual(result);
  });
});

describe('C90 C96 what an ID is', () => {
  test.each([[0], [''], [[]], [{}], [{ cluster: 'a', run: 7 }]])('C90 %j is one', async (id) => {
    const { store, task } = setting();
    let submits = 0;
    const asked: unknown[] = [];
    const job = externalJob({
      submit: async (_: string) => ((submits += 1), id as object),
      getStatus: async (given) => (asked.push(given), { state: asked.length > 2 ? 'succeeded' : 'active' }) as JobStatus,
    });
    await (await task.start()).context.submit(job, 'clip');
    expect(await record(store)).toMatchObject({ state: 'submitted', externalId: id });
    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(submits).toBe(1);
    expect(asked[0]).toEqual(id);
  });

  test.each([[undefined], [null], [Number.NaN], [new Date(0)], [new Uint8Array(1)]])(
    'C96 %p is none: the record stays submitting',
    async (id) => {
      const { store, system, task } = setting();
      const job = system.job({ submit: async () => id as unknown as string });

      await expect(task.attempt((ctx) => ctx.run(job, 'clip'))).rejects.toBeInstanceOf(InvalidValueError);
      expect(await record(store)).toMatchObject({ state: 'submitting' });
    },
  );

  test('properties in another order are the same ID', async () => {
    const { task, store } = setting();
    const job = externalJob({
      submit: async (_: string) => ({ a: 1, b: 2 }),
      getStatus: async () => ({ state: 'succeeded' }),
    });
    await (await task.start()).context.submit(job, 'clip');

    const held = (await record(store))!;

    expect(held).toMatchObject({ state: 'submitted', externalId: { b: 2, a: 1 } });

    await task.attempt((ctx) => ctx.run(job, 'clip'));
  });
});

describe('C92 the ID cannot be written down', () => {
  const failing = (failures: number, error: () => Error, then?: () => void): InterceptOperation => {
    let left = failures;
    return ({ method, args }, proceed) => {
      if (method !== 'records.write' || (args[1] as { letter: string }).letter !== 'e' || left === 0) return proceed();
      left -= 1;
      then?.();
      return Promise.reject(error());
    };
  };

  test.each([
    ['certainly not sent', () => new StoreUnavailableError('refused')],
    ['without an answer', () => new OutcomeUnknownError('no-answer', 'silence')],
  ])('%s: it is repeated while the process lives', async (_name, error) => {
    const { system, task, store } = setting({ intercept: failing(40, error) });

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
    expect(await record(store)).toMatchObject({ state: 'succeeded' });
  });

  test('nor can the orphan: that is repeated too', async () => {
    let failures = 5;
    const { system, task, store, clock } = setting({
      intercept: ({ method }, proceed) =>
        method === 'orphans.add' && failures-- > 0 ? Promise.reject(new StoreUnavailableError('down')) : proceed(),
    });
    const attempt = await task.start();
    const job = system.job({
      submit: async (input, context) => {
        const id = await system.job().submit(input, context);
        clock.advance('2m');
        await jobRecords(store).adopt((await record(store))!, 'job-9');
        return id;
      },
    });

    await expect(attempt.context.run(job, 'clip')).rejects.toBeInstanceOf(StaleAttemptError);
    expect((await all(jobRecords(store).orphans())).map(({ externalId }) => externalId)).toEqual(['job-1']);
  });

  test('applied although the reply was lost: it counts once', async () => {
    let lost = false;
    const { system, task, store } = setting({
      intercept: async ({ method, args }, proceed) => {
        const reply = await (proceed() as Promise<unknown>);
        if (lost || method !== 'records.write' || (args[1] as { letter: string }).letter !== 'e') return reply;
        lost = true;
        throw new OutcomeUnknownError('no-answer', 'silence');
      },
    });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(lost).toBe(true);
    expect(await record(store)).toMatchObject({ state: 'succeeded', submission: 1 });
  });

  test('given up, because the attempt ended: the error carries the ID', async () => {
    let stop = (): void => undefined;
    const { system, task } = setting({
      intercept: failing(
        Infinity,
        () => new StoreUnavailableError('refused'),
        () => stop(),
      ),
    });
    const attempt = await task.start();
    stop = () => attempt.abort(new Error('closing'));
    const error = await attempt.context.run(system.job(), 'clip').catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(OutcomeUnknownError);
    expect(error).toMatchObject({ externalId: 'job-1', message: expect.stringContaining('job-1') });
  });

  test('† refused as stale: the ID is listed as an orphan', async () => {
    const { system, task, store } = setting({ kind: 'findable' });
    const old = await task.start();
    let answer = (): void => undefined;
    const slow = system.job({
      submit: async (input, context) => {
        const id = await system.job().submit(input, context);
        await new Promise<void>((resolve) => (answer = resolve));
        return id;
      },
      find: async () => undefined,
    });
    const running = old.context.run(slow, 'clip').catch((thrown: unknown) => thrown);
    await until(() => system.jobs.length === 1);
    // The next attempt cannot find it, and submits another.
    await task.attempt((ctx) => ctx.run(system.job({ find: async () => undefined }), 'clip'));
    answer();
    const error = await running;
    expect(error).toBeInstanceOf(StaleAttemptError);
    expect(isSuspension(error)).toBe(true);
    expect(system.cancelled).toEqual([]);
    const orphans = await all(jobRecords(store).orphans());

    expect(orphans).toEqual([{ scope: TASK, externalIdKey: 'external_job_id', externalId: 'job-1', since: expect.any(Date) }]);
    expect(store.events.map(({ type }) => type)).toEqual(expect.arrayContaining(['stale-write', 'orphan']));
  });
});

test('C93 a record does not expire while an attempt waits for it', async () => {
  const { clock, store, system, task } = setting({ store: { retention: '1d' } });
  const start = clock.now();
  const days = 100;
  const held = new Set<string | undefined>();
  const job = system.job({
    pollInterval: '5h',
    getStatus: async () => {
      held.add((await record(store))?.state);
      return { state: clock.now() - start > days * 86_400_000 ? 'succeeded' : 'active' };
    },
  });
  await task.attempt((ctx) => ctx.run(job, 'clip'), { clearAfterSuccess: 'forever' });

  expect(held).toEqual(new Set(['submitted']));
  expect(await record(store)).toMatchObject({ state: 'succeeded', externalId: 'job-1' });
  expect(system.jobs).toHaveLength(1);
});

describe('C94 the input changed', () => {
  const options = { fingerprint: (input: string) => input };

  test('with fail: a typed error, nothing submitted, nothing cancelled', async () => {
    const { store, system, task } = setting();
    await (await task.start()).context.submit(system.job(options), 'clip');
    const error = await task.attempt((ctx) => ctx.run(system.job(options), 'another')).catch((thrown: unknown) => thrown);

    expect(error).toBeInstanceOf(InputChangedError);
    expect(error).toMatchObject({ externalId: 'job-1', retryable: false });
    expect(system).toMatchObject({ jobs: [{ id: 'job-1' }], cancelled: [] });
    expect(decisions(store)).toEqual(['submitted', 'input-changed']);
  });

  test('with resubmit: the old job is cancelled once the next submission is written down', async () => {
    const { store, system, task } = setting({ activeLooks: 5 });
    await (await task.start()).context.submit(system.job(options), 'clip');
    let heldAtCancel: unknown;
    const again = system.job({
      ...options,
      onInputChange: 'resubmit',
      cancel: async (id, { reason }) => {
        heldAtCancel = await record(store);
        system.cancelled.push(`${id} ${reason}`);
      },
    });

    expect(await task.attempt((ctx) => ctx.run(again, 'another'))).toBe('result of job-2');
    expect(system.cancelled).toEqual(['job-1 input-changed']);
    expect(heldAtCancel).toMatchObject({ state: 'submitted', externalId: 'job-2' });
    expect(decisions(store)).toEqual(['submitted', 'resubmitted']);
  });

  test('under an unresolved send of a findable external system: the old job is looked for first', async () => {
    for (const onInputChange of ['fail', 'resubmit'] as const) {
      const { store, system, task } = setting({ kind: 'findable' });
      const job = system.job({ ...options, onInputChange });
      await task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G6' }).catch(() => undefined);

      const outcome = await task.attempt((ctx) => ctx.run(job, 'another')).catch((thrown: unknown) => thrown);

      if (onInputChange === 'fail') {
        expect(outcome).toBeInstanceOf(InputChangedError);
        expect(await record(store)).toMatchObject({ state: 'submitted', externalId: 'job-1' });
      } else {
        expect(outcome).toBe('result of job-2');
        expect(system.cancelled).toEqual(['job-1 input-changed']);
      }
    }
  });

  test('under an unresolved send that cannot be found: the old key is listed as unresolved', async () => {
    const { store, system, task } = setting({ kind: 'findable' });
    const job = system.job({ ...options, onInputChange: 'resubmit' });
    await task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G3' }).catch(() => undefined);
    const key = (await record(store))!.idempotencyKey;

    expect(await task.attempt((ctx) => ctx.run(job, 'another'))).toBe('result of job-1');
    expect((await record(store))?.previous).toEqual([{ submission: 1, idempotencyKey: key, externalId: undefined }]);
  });

  test('without a fingerprint it reconnects', async () => {
    const { system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'another'))).toBe('result of job-1');
    expect(system.jobs).toMatchObject([{ input: 'clip' }]);
  });
});

test('C95 of two live attempts only the newest finishes the record', async () => {
  const puts: string[] = [];
  const objectStore = interceptValues(memoryObjectStore(), ({ method, args }, proceed) => {
    if (method === 'put') puts.push(String(args[0]));
    return proceed();
  });
  const { system, task, store } = setting({ activeLooks: 0, store: { objectStore, offloadThreshold: 0 } });
  const old = await task.start();
  await old.context.submit(system.job(), 'clip');
  let go = (): void => undefined;
  const held = new Promise<void>((resolve) => (go = resolve));
  const slow = system.job({ getResult: async (id) => (await held, `result of ${id}`) });
  const running = old.context.run(slow, 'clip').catch((thrown: unknown) => thrown);
  await until(() => system.calls.includes('getStatus'));
  const result = await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
  expect(puts).toHaveLength(1);
  go();

  expect(await running).toBeInstanceOf(StaleAttemptError);
  expect(puts).toHaveLength(1);
  expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toEqual(result);
  expect(await record(store)).toMatchObject({ state: 'succeeded' });
});

describe('C97 a part of a run', () => {
  test('decide() does nothing but look', async () => {
    const { calls, intercept } = recorder();
    const { clock, store, system, task } = setting({ intercept });
    const attempt = await task.start();
    const decision = await attempt.context.decide(system.job(), 'clip');
    expect(decision).toEqual({ kind: 'submitted', submission: 1, idempotencyKey: expect.any(String), externalId: undefined });
    expect(calls).toEqual(['fences.draw', 'fences.begin']);
    const before = clock.now();
    await attempt.context.submit(system.job(), 'clip');
    expect(system.jobs[0]?.key).toBe(decision.idempotencyKey);
    system.calls.length = 0;
    expect(await attempt.context.decide(system.job(), 'clip')).toMatchObject({ kind: 'reconnected', externalId: 'job-1' });
    system.succeed('job-1');
    expect(await attempt.context.decide(system.job(), 'clip')).toMatchObject({ kind: 'already-succeeded', externalId: 'job-1' });
    system.end('job-1', { state: 'failed', reason: 'x' });
    expect(await attempt.context.decide(system.job(), 'clip')).toMatchObject({ kind: 'already-failed', submission: 1 });
    system.end('job-1', { state: 'failed', reason: 'x', retryable: false });
    expect(await attempt.context.decide(system.job(), 'clip')).toMatchObject({ kind: 'already-failed', externalId: 'job-1' });
    system.end('job-1', { state: 'missing' });
    clock.advance('2m');

    expect(await attempt.context.decide(system.job(), 'clip')).toMatchObject({ kind: 'missing' });
    expect(system.calls).toEqual(Array(5).fill('getStatus'));
    expect(clock.now() - before).toBe(120_000);
    expect(calls.filter((method) => method === 'records.write')).toHaveLength(2);
    expect(decisions(store)).toEqual(['submitted']);
    expect(await record(store)).toMatchObject({ state: 'submitted' });
  });

  test('decide() says what nobody can tell', async () => {
    const { system, task } = setting();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G5' }).catch(() => undefined);
    const attempt = await task.start();
    expect(await attempt.context.decide(system.job(), 'clip')).toMatchObject({
      kind: 'ambiguous',
      submission: 1,
      externalId: undefined,
    });
    await expect(attempt.context.run(system.job(), 'clip')).rejects.toBeInstanceOf(AmbiguousSubmitError);
    const next = await task.start();

    expect(await next.context.decide(system.job(), 'clip')).toMatchObject({ kind: 'ambiguous' });
  });

  test('a run reconnects to what submit() recorded', async () => {
    const { store, system, task } = setting();
    const attempt = await task.start();
    expect(await attempt.context.submit(system.job(), 'clip')).toBe('job-1');
    expect(await record(store)).toMatchObject({ state: 'submitted', externalId: 'job-1' });
    expect(system.calls).toEqual(['submit']);
    expect(await attempt.context.run(system.job(), 'clip')).toBe('result of job-1');
    const next = await task.start();

    expect(await next.context.submit(system.job(), 'clip')).toBe('job-1');
    expect(system.jobs).toHaveLength(1);
  });
});

describe('C98 cancelling', () => {
  test('while it waits: cancel gets the stored ID', async () => {
    const { system, task } = setting();
    const attempt = await task.start();
    const reason = new Error('a person asked');
    const job = system.job({
      getStatus: async () => {
        attempt.cancel(reason);
        return { state: 'active' };
      },
    });
    await expect(attempt.context.run(job, 'clip')).rejects.toBe(reason);
    await attempt[Symbol.asyncDispose]();

    expect(isSuspension(reason)).toBe(true);
    expect(attempt.context.signal.reason).toBe(reason);
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('an external system that is busy is asked three times', async () => {
    for (const [failures, asked] of [
      [2, 3],
      [9, 3],
    ] as const) {
      const { system, task, clock } = setting();
      const attempt = await task.start();
      const before = clock.now();
      let calls = 0;
      const job = system.job({
        getStatus: async () => (attempt.cancel(new Error('a person asked')), { state: 'active' }),
        cancel: async () => {
          if ((calls += 1) <= failures) throw new Error('503');
        },
      });

      await expect(attempt.context.run(job, 'clip')).rejects.toThrow('a person asked');

      await attempt[Symbol.asyncDispose]();
      expect(calls).toBe(asked);
      expect(clock.now() - before).toBe(1_500);
    }
  });

  test('before the reconnect: the job of the earlier attempt is cancelled', async () => {
    const { system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');
    const attempt = await task.start();
    attempt.cancel(new Error('a person asked'));
    await expect(attempt.context.run(system.job(), 'clip')).rejects.toThrow('a person asked');
    await attempt[Symbol.asyncDispose]();

    expect(system).toMatchObject({ jobs: [{ id: 'job-1' }], cancelled: ['job-1 requested'] });
  });

  test('while it submits: cancelled once its ID is written down', async () => {
    const { system, store, task } = setting();
    const attempt = await task.start();
    const signals: AbortSignal[] = [];
    const job = system.job({
      submit: async (input, context) => {
        signals.push(context.signal);
        attempt.cancel(new Error('a person asked'));
        return system.job().submit(input, context);
      },
    });
    await expect(attempt.context.run(job, 'clip')).rejects.toThrow('a person asked');
    await attempt[Symbol.asyncDispose]();

    expect(signals[0]?.aborted).toBe(false);
    expect(system.cancelled).toEqual(['job-1 requested']);
    expect(await record(store)).toMatchObject({ state: 'submitted', externalId: 'job-1' });
  });

  test('before it submits: the submission is withdrawn', async () => {
    const { system, store, task } = setting({ kind: 'findable' });
    await (
      await task.start()
    ).context
      .submit(system.job({ submit: () => Promise.reject(new NotSubmittedError('no')) }), 'x')
      .catch(() => undefined);
    const attempt = await task.start();
    const job = system.job({ find: async () => (attempt.cancel(new Error('a person asked')), undefined) });

    await expect(attempt.context.run(job, 'clip')).rejects.toThrow('a person asked');
    expect(system.jobs).toHaveLength(0);
    expect(await record(store)).toBeUndefined();
  });

  test.each([
    ['closing', (attempt: { abort(reason: unknown): void }) => attempt.abort(new Error('closing'))],
    ['the end of the attempt', (attempt: AsyncDisposable) => void attempt[Symbol.asyncDispose]()],
  ])('%s leaves the job alone', async (_name, end) => {
    const { system, task } = setting({ kind: 'keyed' });
    const attempt = await task.start();
    const job = system.job({ getStatus: async () => (end(attempt), { state: 'active' }) });
    const error = await attempt.context.run(job, 'clip').catch((thrown: unknown) => thrown);
    expect(isSuspension(error)).toBe(true);
    await attempt[Symbol.asyncDispose]();

    expect(system.cancelled).toEqual([]);
  });

  test('a job that was given up on hears why', async () => {
    const { system, task } = setting();
    const attempt = await task.start();
    const ended = system.job({ externalIdKey: 'ended' });
    const lost = system.job({ externalIdKey: 'lost', getStatus: async () => ({ state: 'unknown' }) });
    await attempt.context.run(ended, 'a');
    await attempt.context.run(lost, 'b').catch(() => undefined);
    attempt.cancel(new Error('the last attempt failed'), 'gave-up');
    await attempt[Symbol.asyncDispose]();

    expect(system.cancelled).toEqual(['job-2 gave-up']);
  });
});

describe('C99 what is told', () => {
  test('one decision event for each run', async () => {
    const { system, store, task } = setting({ activeLooks: 4 });

    await task.attempt((ctx) => ctx.run(system.job(), 'a secret input'));
    await task.attempt((ctx) => ctx.run(system.job(), 'a secret input'));

    expect(store.events).toEqual([
      { type: 'decision', decision: 'submitted', scope: TASK, externalIdKey: 'external_job_id', submission: 1, attempt: 1 },
      {
        type: 'decision',
        decision: 'already-succeeded',
        scope: TASK,
        externalIdKey: 'external_job_id',
        submission: 1,
        attempt: 2,
      },
    ]);
  });

  test('lines carry key and ID but no value', async () => {
    const lines: { level: string; fields: object; message: string }[] = [];
    const logger = Object.fromEntries(
      ['debug', 'info', 'warn', 'error'].map((level) => [
        level,
        (fields: object, message: string) => void lines.push({ level, fields, message }),
      ]),
    ) as Logger;
    const { system, task } = setting({ activeLooks: 4, store: { logger } });

    await task.attempt((ctx) => ctx.run(system.job(), 'a secret input'));
    await task.attempt((ctx) => ctx.run(system.job(), 'a secret input'));

    const text = JSON.stringify(lines);

    expect(lines).toContainEqual({
      level: 'debug',
      fields: expect.objectContaining({ externalId: 'job-1', state: 'active' }),
      message: 'polled',
    });
    expect(text).toContain('job-1');
    expect(text).toContain('external_job_id');
    expect(text).not.toContain('secret');
    expect(lines.filter(({ level }) => level === 'warn' || level === 'error')).toEqual([]);
  });

  test('the decision is told before the run waits', async () => {
    const { system, store, task } = setting();
    const told: number[] = [];
    const job = system.job({
      getStatus: async () => (told.push(decisions(store).length), { state: told.length > 2 ? 'succeeded' : 'active' }),
    });
    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(told).toEqual([1, 1, 1]);
  });

  test('a logger or a listener that throws changes nothing', async () => {
    const angry = (): never => {
      throw new Error('no');
    };
    const { system, task } = setting({
      store: { logger: { debug: angry, info: angry, warn: angry, error: angry }, onEvent: angry },
    });

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });
});

describe('one run for each external job and context', () => {
  test('a second run in the same context is a ConfigError', async () => {
    const { system, task } = setting();
    const attempt = await task.start();
    const { context } = attempt;
    await context.run(system.job(), 'a');
    await expect(context.run(system.job(), 'a')).rejects.toBeInstanceOf(ConfigError);
    await expect(context.submit(system.job(), 'a')).rejects.toBeInstanceOf(ConfigError);
    await context.run(system.job({ externalIdKey: 'other' }), 'a');
    await context.item('x').run(system.job(), 'a');
    await context.item(0).run(system.job(), 'a');

    await expect(context.item('x').run(system.job(), 'a')).rejects.toBeInstanceOf(ConfigError);
    expect(() => context.item('x').item('y')).toThrow(ConfigError);
    expect(system.jobs).toHaveLength(4);
    expect(new Set(system.jobs.map(({ key }) => key)).size).toBe(4);
  });

  test('a run during a submit of the same job is a ConfigError', async () => {
    const { system, task } = setting();
    const { context } = await task.start();
    const submitting = context.submit(system.job(), 'a');
    await expect(context.run(system.job(), 'a')).rejects.toBeInstanceOf(ConfigError);
    await submitting;

    expect(system.jobs).toHaveLength(1);
  });
});
