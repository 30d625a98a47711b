import { ApplicationFailure, CancelledFailure } from '@temporalio/activity';
import { describe, expect, test } from '@jest/globals';
import { taskContext } from '../../../adapters/temporal/index.ts';
import { StoreUnavailableError, type StateStore } from '../../../src/index.ts';
import { memoryMetastore, memoryStateStore } from '../../../src/testing.ts';
import { interceptMetastore } from '../../support/intercept.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import { begin, failureOf } from './rig.ts';

/** A store that is away is no failure of the activity: it costs no attempt. */

const FEW = {
  retryPolicy: { maximumAttempts: 3 },
  heartbeatTimeoutMs: 300,
  scheduleToCloseTimeoutMs: 0,
  startToCloseTimeoutMs: 60_000,
};

/** A store whose first calls fail. */
function awayFor(calls: number): { store: StateStore; failed: () => number } {
  let failed = 0;
  const metastore = interceptMetastore(memoryMetastore(), ({ method }, proceed) => {
    if (method !== 'fences.begin' || failed === calls) return proceed();
    failed += 1;
    throw new StoreUnavailableError('connection refused', { store: 'memory' });
  });
  return { store: memoryStateStore({ metastore }), failed: () => failed };
}

describe('with attempts without limit', () => {
  test.each([
    [1, 1_000],
    [3, 4_000],
    [400, 30_000],
  ])('attempt %i is handed back for a while that grows', async (attempt, delay) => {
    const running = begin(
      () => taskContext().state.get('key'),
      { attempt, scheduleToCloseTimeoutMs: 0 },
      { store: awayFor(Infinity).store },
    );

    await expect(failureOf(running.result)).resolves.toMatchObject({
      type: 'mooring.store-unavailable',
      nonRetryable: false,
      category: 'BENIGN',
      nextRetryDelay: delay,
    });
  });

  test('an error that was caused by the outage is one', async () => {
    const running = begin(
      () =>
        taskContext()
          .state.get('key')
          .catch((cause: unknown) => Promise.reject(new Error('no page', { cause }))),
      { scheduleToCloseTimeoutMs: 0 },
      { store: awayFor(Infinity).store },
    );

    await expect(failureOf(running.result)).resolves.toMatchObject({ type: 'mooring.store-unavailable', nextRetryDelay: 1_000 });
  });

  test('a failure of the user’s own passes, whatever caused it', async () => {
    const running = begin(
      () =>
        taskContext()
          .state.get('key')
          .catch((cause: Error) => Promise.reject(ApplicationFailure.create({ nonRetryable: true, type: 'Own', cause }))),
      {},
      { store: awayFor(Infinity).store },
    );

    await expect(failureOf(running.result)).resolves.toMatchObject({ type: 'Own', nonRetryable: true });
  });
});

describe('with a limit of attempts', () => {
  test('the activity begins again in the same attempt', async () => {
    const { store } = awayFor(1);
    const system = externalSystem({ activeLooks: 0 });
    const starts: number[] = [];
    const attempt = begin(
      async () => {
        await Promise.resolve();
        starts.push(attempt.heartbeats.length);
        return taskContext().run(system.job(), 'clip');
      },
      FEW,
      { store },
    );
    await expect(attempt.result).resolves.toBe('result of job-1');
    expect(system.submits).toBe(1);
    const [first = 0, second = 0] = starts;

    expect(second).toBeGreaterThan(first + 2);
  });

  test('what one run of the code wrote is there for the next, which owns it', async () => {
    let away = false;
    const metastore = interceptMetastore(memoryMetastore(), ({ method }, proceed) => {
      if (!away || method !== 'fences.begin') return proceed();
      away = false;
      throw new StoreUnavailableError('connection refused', { store: 'memory' });
    });
    const cursors: unknown[] = [];
    const zombies: Promise<unknown>[] = [];
    const attempt = begin(
      async () => {
        const { state, item } = taskContext<{ cursor: number }>();
        cursors.push(await state.get('cursor'));
        if (cursors.length === 2) return state.set('cursor', 2);
        await state.set('cursor', 1);
        zombies.push(until(() => cursors.length === 2).then(() => state.set('cursor', 9)));
        away = true;
        return item('page').state.get('cursor');
      },
      FEW,
      { store: memoryStateStore({ metastore }) },
    );
    await attempt.result;

    expect(cursors).toEqual([undefined, 1]);
    await expect(zombies[0]).rejects.toMatchObject({ code: 'mooring.stale-attempt' });
  });

  test('a cancellation ends the pause', async () => {
    const { store, failed } = awayFor(Infinity);
    let starts = 0;
    const attempt = begin(
      () => {
        starts += 1;
        return taskContext().state.get('key');
      },
      FEW,
      { store },
    );
    await until(() => attempt.logs.some(({ message }) => message.includes('begins again')));
    const before = failed();
    attempt.cancel('CANCELLED');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
    expect(starts).toBe(1);
    expect(before).toBe(1);
  });

  test.each([
    ['startToCloseTimeout', { startToCloseTimeoutMs: 1_500 }],
    ['scheduleToCloseTimeout', { scheduledTimestampMs: Date.now(), scheduleToCloseTimeoutMs: 1_500 }],
  ])('it fails while its %s leaves time for another attempt', async (_which, info) => {
    const attempt = begin(() => taskContext().state.get('key'), { ...FEW, ...info }, { store: awayFor(Infinity).store });

    await expect(failureOf(attempt.result)).resolves.toMatchObject({ type: 'mooring.store-unavailable', nonRetryable: false });
  });
});
