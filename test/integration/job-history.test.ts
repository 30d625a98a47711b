import { describe, expect, test } from '@jest/globals';
import { cancelExternalJobs, jobRecords, type JobRecord, type TaskContext } from '../../src/index.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { fakeClock, memoryStateStore } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { interceptMetastore } from '../support/intercept.ts';
import { TASK, testRuntime } from '../support/runtime.ts';

/** What records say of polls and of what happened, and what it costs to know. */

function setting(activeLooks = Infinity) {
  const clock = fakeClock();
  const calls: string[] = [];
  const metastore = interceptMetastore(memoryMetastore(), ({ method }, proceed) => {
    calls.push(method);
    return proceed();
  });
  const store = memoryStateStore({ clock, metastore });
  const records = jobRecords(store);
  const recordNow = async (): Promise<JobRecord> => (await records.get(TASK)) as JobRecord;
  const kinds = async (): Promise<string[]> => (await recordNow()).history.map(({ kind }) => kind);
  const system = externalSystem({ clock, activeLooks });
  return { clock, calls, records, recordNow, kinds, system, store, task: testRuntime(store) };
}

class Released extends Error {}

/** A runtime that takes the job back. */
const RELEASES = { release: () => Promise.reject(new Released('released')), wait: { mode: 'release', holdFor: 0 } } as const;

describe('a job that an attempt holds on to', () => {
  test('has the last poll in its record at the end', async () => {
    const { recordNow, system, task } = setting(5);
    system.progress = { percent: 40 };

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await recordNow()).toMatchObject({ state: 'succeeded', lastPoll: { state: 'succeeded', count: 6 } });
  });

  test('costs at most one more write a minute', async () => {
    const { calls, clock, system, task } = setting(60);
    const began = clock.now();

    await task.attempt((ctx) => ctx.run(system.job({ pollInterval: '5s' }), 'clip'));

    const minutes = (clock.now() - began) / 60_000;
    const writes = calls.filter((call) => call === 'records.refresh').length;
    expect(writes).toBeGreaterThanOrEqual(Math.floor(minutes) - 1);
    expect(writes).toBeLessThanOrEqual(Math.ceil(minutes));
  });

  test('costs no write more if it ends within a minute', async () => {
    const { calls, system, task } = setting(3);

    await task.attempt((ctx) => ctx.run(system.job({ pollInterval: '5s' }), 'clip'));

    expect(calls).not.toContain('records.refresh');
  });

  test('shows what it was like before its attempt was killed', async () => {
    const { recordNow, system, task, clock } = setting();
    const attempt = await task.start();
    let looks = 0;
    const job = system.job({
      pollInterval: '45s',
      getStatus: async () => {
        looks += 1;
        // An attempt that is killed hears nothing any more.
        return looks > 4 ? new Promise<never>(() => undefined) : { state: 'active', progress: looks };
      },
      callTimeout: '1h',
    });
    void attempt.context.run(job, 'clip').catch(() => undefined);
    while (looks < 5) await new Promise((resolve) => setImmediate(resolve));

    const { lastPoll } = await recordNow();

    expect(lastPoll).toMatchObject({ state: 'active', detail: undefined });
    expect(lastPoll?.count).toBeGreaterThanOrEqual(3);
    expect(lastPoll?.progress).toBe(lastPoll?.count);
    expect(lastPoll?.next?.getTime()).toBeGreaterThan(lastPoll?.at.getTime() ?? Infinity);
    expect(clock.now() - (lastPoll?.at.getTime() ?? 0)).toBeLessThan(120_000);
  });

  test('says why nobody knows its status', async () => {
    const { recordNow, system, task } = setting();
    const job = system.job({ getStatus: () => Promise.resolve({ state: 'unknown', detail: 'x'.repeat(500) }), unknownFor: '5m' });

    await task.attempt((ctx) => ctx.run(job, 'clip')).catch(() => undefined);

    const { lastPoll } = await recordNow();
    expect(lastPoll).toMatchObject({ state: 'unknown', detail: 'x'.repeat(200) });
  });

  test('tells the kind of an error, not its text', async () => {
    const { recordNow, system, task } = setting();
    const failing = (): never => {
      throw Object.assign(new Error('GET https://x/?token=secret'), { code: 'ECONNRESET' });
    };

    await task.attempt((ctx) => ctx.run(system.job({ getStatus: failing, unknownFor: '5m' }), 'clip')).catch(() => undefined);

    expect((await recordNow()).lastPoll).toMatchObject({ state: 'unknown', detail: 'getStatus failed (ECONNRESET)' });
  });

  test('goes on if the detail of a status is no text', async () => {
    const { recordNow, system, task } = setting();
    let looks = 0;
    const getStatus = async () => ((looks += 1) > 2 ? { state: 'succeeded' } : { state: 'unknown', detail: 503 }) as never;

    await task.attempt((ctx) => ctx.run(system.job({ getStatus }), 'clip'));

    expect(await recordNow()).toMatchObject({ state: 'succeeded' });
  });

  test('keeps no progress that is long', async () => {
    const { recordNow, system, task } = setting();
    system.progress = 'x'.repeat(2_000);

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), RELEASES).catch(() => undefined);

    expect((await recordNow()).lastPoll).toMatchObject({ state: 'active', progress: undefined });
  });
});

