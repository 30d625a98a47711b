import { inspect } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import {
  ConfigError,
  InvalidKeyError,
  isSuspension,
  jobRecords,
  NotSubmittedError,
  StaleAttemptError,
  StoreUnavailableError,
  type RetryAfter,
} from '../../src/index.ts';
import { beginAttempt, type AttemptOptions } from '../../src/adapter-kit.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { fakeClock, memoryStateStore } from '../../src/testing.ts';
import { externalSystem, type ExternalSystemOptions } from '../support/external-system.ts';
import { interceptMetastore, recorder, type InterceptOperation } from '../support/intercept.ts';
import { TASK, testRuntime, type FenceKind } from '../support/runtime.ts';
import { until } from '../support/until.ts';

function setting(options: Partial<ExternalSystemOptions> & { intercept?: InterceptOperation; fence?: FenceKind } = {}) {
  const { intercept = (_call, proceed) => proceed(), fence = 'ordered', ...systemOptions } = options;
  const clock = fakeClock();
  const store = memoryStateStore({ clock, metastore: interceptMetastore(memoryMetastore(), intercept) });
  return {
    clock,
    store,
    system: externalSystem({ clock, activeLooks: 1, ...systemOptions }),
    task: testRuntime(store, { fence }),
  };
}

const thrown = (error: unknown): unknown => error;

describe('round trips', () => {
  /** No attempt waits until what it saved is counted. */
  const awaited = (calls: readonly string[]) => calls.filter((call) => call !== 'savings.add');

  test.each([
    ['ordered', 4, 1],
    ['drawn', 5, 2],
  ] as const)(
    'with a fence that is %s: %i for a fresh submit, wait and finish, %i for a reconnect',
    async (fence, fresh, reconnect) => {
      const { calls, intercept } = recorder();
      const { system, task } = setting({ fence, intercept, activeLooks: 3 });
      const attempt = await task.start();
      calls.length = 0;
      await attempt.context.run(system.job(), 'clip');
      expect(calls).toHaveLength(fresh);

      const submitted = system.job({ externalIdKey: 'other' });
      await attempt.context.submit(submitted, 'clip');
      const next = await task.start();
      calls.length = 0;
      await next.context.submit(submitted, 'clip');
      expect(awaited(calls)).toHaveLength(reconnect);
      calls.length = 0;
      await (await task.start()).context.run(system.job(), 'clip');
      expect(awaited(calls)).toHaveLength(reconnect);
    },
  );

  test('nothing before the first use of state', async () => {
    const { calls, intercept } = recorder();
    const { task } = setting({ intercept, fence: 'drawn' });
    await task.attempt(async (ctx) => {
      ctx.idempotencyKey('mail');
      ctx.item('x');
      ctx.asset({ name: 'catalogue' });
      return ctx.attempt;
    });

    expect(calls.filter((call) => call !== 'fences.draw')).toEqual([]);
  });

  test('uses at the same time take the fence once', async () => {
    const { calls, intercept } = recorder();
    const { system, task } = setting({ intercept, fence: 'drawn' });
    const { context } = await task.start();
    calls.length = 0;
    await Promise.all([
      context.run(system.job(), 'a'),
      context.run(system.job({ externalIdKey: 'b' }), 'b'),
      context.state.set('cursor', 1),
    ]);

    expect(calls.filter((call) => call === 'fences.draw')).toHaveLength(1);
  });

  test('a beginning that failed is tried again at the next use', async () => {
    let failures = 1;
    const { system, task } = setting({
      intercept: ({ method }, proceed) =>
        method === 'fences.begin' && failures-- > 0 ? Promise.reject(new StoreUnavailableError('down')) : proceed(),
    });
    const { context } = await task.start();

    await expect(context.state.get('x')).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(await context.run(system.job(), 'clip')).toBe('result of job-1');
  });
});

