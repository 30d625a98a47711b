import { ApplicationFailure, CancelledFailure, CompleteAsyncError } from '@temporalio/activity';
import { describe, expect, test } from '@jest/globals';
import { resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { externalJob, StaleAttemptError } from '../../../src/index.ts';
import { memoryMetastore, memoryStateStore } from '../../../src/testing.ts';
import { interceptMetastore } from '../../support/intercept.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import { begin, failureOf } from './rig.ts';

/** An attempt may end in any way: what Temporal hears of it, whatever the activity's code makes of the end. */

const RELEASE = { wait: { mode: 'release', holdFor: 0 } } as const;
const UNBOUNDED = { scheduleToCloseTimeoutMs: 0 };

/** Whatever clients of HTTP, and users, make of an error. */
const DISGUISES: readonly [string, (cause: unknown) => unknown][] = [
  ['an error of its own', () => new TypeError('cannot read properties of undefined')],
  ['an error without a cause', () => Object.assign(new Error('canceled'), { name: 'CanceledError', code: 'ERR_CANCELED' })],
  ['an AggregateError', (cause) => new AggregateError([cause], 'All promises were rejected')],
  ['a failure for good', () => ApplicationFailure.nonRetryable('transcoding failed', 'Own')],
  ['no error at all', () => 'text'],
];

describe('an attempt that was stopped', () => {
  test.each(DISGUISES)('by a pause ends with that, also out of %s', async (_what, disguised) => {
    const system = externalSystem();
    const attempt = begin(async () => {
      await taskContext()
        .run(system.job(), 'clip')
        .catch((cause: unknown) => {
          throw disguised(cause);
        });
    });
    await until(() => system.looks > 0);
    attempt.cancel('PAUSED');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
  });

  test.each(DISGUISES)('by a release ends with that, also out of %s', async (_what, disguised) => {
    const system = externalSystem();
    const attempt = begin(async () => {
      await taskContext()
        .run(system.job(), 'clip', RELEASE)
        .catch((cause: unknown) => {
          throw disguised(cause);
        });
    }, UNBOUNDED);

    await expect(failureOf(attempt.result)).resolves.toMatchObject({ type: 'mooring.waiting', category: 'BENIGN' });
    expect(attempt.metrics).not.toContainEqual(expect.objectContaining({ name: 'mooring_failures' }));
  });

  test('for a webhook leaves the activity to it, whatever its code makes of that', async () => {
    const system = externalSystem();
    const attempt = begin(() =>
      taskContext()
        .run(system.job(), 'clip', { wait: { mode: 'async' } })
        .catch(() => Promise.reject(new Error('own'))),
    );

    await expect(attempt.result).rejects.toBeInstanceOf(CompleteAsyncError);
  });

  test('says that it was superseded, if it was', async () => {
    const system = externalSystem();
    const attempt = begin(async () => {
      await taskContext()
        .run(system.job(), 'clip')
        .catch(() =>
          Promise.reject(new StaleAttemptError('a newer attempt holds the fence', { attempt: 1, holder: 'attempt 2' })),
        );
    });
    await until(() => system.looks > 0);
    attempt.cancel('NOT_FOUND');
    const failure = await failureOf(attempt.result);

    expect(failure).toMatchObject({ type: 'mooring.stale-attempt', details: [{ attempt: 1, holder: 'attempt 2' }] });
  });

  test('that returned nevertheless ends as stopped, with a warning', async () => {
    const system = externalSystem();
    const attempt = begin(async () => {
      const results = await Promise.allSettled([taskContext().run(system.job(), 'clip', RELEASE)]);
      return results.length;
    }, UNBOUNDED);

    await expect(failureOf(attempt.result)).resolves.toMatchObject({ type: 'mooring.waiting' });
    expect(attempt.logs).toContainEqual(
      expect.objectContaining({ level: 'WARN', message: expect.stringContaining('returned although its attempt was stopped') }),
    );
  });

  test('whose code never noticed has its result', async () => {
    let finish = (): void => undefined;
    const own = new Promise<void>((resolve) => (finish = resolve));
    const attempt = begin(async () => {
      await taskContext().state.set('begun', true);
      await own;
      return 'done';
    });
    await until(() => attempt.heartbeats !== undefined);
    attempt.cancel('WORKER_SHUTDOWN');
    finish();

    await expect(attempt.result).resolves.toBe('done');
  });

  test('after it wrote down that its external job failed tells that failure: the next submission costs an attempt', async () => {
    const a = externalJob({
      externalIdKey: 'a',
      submit: async () => 'a-1',
      getStatus: async () => ({ state: 'failed', reason: 'no' }),
    });
    const system = externalSystem();
    const attempt = begin(async () => {
      const ctx = taskContext();
      await Promise.allSettled([ctx.run(a, 'clip')]);
      await ctx.run(system.job(), 'clip', { wait: { mode: 'hold' } });
    });
    await until(() => attempt.logs.some(({ message }) => message.includes('failed')));
    attempt.cancel('PAUSED');

    await expect(failureOf(attempt.result)).resolves.toMatchObject({ type: 'mooring.external-job-failed' });
  });
});

test.each(['WORKER_SHUTDOWN', 'CANCELLED'] as const)(
  'two runs that are awaited one after the other end no process at %s',
  async (reason) => {
    const unhandled: unknown[] = [];
    const note = (error: unknown): void => void unhandled.push(error);
    process.on('unhandledRejection', note);

    try {
      const system = externalSystem();
      const attempt = begin(async () => {
        const ctx = taskContext();
        const one = ctx.run(system.job({ externalIdKey: 'one' }), 'clip');
        const other = ctx.run(system.job({ externalIdKey: 'other' }), 'clip');
        const misused = ctx.run(system.job(), 'clip', { wait: { mode: 'retry' } as never });
        await one;
        await other;
        await misused;
      });
      await until(() => system.looks > 2);
      attempt.cancel(reason);

      await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);

      await new Promise((resolve) => setImmediate(resolve));
      expect(unhandled).toEqual([]);
    } finally {
      process.off('unhandledRejection', note);
    }
  },
);

