import { ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, heartbeat } from '@temporalio/activity';
import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { cancellingActivity, mooringPlugin, resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { isSuspension, NotSubmittedError, StaleAttemptError, type Duration, type TaskScope } from '../../../src/index.ts';
import { fakeClock, memoryStateStore } from '../../../src/testing.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import { begin, failureOf } from './rig.ts';

describe('cancellation', () => {
  test('that was asked for cancels the external job', async () => {
    const system = externalSystem();
    const attempt = begin(() => resumableActivity(system.job())('clip'));
    await until(() => system.looks > 0);
    attempt.cancel('CANCELLED');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test.each(['WORKER_SHUTDOWN', 'PAUSED', 'RESET', 'NOT_FOUND', 'TIMED_OUT'] as const)(
    '%s leaves the external job running',
    async (reason) => {
      const system = externalSystem();
      const attempt = begin(() => resumableActivity(system.job())('clip'));
      await until(() => system.looks > 0);
      attempt.cancel(reason);
      const error = await failureOf(attempt.result);

      expect(error).toBeInstanceOf(CancelledFailure);
      expect(error.message).toBe(reason);
      expect(system.cancelled).toEqual([]);
    },
  );

  test.each([
    ['with the reason as its cause', (signal: AbortSignal) => sleep(60_000, undefined, { signal })],
    [
      'that says nothing of the reason',
      (signal: AbortSignal) =>
        sleep(60_000, undefined, { signal }).catch(() => {
          throw new DOMException('This operation was aborted', 'AbortError');
        }),
    ],
  ])('an AbortError of the signal, %s, never leaves the activity', async (_what, wait) => {
    const attempt = begin(async () => wait(taskContext().signal));
    attempt.cancel('RESET');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('an error that user code wrapped it in does not hide it', async () => {
    const system = externalSystem();
    const attempt = begin(async () => {
      await taskContext()
        .run(system.job(), 'clip')
        .catch((cause: unknown) => {
          expect(isSuspension(cause)).toBe(true);
          throw new Error('transcoding failed', { cause });
        });
    });
    await until(() => system.looks > 0);
    attempt.cancel('PAUSED');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('an attempt that begins cancelled submits nothing', async () => {
    const system = externalSystem({ activeLooks: 1 });
    let go = (): void => undefined;
    const gate = new Promise<void>((resolve) => (go = resolve));
    const attempt = begin(async () => {
      await gate;
      await taskContext().run(system.job(), 'clip');
    });
    attempt.cancel('WORKER_SHUTDOWN');
    go();

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
    expect(system.submits).toBe(0);
  });
});

describe('heartbeats', () => {
  test('of ours say the user’s last details again, those of the attempt before first', async () => {
    const system = externalSystem({ activeLooks: 8 });
    const seen: unknown[] = [];
    const attempt = begin(
      async () => {
        const ctx = taskContext();
        await ctx.state.set('started', true);
        await until(() => attempt.heartbeats.length > 0);
        seen.push(...attempt.heartbeats);
        ctx.heartbeat({ page: 4 });
        await until(() => attempt.heartbeats.length > seen.length + 1);
        // Temporal's own function is heard, too.
        heartbeat({ page: 5 });
        const before = attempt.heartbeats.length;
        await until(() => attempt.heartbeats.length > before);
        return ctx.run(system.job(), 'clip');
      },
      { heartbeatTimeoutMs: 30, heartbeatDetails: { page: 3 } },
    );
    await attempt.result;

    expect(seen[0]).toEqual({ page: 3 });
    expect(attempt.heartbeats).toContainEqual({ page: 4 });
    expect(attempt.heartbeats.at(-1)).toEqual({ page: 5 });
    expect(attempt.heartbeats).not.toContain(undefined);
  });

  test('end with the activity', async () => {
    const attempt = begin(async () => taskContext().state.set('k', 1), { heartbeatTimeoutMs: 3 });
    await attempt.result;
    const after = attempt.heartbeats.length;
    await sleep(20);

    expect(attempt.heartbeats).toHaveLength(after);
  });

  test('are said to be missing where the activity has no heartbeatTimeout', async () => {
    const system = externalSystem({ activeLooks: 0 });
    const attempt = begin(() => resumableActivity(system.job())('clip'));
    await attempt.result;

    expect(attempt.heartbeats).toEqual([]);
    expect(attempt.logs).toContainEqual(
      expect.objectContaining({ level: 'WARN', message: expect.stringContaining('heartbeatTimeout') }),
    );
  });
});

describe('waiting', () => {
  test('release hands the activity back with a delay that is never 0', async () => {
    const system = externalSystem();
    const attempt = begin(() => resumableActivity(system.job(), { wait: { mode: 'release', holdFor: 0 } })('clip'), {
      scheduleToCloseTimeoutMs: 0,
    });
    const error = await failureOf(attempt.result);

    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: 'mooring.waiting', nonRetryable: false, category: 'BENIGN' });
    expect(error.nextRetryDelay).toBeGreaterThanOrEqual(1);
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
    expect(attempt.metrics).toContainEqual(expect.objectContaining({ name: 'mooring_releases' }));
  });

  test.each([
    ['its retry policy is finite', { retryPolicy: { maximumAttempts: 3 } }],
    ['it ends soon', { scheduledTimestampMs: Date.now(), scheduleToCloseTimeoutMs: 30_000 }],
    ['it is a local activity', { isLocal: true }],
  ])('release holds with a warning where %s', async (_why, info) => {
    const system = externalSystem({ activeLooks: 1 });
    // A scope that others share has no first user, and a namespace of this minute cannot tell that from a loss.
    const known = system.job({ idempotentFor: 'until-deleted' });
    const attempt = begin(
      () => resumableActivity(known, { scope: { workflowRun: 'a' }, wait: { mode: 'release', holdFor: 1 } })('clip'),
      { scheduleToCloseTimeoutMs: 0, ...info },
    );

    await expect(attempt.result).resolves.toBe('result of job-1');
    expect(system.looks).toBe(2);
    expect(attempt.logs.some(({ level, message }) => level === 'WARN' && message.includes('holds'))).toBe(true);
  });

  test('async polls once, then leaves the activity to the webhook', async () => {
    const system = externalSystem();
    const attempt = begin(() => resumableActivity(system.job(), { wait: { mode: 'async' } })('clip'));

    await expect(attempt.result).rejects.toBeInstanceOf(CompleteAsyncError);
    expect(system).toMatchObject({ submits: 1, looks: 1 });
  });

  describe('for an external system that refuses a submit for a while', () => {
    const refusing = (activeLooks: number, retryAfter: Duration = 30) => {
      const system = externalSystem({ activeLooks });
      let refused = 0;
      const job = system.job({
        idempotentFor: 'until-deleted',
        submit: (input, context) => {
          if ((refused += 1) === 1) throw new NotSubmittedError('busy', { retryAfter });
          return system.job().submit(input, context);
        },
      });
      return { job, system };
    };

    test.each([
      ['an activity that holds', {}],
      ['a local activity', { isLocal: true }],
      ['an activity with one attempt', { retryPolicy: { maximumAttempts: 1 } }],
    ])('%s submits again in the slot that it keeps', async (_what, info) => {
      const { job, system } = refusing(1);
      const attempt = begin(() => resumableActivity(job, { scope: { workflowRun: 'a' } })('clip'), info);

      await expect(attempt.result).resolves.toBe('result of job-1');
      expect(system.submits).toBe(1);
    });

    test('one that waits for a webhook leaves nothing to it before there is a job', async () => {
      const { job, system } = refusing(Infinity);
      const attempt = begin(() => resumableActivity(job, { wait: { mode: 'async' } })('clip'));

      await expect(attempt.result).rejects.toBeInstanceOf(CompleteAsyncError);
      expect(system).toMatchObject({ submits: 1, looks: 1 });
    });

    test('one that may be released comes back after that time', async () => {
      const { job, system } = refusing(1, '1h');
      const attempt = begin(() => resumableActivity(job, { wait: { mode: 'release' } })('clip'), { scheduleToCloseTimeoutMs: 0 });
      const { type, nextRetryDelay } = await failureOf(attempt.result);

      expect(type).toBe('mooring.waiting');
      expect(nextRetryDelay).toBeGreaterThan(3_500_000);
      expect(nextRetryDelay).toBeLessThanOrEqual(3_600_000);
      expect(system.submits).toBe(0);
    });
  });

  test('async looks for a submit that may have been lost before it leaves anything to a webhook', async () => {
    const system = externalSystem();
    const store = memoryStateStore();
    const findable = system.job({ submitTimeout: 60, findLag: 5, find: async () => undefined });
    const lost = { ...findable, submit: () => Promise.reject(new Error('the reply was lost')) };
    const run = (one: typeof findable, attempt: number) =>
      begin(() => resumableActivity(one, { wait: { mode: 'async' } })('clip'), { attempt }, { store });

    await expect(run(lost, 1).result).rejects.toThrow('the reply was lost');
    await expect(run(findable, 2).result).rejects.toBeInstanceOf(CompleteAsyncError);
    expect(system).toMatchObject({ submits: 1, looks: 1 });
  });

  test('async returns the result of a job that is over at the first look', async () => {
    const system = externalSystem({ activeLooks: 0 });

    await expect(begin(() => resumableActivity(system.job(), { wait: { mode: 'async' } })('clip')).result).resolves.toBe(
      'result of job-1',
    );
  });
});

describe('errors', () => {
  test('of this library keep their code as the failure’s type', async () => {
    const attempt = begin(async () => taskContext().state.set('', 1));
    const error = await failureOf(attempt.result);

    expect(error).toBeInstanceOf(ApplicationFailure);
    expect(error).toMatchObject({ type: 'mooring.invalid-key', nonRetryable: true });
    expect(error.details?.[0]).toMatchObject({ scope: { task: expect.stringContaining('transcode') } });
    expect(attempt.metrics).toContainEqual({
      name: 'mooring_failures',
      tags: expect.objectContaining({ code: 'mooring.invalid-key' }),
    });
  });

  test('a superseded attempt is no failure for a dashboard', async () => {
    const error = await failureOf(begin(() => Promise.reject(new StaleAttemptError('a newer attempt holds the fence'))).result);

    expect(error).toMatchObject({ type: 'mooring.stale-attempt', nonRetryable: false, category: 'BENIGN' });
  });

  test.each([
    ['a plain error', new Error('boom')],
    ['a failure of the user’s own', ApplicationFailure.nonRetryable('no', 'Own')],
    ['asynchronous completion', new CompleteAsyncError()],
    ['no error at all', 'text'],
    [
      'an error about the cancellation of something else',
      ApplicationFailure.nonRetryable('a workflow that it waited for', 'Own', {
        cause: new CancelledFailure('of that workflow'),
      }),
    ],
  ])('%s passes unchanged', async (_what, thrown) => {
    await expect(begin(() => Promise.reject(thrown)).result).rejects.toBe(thrown);
  });
});

describe('state', () => {
  test('of one attempt is there for the next', async () => {
    const store = memoryStateStore();
    await begin(async () => taskContext<{ cursor: number }>().state.set('cursor', 3), {}, { store }).result.catch(
      () => undefined,
    );
    const second = begin(
      async () => taskContext<{ cursor: number }>().state.get('cursor'),
      { attempt: 2, currentAttemptScheduledTimestampMs: 2 },
      { store },
    );

    await expect(second.result).resolves.toBe(3);
  });

  test('of a newer attempt refuses an older one', async () => {
    const store = memoryStateStore();
    await begin(async () => taskContext<{ cursor: number }>().state.set('cursor', 3), {}, { store }).result.catch(
      () => undefined,
    );
    const second = begin(
      async () => taskContext<{ cursor: number }>().state.get('cursor'),
      { attempt: 2, currentAttemptScheduledTimestampMs: 2 },
      { store },
    );
    await second.result;

    const zombie = begin(async () => taskContext<{ cursor: number }>().state.set('cursor', 1), {}, { store });

    expect(await failureOf(zombie.result)).toMatchObject({ type: 'mooring.stale-attempt' });
  });

  test('of one activity ends a while after it, unlike what activities share', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const shared = { workflowRun: 'shared' };
    const scopes: TaskScope[] = [];
    const first = begin(
      async () => {
        for (const context of [taskContext<{ k: number }>(), taskContext<{ k: number }>(shared)]) {
          scopes.push(context.scope);
          await context.state.set('k', 1);
        }
      },
      {},
      { store },
    );
    await first.result;
    const values = (): Promise<unknown[]> => Promise.all(scopes.map((scope) => store.task(scope).get('k')));
    expect(await values()).toEqual([1, 1]);
    clock.advance('25h');
    await until(async () => (await values())[0] === undefined);
    clock.advance('20d');

    expect(await values()).toEqual([undefined, 1]);
  });

  test('outlives the time in which a lost completion is noticed, however short it is kept', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ activeLooks: 0 });
    const run = (attempt: number): Promise<unknown> =>
      begin(
        () => resumableActivity(system.job())('clip'),
        { attempt, currentAttemptScheduledTimestampMs: attempt, startToCloseTimeoutMs: 3_600_000, heartbeatTimeoutMs: 0 },
        { store, options: { clearAfterSuccess: 1 } },
      ).result;
    await run(1);
    clock.advance('59m');

    await expect(run(2)).resolves.toBe('result of job-1');
    expect(system).toMatchObject({ submits: 1, looks: 1 });
  });

  test('costs nothing where it is not used', async () => {
    const store = memoryStateStore();
    const attempt = begin(async () => Context.current().info.activityType, { heartbeatTimeoutMs: 2 }, { store });

    await expect(attempt.result).resolves.toBe('transcode');
    expect(attempt.heartbeats).toEqual([]);
    expect(store.events).toEqual([]);
  });

  test('outside of an activity there is none', () => {
    expect(() => taskContext()).toThrow(/mooringPlugin/);
  });

  test('a submit that was refused is counted as refused each time', async () => {
    const system = externalSystem({ activeLooks: 0 });
    let refusals = 0;
    const job = system.job({
      submit: (input, context) => {
        if ((refusals += 1) < 3) throw new NotSubmittedError('no room', { retryAfter: 1 });
        return system.job().submit(input, context);
      },
    });
    const attempt = begin(() => resumableActivity(job)('clip'));
    await attempt.result;
    const counted = attempt.metrics.filter(({ name }) => name === 'mooring_decisions');

    expect(counted.map(({ tags }) => (tags as { decision: string }).decision)).toEqual(['refused', 'refused', 'submitted']);
  });

  test('decisions are in metrics as in logs', async () => {
    const system = externalSystem({ activeLooks: 0 });
    const attempt = begin(() => resumableActivity(system.job())('clip'));
    await attempt.result;

    expect(attempt.metrics).toContainEqual({
      name: 'mooring_decisions',
      tags: expect.objectContaining({ decision: 'submitted' }),
    });
    expect(attempt.logs).toContainEqual(expect.objectContaining({ level: 'INFO', message: 'mooring: submitted' }));
  });
});

describe('the plugin', () => {
  const store = memoryStateStore();

  test('keeps what other plugins configured, also when it is applied twice', async () => {
    const plugin = mooringPlugin(store);
    const other = (): object => ({});
    const options = { taskQueue: 'q', interceptors: { activity: [other], workflowModules: ['./wf'] } };
    const configured = await plugin.configureWorker?.((await plugin.configureWorker?.(options)) ?? options);

    expect(configured?.interceptors?.activity).toHaveLength(2);
    expect(configured?.interceptors?.activity?.[0]).toBe(other);
    expect(configured?.interceptors?.workflowModules).toEqual(['./wf']);
    expect(options.interceptors.activity).toHaveLength(1);
  });

  test('never closes the store', async () => {
    await mooringPlugin(store).runWorker?.({ options: {} } as never, async () => undefined);

    await expect(store.ready()).resolves.toBeUndefined();
  });

  test.each([
    ['store', () => mooringPlugin({} as never)],
    ['heartbeat', () => mooringPlugin(store, { heartbeat: 0 })],
    ['clearAfterSuccess', () => mooringPlugin(store, { clearAfterSuccess: -1 })],
    ['heartbeats', () => mooringPlugin(store, { heartbeats: 1 } as never)],
    ['maxResultBytes', () => mooringPlugin(store, { maxResultBytes: 0 })],
    ['job', () => resumableActivity({} as never)],
    ['wait', () => resumableActivity(externalSystem().job(), { wait: { mode: 'retry' } as never })],
    ['scope', () => resumableActivity(externalSystem().job(), { scope: { workflowRun: '' } })],
    ['job', () => cancellingActivity({ ...externalSystem().job(), cancel: undefined } as never, { workflowRun: 'a' })],
    ['scope', () => cancellingActivity(externalSystem().job(), 'activity' as never)],
    ['jobs', () => cancellingActivity(externalSystem().job(), { workflowRun: 'a' }, { jobs: [] } as never)],
  ])('a %s that is invalid is refused when it is made', (option, make) => {
    expect(make).toThrow(expect.objectContaining({ code: 'mooring.config', option }));
  });
});