describe('what does not answer', () => {
  test('a write-ahead that is refused submits nothing', async () => {
    let down = true;
    const { system, task, store } = setting({
      intercept: ({ method }, proceed) =>
        down && method === 'records.write' ? Promise.reject(new StoreUnavailableError('down')) : proceed(),
    });

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toBeInstanceOf(StoreUnavailableError);
    expect(system.calls).toEqual([]);
    expect(await jobRecords(store).get(TASK)).toBeUndefined();

    down = false;
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
  });

  test.each([
    ['a proof', { fence: { kind: 'drawn', prove: () => new Promise<boolean>(() => undefined) } }],
    ['a release', { release: () => new Promise<never>(() => undefined), wait: { mode: 'release', holdFor: 1 } }],
  ] as const)('%s is given up on', async (_name, options) => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock, commandTimeout: '10ms' });
    const system = externalSystem({ clock, activeLooks: 100 });
    const attempt = await testRuntime(store).start(options);

    await expect(attempt.context.run(system.job(), 'clip')).rejects.toMatchObject({ code: 'mooring.store-unavailable' });

    await attempt[Symbol.asyncDispose]();
  });

  test('a search that is given up on withdraws the submission', async () => {
    const { system, task, store } = setting({ kind: 'findable' });
    await task.start();
    const silent = system.job({ callTimeout: '10ms', find: () => new Promise(() => undefined) });

    await expect(task.attempt((ctx) => ctx.run(silent, 'clip'))).rejects.toMatchObject({ code: 'mooring.outcome-unknown' });
    expect(await jobRecords(store).get(TASK)).toBeUndefined();
    expect(system.calls).not.toContain('submit');
  });

  test('a cancellation that is given up on does not keep the attempt from ending', async () => {
    const { system, task } = setting();
    const attempt = await task.start();
    const job = system.job({
      callTimeout: '10ms',
      cancel: () => new Promise(() => undefined),
      getStatus: async () => (attempt.cancel(new Error('stop')), { state: 'active' }),
    });

    await expect(attempt.context.run(job, 'clip')).rejects.toThrow('stop');

    await attempt[Symbol.asyncDispose]();
  });
});

describe('the state of an attempt', () => {
  test('is fenced: what was superseded writes no more', async () => {
    const { store, task } = setting();
    const old = await task.start();
    await old.context.state.set('cursor', 1);
    const next = await task.start();
    await next.context.state.set('cursor', 2);

    await expect(old.context.state.set('cursor', 3)).rejects.toBeInstanceOf(StaleAttemptError);
    expect(old.context.signal.aborted).toBe(true);
    expect(isSuspension(old.context.signal.reason)).toBe(true);
    await expect(old.context.state.get('cursor')).rejects.toBe(old.context.signal.reason);
    expect(await store.task(TASK).get('cursor')).toBe(2);
  });

  test('is apart for each item', async () => {
    const { store, task } = setting();
    const { context } = await task.start();
    await context.state.set('k', 'task');
    await context.item('a').state.set('k', 'by key');
    await context.item(0).state.set('k', 'by index');

    expect(await store.task(TASK).get('k')).toBe('task');
    expect(await store.task({ ...TASK, itemKey: 'a' }).get('k')).toBe('by key');
    expect(await store.task({ ...TASK, mapIndex: 0 }).get('k')).toBe('by index');
    expect((await store.task({ ...TASK, mapIndex: 0 }).getEntry('k'))?.writer).toEqual({ ...TASK, mapIndex: 0 });
  });

  test('of an asset is not fenced', async () => {
    const { store, task } = setting();
    const old = await task.start();
    await (await task.start()).context.state.set('x', 1);
    await old.context.asset({ name: 'catalogue' }).set('revision', 7);
    const entry = await store.asset({ name: 'catalogue' }).getEntry('revision');

    expect(entry).toMatchObject({ value: 7, writer: TASK });
  });

  test('is of no use after the end', async () => {
    const { system, task } = setting({ activeLooks: Infinity });
    const attempt = await task.start();
    const running = attempt.context.run(system.job(), 'clip').catch(thrown);
    await until(() => system.calls.includes('getStatus'));
    await attempt[Symbol.asyncDispose]();
    expect(isSuspension(await running)).toBe(true);
    await expect(attempt.context.state.set('x', 1)).rejects.toBeInstanceOf(StaleAttemptError);
    const looks = system.calls.length;
    await new Promise((resolve) => void setImmediate(() => setImmediate(resolve)));

    expect(system.calls).toHaveLength(looks);
  });

  test('idempotencyKey() is the same in every attempt', async () => {
    const { task } = setting();
    const [one, two] = [await task.start(), await task.start()];

    const key = one.context.idempotencyKey('mail');

    expect(key).toMatch(/^m[a-z2-7]{39}$/);
    expect(two.context.idempotencyKey('mail')).toBe(key);
  });

  test('idempotencyKey() is another for each name, item and life of the job', async () => {
    const { store, task } = setting();
    const one = await task.start();
    const reborn = await testRuntime(store, { createdAt: new Date(0) }).start();

    const key = one.context.idempotencyKey('mail');
    const others = [
      one.context.idempotencyKey('bill'),
      one.context.item('a').idempotencyKey('mail'),
      reborn.context.idempotencyKey('mail'),
    ];

    expect(new Set([key, ...others]).size).toBe(4);
  });
});