describe('heartbeats', () => {
  test('begin when the context is asked for, before any use of state', async () => {
    const store = memoryStateStore({ metastore: interceptMetastore(memoryMetastore(), () => new Promise(() => undefined)) });
    const attempt = begin(
      async () => {
        taskContext();
        await Promise.resolve();
        await until(() => attempt.heartbeats.length > 2);
      },
      { heartbeatTimeoutMs: 30 },
      { store },
    );
    await attempt.result;
  });

  test('go on while cancel of an external job runs', async () => {
    const system = externalSystem();
    let before = 0;
    const cancel = async (): Promise<void> => {
      before = attempt.heartbeats.length;
      await until(() => attempt.heartbeats.length > before + 2);
    };
    const attempt = begin(() => resumableActivity(system.job({ cancel }))('clip'), { heartbeatTimeoutMs: 30 });
    await until(() => system.looks > 0);
    attempt.cancel('CANCELLED');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
    expect(attempt.heartbeats.length).toBeGreaterThan(before + 2);
  });
});

describe('an attempt that failed', () => {
  test.each([
    ['before it asked for its context', () => undefined],
    ['before it used state', () => void taskContext()],
  ])('%s is no sign of loss for the next one, in a namespace as new', async (_when, ask) => {
    const store = memoryStateStore();
    const system = externalSystem({ activeLooks: 0 });
    const scheduledTimestampMs = Date.now();
    const times = { scheduledTimestampMs, currentAttemptScheduledTimestampMs: scheduledTimestampMs };
    const first = begin(
      async () => {
        ask();
        throw new Error('the database is not there yet');
      },
      times,
      { store },
    );
    await expect(first.result).rejects.toThrow('the database');
    const info = { ...times, attempt: 2, currentAttemptScheduledTimestampMs: scheduledTimestampMs + 1 };

    await expect(begin(() => resumableActivity(system.job())('clip'), info, { store }).result).resolves.toBe('result of job-1');
    expect(system.submits).toBe(1);
  });

  test('fails with its own error, whatever its IDs are, if it has nothing to do with state', async () => {
    const attempt = begin(() => Promise.reject(new Error('own')), { activityType: 'x'.repeat(10_000) });

    await expect(attempt.result).rejects.toThrow('own');
  });
});