describe('a job that attempts release', () => {
  test('says that it was released and when it is asked for next', async () => {
    const { clock, recordNow, kinds, system, task } = setting();

    await task.attempt((ctx) => ctx.run(system.job({ pollInterval: '30s' }), 'clip'), RELEASES).catch(() => undefined);

    expect(await kinds()).toEqual(['submitted', 'released']);
    const { lastPoll } = await recordNow();
    expect(lastPoll).toMatchObject({ state: 'active', count: 1 });
    expect(lastPoll?.next?.getTime()).toBeGreaterThan(clock.now());
  });

  test('was not released if the runtime would not take it back', async () => {
    const { kinds, system, task } = setting(2);

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { ...RELEASES, release: () => Promise.resolve() });

    expect(await kinds()).toEqual(['submitted', 'succeeded']);
  });

  test('has one event for all its releases', async () => {
    const { recordNow, kinds, system, task } = setting();
    const job = system.job({ pollInterval: '30s' });

    for (let starts = 0; starts < 4; starts += 1) {
      await task.attempt((ctx) => ctx.run(job, 'clip'), RELEASES).catch(() => undefined);
    }

    expect(await kinds()).toEqual(['submitted', 'released']);
    expect((await recordNow()).lastPoll).toMatchObject({ count: 4 });
  });
});

describe('what happened', () => {
  test('a killed attempt has no end in the history', async () => {
    const { recordNow, system, task } = setting(1);
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G8' }).catch(() => undefined);

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect((await recordNow()).history).toMatchObject([
      { kind: 'submitted', submission: 1, attempt: 1 },
      { kind: 'reconnected', submission: 1, attempt: 2 },
      { kind: 'succeeded', submission: 1, attempt: 2 },
    ]);
  });

  test('a refused submit is in it', async () => {
    const { kinds, system, task } = setting(0);
    const { NotSubmittedError } = await import('../../src/index.ts');
    const refusing = system.job({ submit: () => Promise.reject(new NotSubmittedError('full', { retryable: true })) });
    await task.attempt((ctx) => ctx.run(refusing, 'clip')).catch(() => undefined);

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await kinds()).toEqual(['submitted', 'refused', 'submitted', 'succeeded']);
  });

  test('a cancel is in it, while the record says submitted', async () => {
    const { kinds, recordNow, store, system, task } = setting();
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));

    await cancelExternalJobs(store, TASK, [system.job()]);

    expect(await kinds()).toEqual(['submitted', 'cancelled']);
    expect(await recordNow()).toMatchObject({ state: 'submitted', history: [{}, { attempt: undefined }] });
  });

  test('no cancel is in it if the job had ended before', async () => {
    const { kinds, store, system, task } = setting();
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
    system.succeed();

    await cancelExternalJobs(store, TASK, [system.job()]);

    expect(await kinds()).toEqual(['submitted']);
  });

  test('only the last 20 events are kept', async () => {
    const { kinds, system, task } = setting();
    const failing = system.job({ getStatus: () => Promise.resolve({ state: 'failed', reason: 'no', retryable: true }) });

    for (let starts = 0; starts < 15; starts += 1) {
      await task.attempt((ctx) => ctx.run(failing, 'clip')).catch(() => undefined);
    }

    const seen = await kinds();
    expect(seen).toHaveLength(20);
    expect(seen.slice(-2)).toEqual(['resubmitted', 'failed']);
  });
});