describe('succeed()', () => {
  test.each(['ordered', 'drawn'] as const)(
    'with a fence that is %s: the state ends a day after the completion',
    async (fence) => {
      const { clock, store, system, task } = setting({ fence });
      await task.attempt(async (ctx) => {
        await ctx.item('a').state.set('k', 1);
        await ctx.state.set('k', 1);
        return ctx.run(system.job(), 'clip');
      });
      clock.advance('23h');
      expect(await store.task(TASK).get('k')).toBe(1);
      clock.advance('1h');

      expect(await store.task(TASK).get('k')).toBeUndefined();
      expect(await store.task({ ...TASK, itemKey: 'a' }).get('k')).toBeUndefined();
    },
  );

  test('logs what went wrong instead of rejecting', async () => {
    const { task } = setting({
      intercept: ({ method }, proceed) =>
        method === 'fences.settle' ? Promise.reject(new StoreUnavailableError('down')) : proceed(),
    });
    const warn = jest.fn();
    const attempt = await task.start({ logger: { debug: () => undefined, info: () => undefined, warn, error: () => undefined } });
    await attempt.context.state.set('k', 1);
    await attempt[Symbol.asyncDispose]();
    await attempt.succeed();

    expect(warn).toHaveBeenCalledTimes(1);
  });

  test('keeps everything where it is to be kept for ever', async () => {
    const { calls, intercept } = recorder();
    const { task } = setting({ intercept });
    await task.attempt((ctx) => ctx.state.set('k', 1), { clearAfterSuccess: 'forever' });

    expect(calls).not.toContain('fences.settle');
  });
});

describe('waiting by release', () => {
  class Delayed extends Error {}

  /** A runtime that starts a released task again after its time. */
  async function released(
    parts: ReturnType<typeof setting>,
    process: Parameters<ReturnType<typeof testRuntime>['attempt']>[0],
  ): Promise<{ result: unknown; releases: number[] }> {
    const releases: number[] = [];
    for (;;) {
      const attempt = await parts.task.start({
        release: async (after) => {
          releases.push(Number(after));
          throw new Delayed();
        },
      });
      try {
        return { result: await process(attempt.context), releases };
      } catch (error) {
        if (!(error instanceof Delayed)) throw error;
        expect(isSuspension(error)).toBe(true);
        parts.clock.advance(releases.at(-1) as number);
      } finally {
        await attempt[Symbol.asyncDispose]();
      }
    }
  }

  test('frees the slot between polls after it held for a while', async () => {
    const parts = setting({ activeLooks: 12 });
    const { result, releases } = await released(parts, (ctx) =>
      ctx.run(parts.system.job(), 'clip', { wait: { mode: 'release', holdFor: '10s' } }),
    );

    expect(result).toBe('result of job-1');
    expect(parts.system.jobs).toHaveLength(1);
    expect(releases.length).toBeGreaterThan(3);
    expect(releases.length).toBeLessThan(10);
    expect(Math.max(...releases)).toBeLessThanOrEqual(30_000);
    expect(releases.at(-1)).toBeGreaterThan(20_000);
  });

  test('a short job is never let go of', async () => {
    const parts = setting({ activeLooks: 3 });
    const { releases } = await released(parts, (ctx) => ctx.run(parts.system.job(), 'clip', { wait: { mode: 'release' } }));

    expect(releases).toEqual([]);
  });

  describe('for an external system that is busy', () => {
    const refusing = (
      parts: ReturnType<typeof setting>,
      times: number,
      options: { retryable?: boolean; retryAfter?: RetryAfter } = {},
    ) => {
      let left = times;
      return parts.system.job({
        submit: async (input, context) => {
          if (left-- > 0) throw new NotSubmittedError('429', { retryAfter: '30s', ...options });
          return parts.system.job().submit(input, context);
        },
      });
    };

    const wait = { mode: 'release', holdFor: '10s' } as const;

    test('a run that releases is handed back for as long as it asked', async () => {
      const parts = setting();
      const job = refusing(parts, 2);
      const { result, releases } = await released(parts, (ctx) => ctx.run(job, 'clip', { wait }));

      expect(result).toBe('result of job-1');
      expect(releases).toEqual([30_000, 30_000]);
    });

    test.each([
      ['30', 30_000],
      ['0', 1_000],
    ])('the Retry-After header %s is waited for: %i milliseconds', async (header, ms) => {
      const parts = setting();
      const job = refusing(parts, 1, { retryAfter: header });
      const { releases } = await released(parts, (ctx) => ctx.run(job, 'clip', { wait: { mode: 'release', holdFor: 0 } }));

      expect(releases[0]).toBe(ms);
    });

    test('without a Retry-After header the refusal passes', async () => {
      const parts = setting();
      const job = refusing(parts, 1, { retryAfter: new Headers().get('retry-after') });

      await expect(parts.task.attempt((ctx) => ctx.run(job, 'clip'))).rejects.toMatchObject({ code: 'mooring.not-submitted' });
    });

    test('a run that holds, holds for that time', async () => {
      const parts = setting();
      const { clock } = parts;
      const start = clock.now();
      const { result, releases } = await released(parts, (ctx) => ctx.run(refusing(parts, 2), 'clip'));

      expect(result).toBe('result of job-1');
      expect(releases).toEqual([]);
      expect(clock.now() - start).toBeGreaterThanOrEqual(60_000);
    });

    test('a runtime that would rather keep the attempt has it hold for that time', async () => {
      const parts = setting();
      const asked: unknown[] = [];
      const attempt = await parts.task.start({ release: async (...given) => void asked.push(given) });

      await expect(attempt.context.run(refusing(parts, 2), 'clip', { wait })).resolves.toBe('result of job-1');
      expect(asked).toEqual([
        [30_000, 'submit'],
        [30_000, 'submit'],
      ]);

      await attempt[Symbol.asyncDispose]();
    });

    test('while a run holds the attempt, the refused one is over later', async () => {
      const parts = setting({ activeLooks: 20 });
      const { clock } = parts;
      const start = clock.now();
      const held = parts.system.job({ externalIdKey: 'held' });
      const short = { ...refusing(parts, 1), getStatus: async () => ({ state: 'succeeded' }) as const };
      const { releases } = await released(parts, (ctx) =>
        Promise.all([ctx.run(held, 'a', { wait: { mode: 'hold' } }), ctx.run(short, 'b', { wait })]),
      );

      expect(releases).toEqual([]);
      expect(clock.now() - start).toBeGreaterThanOrEqual(30_000);
      expect(parts.system.jobs).toHaveLength(2);
    });

    test('a refusal for good passes', async () => {
      const parts = setting();
      const refused = released(parts, (ctx) => ctx.run(refusing(parts, 1, { retryable: false }), 'clip', { wait }));

      await expect(refused).rejects.toBeInstanceOf(NotSubmittedError);
    });
  });

  test('runs at the same time let go when all of them wait, until the earliest poll', async () => {
    const parts = setting();
    const wait = { mode: 'release', holdFor: '1s' } as const;
    let busy = true;
    const slow = parts.system.job({
      externalIdKey: 'slow',
      getStatus: async () => ({ state: parts.clock.now() > start + 500_000 ? 'succeeded' : 'active', nextPoll: '100s' }),
    });
    const quick = parts.system.job({
      externalIdKey: 'quick',
      submit: async (input, context) => {
        // While this one submits, the other one keeps the slot.
        await parts.clock.sleep(250_000);
        busy = false;
        return parts.system.job().submit(input, context);
      },
      submitTimeout: '10m',
      getStatus: async () => ({ state: parts.clock.now() > start + 400_000 ? 'succeeded' : 'active', nextPoll: '30s' }),
    });
    const start = parts.clock.now();
    const { result, releases } = await released(parts, (ctx) =>
      Promise.all([ctx.run(slow, 'a', { wait }), ctx.run(quick, 'b', { wait })]),
    );

    expect(busy).toBe(false);
    expect(result).toHaveLength(2);
    expect(parts.system.jobs).toHaveLength(2);
    expect(releases[0]).toBeLessThanOrEqual(30_000);
    expect(releases.length).toBeGreaterThan(3);
  });

  test('one run that holds keeps the slot for all', async () => {
    const parts = setting({ activeLooks: 8 });
    const { releases } = await released(parts, (ctx) =>
      Promise.all([
        ctx.run(parts.system.job(), 'a', { wait: { mode: 'release', holdFor: '1s' } }),
        ctx.run(parts.system.job({ externalIdKey: 'b' }), 'b', { wait: { mode: 'hold' } }),
      ]),
    );

    expect(releases).toEqual([]);
  });

  test('is a ConfigError where the runtime cannot', async () => {
    const { system, task } = setting();
    const attempt = await task.start();

    await expect(attempt.context.run(system.job(), 'clip', { wait: { mode: 'release' } })).rejects.toMatchObject({
      option: 'wait.mode',
    });
    expect(system.jobs).toHaveLength(0);
    await expect(task.start({ wait: { mode: 'release' } })).rejects.toBeInstanceOf(ConfigError);
  });

  test('is how all runs wait where the adapter says so', async () => {
    const { system, task } = setting({ activeLooks: 50 });
    const attempt = await task.start({
      wait: { mode: 'release', holdFor: '1s' },
      release: () => Promise.reject(new Delayed()),
    });

    await expect(attempt.context.run(system.job(), 'clip')).rejects.toBeInstanceOf(Delayed);
    expect(attempt.context.signal.reason).toBeInstanceOf(Delayed);
  });
});