describe('what was not run twice', () => {
  const today = async ({ records }: ReturnType<typeof setting>) => (await records.savings({ days: 1 }))[0];

  test('is the time that a found job had run', async () => {
    const world = setting();
    const { clock, system, task } = world;
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G8' }).catch(() => undefined);
    clock.advance('90m');
    system.succeed();

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    const saved = await today(world);
    expect(saved).toMatchObject({ day: new Date(clock.now()).toISOString().slice(0, 10), reconnects: 1, costs: {} });
    expect(saved?.hours).toBeCloseTo(1.5, 2);
  });

  test('is the whole time of a job whose result was recorded', async () => {
    const world = setting();
    const { clock, system, task } = world;
    await task.attempt((ctx) => ctx.submit(system.job(), 'clip'));
    clock.advance('2h');
    system.succeed();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G11' }).catch(() => undefined);
    clock.advance('5h');

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    // Found by the second attempt after two hours, and by the third as a result of two hours.
    expect(await today(world)).toMatchObject({ reconnects: 2 });
    expect((await today(world))?.hours).toBeCloseTo(4, 2);
  });

  test('has a price if the job states one', async () => {
    const world = setting();
    const { clock, system, task } = world;
    const job = system.job({ describe: () => ({ costPerHour: { amount: 3, currency: 'EUR' } }) });
    await task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G8' }).catch(() => undefined);
    clock.advance('2h');
    system.succeed();

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect((await today(world))?.costs['EUR']).toBeCloseTo(6, 2);
  });

  test.each([
    { amount: -1, currency: 'EUR' },
    { amount: Number.NaN, currency: 'EUR' },
    { amount: 1, currency: 'euro' },
  ])('an invalid price leaves the description out: %j', async (costPerHour) => {
    const { recordNow, system, task } = setting();

    await task.attempt((ctx) => ctx.submit(system.job({ describe: () => ({ title: 'clip', costPerHour }) }), 'clip'));

    expect(await recordNow()).toMatchObject({ state: 'submitted', description: undefined });
  });

  test('is nothing if a released job comes back', async () => {
    const world = setting();
    const { system, task } = world;
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), RELEASES).catch(() => undefined);
    system.succeed();

    await task.attempt((ctx) => ctx.run(system.job(), 'clip'), RELEASES);

    expect(await today(world)).toMatchObject({ reconnects: 0, hours: 0 });
  });

  test('is counted once for a job that had succeeded before the attempt was released', async () => {
    const world = setting();
    const { clock, system, task } = world;
    const first = system.job({ externalIdKey: 'first' });
    await task.attempt((ctx) => ctx.submit(first, 'clip'), RELEASES);
    clock.advance('2h');
    system.succeed('job-1');
    const both = async (ctx: TaskContext): Promise<void> => {
      await ctx.run(first, 'clip');
      await ctx.run(system.job(), 'clip');
    };

    for (let starts = 0; starts < 5; starts += 1) await task.attempt(both, RELEASES).catch(() => undefined);

    expect(await today(world)).toMatchObject({ reconnects: 1 });
  });

  test.each([0, 1.5, 401, '7' as never])('days of %p are refused', async (days) => {
    const { records } = setting();

    await expect(records.savings({ days })).rejects.toMatchObject({ code: 'mooring.config', option: 'days' });
  });
});

test('the summary counts by flow and state', async () => {
  const { clock, records, store, system } = setting();
  const began = clock.now();
  for (const [at, flow] of ['a', 'a', 'b/c'].entries()) {
    const attempt = await testRuntime(store).start({ scope: { flow, run: String(at), task: 't' } });
    await attempt.context.submit(system.job(), 'clip');
    clock.advance('1h');
  }

  const summary = await records.summary();

  expect(summary.toSorted((one, other) => (one.flow < other.flow ? -1 : 1))).toEqual([
    { flow: 'a', state: 'submitted', count: 2, oldest: new Date(began) },
    { flow: 'b/c', state: 'submitted', count: 1, oldest: new Date(began + 2 * 3_600_000) },
  ]);
});