describe('waiting by hold', () => {
  test('asks more rarely as the job grows older, unless the external system wishes otherwise', async () => {
    const { clock, system, task } = setting();
    const asked: number[] = [];
    const job = system.job({
      getStatus: async () => {
        asked.push(clock.now());
        return asked.length > 30
          ? { state: 'succeeded' }
          : { state: 'active', ...(asked.length === 25 && { nextPoll: '7m' as const }) };
      },
    });
    await task.attempt((ctx) => ctx.run(job, 'clip'));
    const gaps = asked.slice(1).map((time, index) => time - asked[index]!);

    expect(gaps[0]).toBeGreaterThanOrEqual(750);
    expect(gaps[0]).toBeLessThanOrEqual(1_000);
    expect(gaps[23]).toBeGreaterThanOrEqual(22_500);
    expect(gaps[23]).toBeLessThanOrEqual(30_000);
    expect(gaps[24]).toBe(420_000);
    expect(new Set(gaps.slice(12, 20)).size).toBeGreaterThan(1);
  });

  test.each([
    ['seconds', () => '420', 420_000],
    ['a date, by the clock of the store', (now: number) => new Date(now + 420_000).toUTCString(), 420_000],
    ['0, which would be a loop without a pause', () => '0', 1_000],
    ['57 years', () => '1795363200', 86_400_000],
    ['a text that is none, as pollInterval says', () => 'soon', 1_000],
  ])('asks when a Retry-After header says: %s', async (_what, header, expected) => {
    const { clock, system, task } = setting();
    const asked: number[] = [];
    const job = system.job({
      pollInterval: '1s',
      getStatus: async () => {
        asked.push(clock.now());
        return asked.length > 1 ? { state: 'succeeded' } : { state: 'active', nextPoll: header(clock.now()) };
      },
    });

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect(asked).toHaveLength(2);
    expect(asked[1]! - asked[0]!).toBeLessThanOrEqual(expected);
    expect(asked[1]! - asked[0]!).toBeGreaterThan(expected - 1_000);
  });

  test('a signal of the run stops only the waiting', async () => {
    const { system, task } = setting({ activeLooks: 100 });
    const { context } = await task.start();
    const controller = new AbortController();
    const job = system.job({ getStatus: async () => (controller.abort(new Error('enough')), { state: 'active' }) });

    await expect(context.run(job, 'clip', { signal: controller.signal })).rejects.toThrow('enough');
    expect(context.signal.aborted).toBe(false);
    expect(system.cancelled).toEqual([]);

    await context.state.set('still', 'here');
  });

  test('a listener of reports that fails hears of each state', async () => {
    const { system, task } = setting();
    const heard: unknown[] = [];
    let looks = 0;
    const job = system.job({
      getStatus: async () => ((looks += 1) > 2 ? { state: 'succeeded' } : { state: 'active', progress: { percent: looks } }),
    });
    await task.attempt((ctx) => ctx.run(job, 'clip'), {
      onReport: ({ state, progress, externalId }) => {
        heard.push([state, progress, externalId]);
        throw new Error('no');
      },
    });

    expect(heard).toEqual([
      ['active', undefined, 'job-1'],
      ['active', { percent: 1 }, 'job-1'],
      ['active', { percent: 2 }, 'job-1'],
      ['succeeded', undefined, 'job-1'],
      ['succeeded', undefined, 'job-1'],
    ]);
  });
});

/** What ioredis rejects with: the command is in it, and the arguments of the command. */
function replyError(): Error {
  return Object.assign(new Error('NOAUTH'), { name: 'ReplyError', command: { name: 'evalsha', args: ['lock-token'] } });
}

describe('the proof that the runtime holds the job', () => {
  test('that fails is a retryable error of this library, without what the client sent', async () => {
    const { task } = setting({ fence: 'drawn' });
    const attempt = await task.start({ fence: { kind: 'drawn', prove: () => Promise.reject(replyError()) } });
    const error = await attempt.context.state.get('k').catch(thrown);

    expect(error).toBeInstanceOf(StoreUnavailableError);
    expect(error).toMatchObject({ retryable: true, message: expect.stringContaining('NOAUTH') });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('lock-token');
  });

  test('is awaited no longer than the signal of the call', async () => {
    const { task } = setting({ fence: 'drawn' });
    let prove = (): void => undefined;
    const proof = new Promise<boolean>((resolve) => (prove = () => resolve(true)));
    const attempt = await task.start({ fence: { kind: 'drawn', prove: () => proof } });
    const stop = new AbortController();
    const waiting = attempt.context.state.set('k', 1, { signal: stop.signal }).catch(thrown);
    stop.abort(new Error('the caller left'));
    expect(await waiting).toMatchObject({ message: 'the caller left' });
    expect(attempt.context.signal.aborted).toBe(false);
    prove();
    await attempt.context.state.set('k', 2, { signal: new AbortController().signal });

    expect(await attempt.context.state.get('k')).toBe(2);
  });
});

describe('a suspension', () => {
  test.each([[new Error('closing')], ['closing'], [undefined], [Object.freeze(new Error('frozen'))]])(
    'of %p is one',
    async (reason) => {
      const { task } = setting();
      const attempt = await task.start();
      attempt.abort(reason);
      attempt.abort(new Error('later'));
      const error = attempt.context.signal.reason as Error;

      expect(isSuspension(error)).toBe(true);
      if (reason instanceof Error && Object.isExtensible(reason)) expect(error).toBe(reason);
      else expect(error.cause).toBe(reason);

      await expect(attempt.context.state.get('x')).rejects.toBe(error);
    },
  );

  test('of the runtime’s signal is the end, also where it was aborted before', async () => {
    const { system, task } = setting();
    const reason = new Error('shutdown');
    const attempt = await task.start({ signal: AbortSignal.abort(reason) });

    await expect(attempt.context.run(system.job(), 'clip')).rejects.toBe(reason);
    expect(system.jobs).toHaveLength(0);
  });

  test.each([[new Error('x')], [undefined], ['text'], [null]])('%p is none', (error) => {
    expect(isSuspension(error)).toBe(false);
  });
});

describe('bad options of an attempt', () => {
  const good: AttemptOptions = {
    scope: TASK,
    attempt: 1,
    first: true,
    createdAt: new Date(0),
    fence: { kind: 'ordered', order: [1, 1] },
  };
  test.each([
    ['attempt', { attempt: 0 }],
    ['attempt', { attempt: 1.5 }],
    ['first', { first: 'yes' }],
    ['createdAt', { createdAt: new Date(Number.NaN) }],
    ['createdAt', { createdAt: 5 }],
    ['fence.kind', { fence: { kind: 'random' } }],
    ['fence.kind', { fence: undefined }],
    ['fence.prove', { fence: { kind: 'drawn', prove: 'yes' } }],
    ['fence.order', { fence: { kind: 'ordered', order: [0, 0] } }],
    ['fence.order', { fence: { kind: 'ordered', order: [-1, 1] } }],
    ['fence.order', { fence: { kind: 'ordered', order: [1, 100_000_000] } }],
    ['patience', { patience: 0 }],
    ['jobId', { jobId: '' }],
    ['externalJobs', { externalJobs: {} }],
    ['submit', { externalJobs: [{ getStatus: () => undefined }] }],
    ['onCancelRequest', { onCancelRequest: 'stop' }],
    ['clearAfterSuccess', { clearAfterSuccess: 0 }],
    ['wait.mode', { wait: { mode: 'poll' } }],
    ['wait.holdFor', { wait: { mode: 'release', holdFor: -1 }, release: () => Promise.reject(new Error()) }],
  ])('%s', async (option, bad) => {
    const { calls, intercept } = recorder();
    const { store } = setting({ intercept });

    expect(() => beginAttempt(store, { ...good, ...bad } as AttemptOptions)).toThrow(
      expect.objectContaining({ code: 'mooring.config', option }),
    );
    expect(calls).toEqual([]);
  });

  test('a scope that cannot be a path, a store that is none, an item that is none', async () => {
    const { store, task } = setting();
    expect(() => beginAttempt(store, { ...good, scope: { ...TASK, flow: '' } })).toThrow(InvalidKeyError);
    expect(() => beginAttempt({} as typeof store, good)).toThrow(expect.objectContaining({ option: 'store' }));
    const deep = { flow: 'f'.repeat(200), run: 'r'.repeat(200), task: 't'.repeat(200) };
    const { system } = setting();
    const long = await task.start({ scope: deep });
    await expect(long.context.run(system.job({ externalIdKey: 'k'.repeat(200) }), 'x')).rejects.toBeInstanceOf(InvalidKeyError);
    expect(system.jobs).toHaveLength(0);
    const { context } = await task.start();

    expect(() => context.item({} as never)).toThrow(ConfigError);
    expect(() => context.item('')).toThrow(InvalidKeyError);
    expect(() => context.item(-1)).toThrow(InvalidKeyError);
    expect(() => context.idempotencyKey('')).toThrow(ConfigError);
  });
});
