import { describe, expect, test } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ApplicationFailure, CancelledFailure, CompleteAsyncError, Context, type Info } from '@temporalio/activity';
import { ActivityNotFoundError } from '@temporalio/client';
import type { ActivityOptions } from '@temporalio/common';
import { SimplePlugin } from '@temporalio/plugin';
import { bundleWorkflowCode, DefaultLogger, type ActivityExecuteInput, type WorkerPlugin } from '@temporalio/worker';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { declareStories, failureOf, inBackoff, named, pending, resetAfterOneStep, stopped } from './world.ts';

/**
 * What the adapter relies on, or guards against, in Temporal itself: no code of ours runs here. A new SDK or server that changes one
 * of these changes what the adapter must do. The numbers are those of docs/temporal.md.
 */

const SOON = { retry: { initialInterval: 10, backoffCoefficient: 1 } };

/** An activity that notes what Temporal says of each attempt. */
function noting(work: (context: Context, turn: number) => Promise<unknown>) {
  const seen: Info[] = [];
  const ends: { reason: string; error: unknown; details: object | undefined }[] = [];
  const code = async (): Promise<unknown> => {
    const context = Context.current();
    return work(context, seen.push(context.info));
  };
  /** Runs until the attempt is to end, and notes why. */
  const untilStopped = async (context: Context): Promise<unknown> => {
    const error = await stopped(context);
    ends.push({ error, reason: (error as Error).message, details: context.cancellationDetails });
    return error;
  };
  return { seen, ends, code, untilStopped };
}

describe.each(GENERATIONS)('%s', (generation) => {
  const fact = declareStories(generation, { plugins: [] });

  fact('is another server than the other generation', async ({ client }) => {
    const { serverVersion } = await client.workflowService.getSystemInfo({});
    expect(serverVersion?.startsWith('1.31.')).toBe(generation === 'temporal-next');
  });

  fact('1 a retry keeps only ID and schedule time', async ({ run, step }) => {
    const { seen, code } = noting(async (_, turn) => {
      if (turn < 3) throw new Error('again');
    });

    await run('steps', step(code, SOON));
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(new Set(seen.map(({ activityId }) => activityId)).size).toBe(1);
    expect(new Set(seen.map(({ scheduledTimestampMs }) => scheduledTimestampMs)).size).toBe(1);
    expect(new Set(seen.map(({ base64TaskToken }) => base64TaskToken)).size).toBe(3);

    const own = seen.map((info) => info.currentAttemptScheduledTimestampMs) as [number, number, number];
    expect(own[0]).toBe(seen[0]?.scheduledTimestampMs);
    expect(own[1]).toBeGreaterThan(own[0]);
    expect(own[2]).toBeGreaterThan(own[1]);
  });

  fact('1 the attempt after a reset of running attempt 1 is 2', async ({ start, step, client }) => {
    const { seen, ends, code, untilStopped } = noting(async (context, turn) => {
      if (turn === 1) throw await untilStopped(context);
    });
    const handle = await start('steps', step(code, { heartbeatTimeout: '1 minute', ...SOON }));
    await until(() => seen.length === 1);
    await client.workflowService.resetActivity(named(handle));

    await handle.result();

    expect(ends[0]?.error).toBeInstanceOf(CancelledFailure);
    expect(ends[0]?.details).toMatchObject({ reset: true, cancelRequested: false });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  fact('1 7 a reset of running attempt 2 is told as notFound', async (world) => {
    const { start, step, client } = world;
    const { seen, ends, code, untilStopped } = noting(async (context, turn) => {
      if (turn === 1) throw new Error('again');
      if (turn === 2) throw await untilStopped(context);
    });
    const handle = await start('steps', step(code, { heartbeatTimeout: '1 minute', ...SOON }));
    await until(() => seen.length === 2);
    await client.workflowService.resetActivity(named(handle));

    await handle.result();
    expect(ends[0]?.reason).toBe('NOT_FOUND');
    expect(ends[0]?.details).toMatchObject({ notFound: true, reset: false, cancelRequested: false });
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 2]);

    const [, second, third] = seen as [Info, Info, Info];
    expect(third.scheduledTimestampMs).toBe(second.scheduledTimestampMs);
    expect(third.currentAttemptScheduledTimestampMs).toBeGreaterThan(second.currentAttemptScheduledTimestampMs);
  });

  fact('1 a reset in backoff makes the next attempt number 1, later than attempt 1', async ({ start, step, client }) => {
    const { seen, code } = noting(async (_, turn) => {
      if (turn === 1) throw new Error('much later');
    });
    const handle = await start('steps', step(code, { retry: { initialInterval: '1 hour' } }));
    await inBackoff(client, handle);
    await client.workflowService.resetActivity(named(handle));

    await handle.result();
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1]);

    const [first, second] = seen as [Info, Info];
    expect(second.scheduledTimestampMs).toBe(first.scheduledTimestampMs);
    expect(second.currentAttemptScheduledTimestampMs).toBeGreaterThan(first.currentAttemptScheduledTimestampMs);
  });

  fact('6 after a reset a raw AbortError hangs until the heartbeat timeout, the signal’s reason does not', async (world) => {
    const { start, step, client } = world;
    const lastFailure = async (raw: boolean): Promise<object> => {
      const { seen, code, untilStopped } = noting(async (context, turn) => {
        if (turn > 1) return stopped(context);
        const reason = await untilStopped(context);
        if (raw) throw new DOMException('This operation was aborted', 'AbortError');
        throw reason;
      });
      const handle = await start('steps', step(code, { heartbeatTimeout: raw ? '3s' : '1 minute', ...SOON }));
      await until(() => seen.length === 1);
      await client.workflowService.resetActivity(named(handle));
      await until(() => seen.length === 2);
      const failure = (await pending(client, handle))?.lastFailure;
      await handle.terminate();
      return failure as object;
    };

    const [reason, raw] = await Promise.all([lastFailure(false), lastFailure(true)]);

    expect(reason).toMatchObject({ applicationFailureInfo: { type: 'ActivityReset' } });
    expect(raw).toMatchObject({ timeoutFailureInfo: { timeoutType: HEARTBEAT } });
  });

  fact('10 nextRetryDelay 0 ends the activity', async ({ start, step }) => {
    const { seen, code } = noting(async () => {
      throw ApplicationFailure.create({ message: 'at once', nextRetryDelay: 0 });
    });

    const { retryState } = await failureOf(await start('steps', step(code)));

    expect(retryState).toBe('TIMEOUT');
    expect(seen).toHaveLength(1);
  });

  fact('10 a nextRetryDelay past scheduleToCloseTimeout ends the activity early', async ({ start, step }) => {
    const { seen, code } = noting(async () => {
      throw ApplicationFailure.create({ message: 'in an hour', nextRetryDelay: '1 hour' });
    });

    const { retryState, cause } = await failureOf(await start('steps', step(code, { scheduleToCloseTimeout: '10 minutes' })));

    expect(retryState).toBe('TIMEOUT');
    expect(cause.message).toBe('in an hour');
    expect(seen).toHaveLength(1);
  });

  fact('10 a finite maximumAttempts is used up by retries that ask for a delay', async ({ start, step }) => {
    const { seen, code } = noting(async () => {
      throw ApplicationFailure.create({ message: 'waiting', nextRetryDelay: 1, category: 'BENIGN' });
    });

    const { retryState } = await failureOf(await start('steps', step(code, { retry: { maximumAttempts: 3 } })));

    expect(retryState).toBe('MAXIMUM_ATTEMPTS_REACHED');
    expect(seen).toHaveLength(3);
  });

  fact('1 an unpause may begin the attempts again', async ({ start, step, client }) => {
    const { seen, code, untilStopped } = noting(async (context, turn) => {
      if (turn === 1) throw new Error('again');
      if (turn === 2) throw await untilStopped(context);
    });
    const handle = await start('steps', step(code, { heartbeatTimeout: '1 minute', ...SOON }));
    await until(() => seen.length === 2);
    await client.workflowService.pauseActivity(named(handle));
    await until(async () => {
      const activity = await pending(client, handle);
      return activity?.paused === true && activity.attempt === 3;
    });
    await client.workflowService.unpauseActivity({ ...named(handle), resetAttempts: true });

    await handle.result();
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 1]);

    const [, second, third] = seen as [Info, Info, Info];
    expect(third.currentAttemptScheduledTimestampMs).toBeGreaterThan(second.currentAttemptScheduledTimestampMs);
  });

  fact('11 a cancel during backoff runs no code of the activity', async ({ start, step, client }) => {
    const { seen, code } = noting(async () => {
      throw new Error('much later');
    });
    const handle = await start('steps', step(code, { heartbeatTimeout: '1 minute', retry: { initialInterval: '1 hour' } }));
    await inBackoff(client, handle);
    await handle.cancel();

    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(seen).toHaveLength(1);
  });

  fact('8 heartbeat details outlast a failure, but no empty heartbeat', async ({ run, step }) => {
    const { seen, code } = noting(async (context, turn) => {
      if (turn === 1) {
        context.heartbeat('first');
        context.heartbeat('second');
      }
      if (turn === 2) context.heartbeat();
      if (turn < 4) throw new Error('again');
    });

    await run('steps', step(code, { heartbeatTimeout: '1 minute', ...SOON }));

    expect(seen.map(({ heartbeatDetails }) => heartbeatDetails as unknown)).toEqual([undefined, 'second', undefined, undefined]);
  });

  fact('5 a pause is told as paused', async ({ start, step, client }) => {
    const { seen, ends, code, untilStopped } = noting(async (context, turn) => {
      if (turn === 1) throw await untilStopped(context);
    });
    const handle = await start('steps', step(code, { heartbeatTimeout: '1 minute', ...SOON }));
    await until(() => seen.length === 1);
    await client.workflowService.pauseActivity(named(handle));

    await until(() => ends.length === 1);
    expect(ends[0]?.details).toMatchObject({ paused: true, cancelRequested: false });

    await until(async () => {
      const activity = await pending(client, handle);
      return activity?.paused === true && activity.attempt === 2;
    });
    expect(seen).toHaveLength(1);

    await client.workflowService.unpauseActivity(named(handle));
    await handle.result();
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  fact('a webhook completes an activity by its IDs, once', async ({ start, step, client }) => {
    const { seen, code } = noting(async () => {
      throw new CompleteAsyncError();
    });
    const handle = await start('steps', step(code));
    await until(() => seen.length === 1);
    const { workflowId } = handle;

    await client.activity.complete({ workflowId, activityId: '1' }, 'hooked');
    expect(await handle.result()).toBe('hooked');

    const again = client.activity.complete({ workflowId, activityId: '1' }, 'again');
    await expect(again).rejects.toThrow(ActivityNotFoundError);
  });

  fact('startToCloseTimeout starts the next attempt where a webhook was lost', async ({ run, step }) => {
    const { seen, code } = noting(async (_, turn) => {
      if (turn === 1) throw new CompleteAsyncError();
      return 'looked';
    });

    expect(await run('steps', step(code, { startToCloseTimeout: '1s', ...SOON }))).toBe('looked');
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  fact('12 an error of a class of one’s own keeps only that class, as its type', async (world) => {
    const { start, step } = world;
    class OwnError extends Error {
      readonly nonRetryable = true;
      readonly details = ['kept?'];
    }
    const { seen, code } = noting(async () => {
      throw new OwnError('mine');
    });

    const { cause, retryState } = await failureOf(
      await start('steps', step(code, { retry: { maximumAttempts: 2, initialInterval: 10 } })),
    );

    expect(seen).toHaveLength(2);
    expect(retryState).toBe('MAXIMUM_ATTEMPTS_REACHED');
    expect(cause).toMatchObject({ type: 'OwnError', nonRetryable: false });
    expect(cause.details ?? []).toEqual([]);
  });

  fact('6 a cancellation within another error is a plain failure', async ({ start, step }) => {
    const { seen, code, untilStopped } = noting(async (context) => {
      throw new Error('stopped', { cause: await untilStopped(context) });
    });
    const handle = await start(
      'steps',
      step(code, {
        heartbeatTimeout: '1 minute',
        cancellationType: 'WAIT_CANCELLATION_COMPLETED',
        retry: { maximumAttempts: 1 },
      }),
    );
    await until(() => seen.length === 1);
    await handle.cancel();

    expect((await failureOf(handle)).cause).toBeInstanceOf(ApplicationFailure);
  });

  fact('5 a cancelled workflow waits for no activity unless it was told to', async (world) => {
    const { start, step } = world;
    const heard = async (options: ActivityOptions): Promise<string> => {
      const { seen, ends, code, untilStopped } = noting(async (context) => {
        throw await untilStopped(context);
      });
      const handle = await start('steps', step(code, { heartbeatTimeout: '1 minute', ...options }));
      await until(() => seen.length === 1);
      await handle.cancel();

      await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });

      await until(() => ends.length === 1);
      return ends[0]?.reason ?? '';
    };

    expect(await heard({})).toBe('NOT_FOUND');
    expect(await heard({ cancellationType: 'WAIT_CANCELLATION_COMPLETED' })).toBe('CANCELLED');
  });

  fact('5 a worker’s shutdown uses up the attempt that it stops', async ({ step, withWorker }) => {
    const { seen, ends, code, untilStopped } = noting(async (context, turn) => {
      if (turn === 1) throw await untilStopped(context);
    });

    const { taskQueue, handle } = await withWorker({ plugins: [] }, async ({ start, taskQueue: queue }) => {
      const started = await start('steps', step(code, { heartbeatTimeout: '1 minute', ...SOON }));
      await until(() => seen.length === 1);
      return { taskQueue: queue, handle: started };
    });
    expect(ends[0]?.reason).toBe('WORKER_SHUTDOWN');
    expect(ends[0]?.details).toMatchObject({ workerShutdown: true, cancelRequested: false });

    await withWorker({ plugins: [], taskQueue }, () => handle.result());
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  fact(
    '18 a heartbeat timeout does not stop the attempt: two run at once, the later one with what the other said last',
    async (world) => {
      const { run, step } = world;
      let together = false;
      let older = true;
      const { seen, code } = noting(async (context, turn) => {
        if (turn === 2) {
          together = older;
          return;
        }
        context.heartbeat('said');
        await until(() => seen.length === 2);
        older = false;
      });

      await run('steps', step(code, { heartbeatTimeout: '4s', ...SOON }));
      expect(together).toBe(true);

      const [first, second] = seen as [Info, Info];
      expect(second.heartbeatDetails).toBe('said');
      expect(second.scheduledTimestampMs).toBe(first.scheduledTimestampMs);
      expect(second.currentAttemptScheduledTimestampMs).toBeGreaterThan(first.currentAttemptScheduledTimestampMs);
    },
  );

  fact('2 the next run of a workflow counts its activities anew', async ({ run, step }) => {
    const { seen, code } = noting(async () => undefined);

    await run('twoRuns', step(code));

    expect(seen.map(({ activityId, attempt }) => ({ activityId, attempt }))).toEqual([
      { activityId: '1', attempt: 1 },
      { activityId: '1', attempt: 1 },
    ]);
    expect(new Set(seen.map((info) => info.workflowExecution?.workflowId)).size).toBe(1);
    expect(new Set(seen.map((info) => info.workflowExecution?.runId)).size).toBe(2);
  });

  fact('2 a reset of the workflow begins a running activity again, by its old ID in a new run', async (world) => {
    const { start, step, client } = world;
    const { seen, code, untilStopped } = noting(async (context, turn) => {
      context.heartbeat('progress');
      if (turn === 1) throw await untilStopped(context);
    });
    const quick = step(async () => undefined);
    const handle = await start('steps', quick, step(code, { heartbeatTimeout: '1 minute', ...SOON }));
    await until(async () => (await pending(client, handle))?.heartbeatDetails != null);
    const runId = await resetAfterOneStep(client, handle);

    await client.workflow.getHandle(handle.workflowId, runId).result();
    const [first, second] = seen as [Info, Info];

    expect(second.activityId).toBe(first.activityId);
    expect(second.attempt).toBe(1);
    expect(second.workflowExecution).toEqual({ workflowId: handle.workflowId, runId });
    expect(first.workflowExecution?.runId).not.toBe(runId);
    expect(second.heartbeatDetails).toBeUndefined();
  });

  fact('3 an activity ID can be used again within a run', async ({ run, step }) => {
    const { seen, code } = noting(async () => sleep(5));

    await run('steps', step(code, { activityId: 'mine' }), step(code, { activityId: 'mine' }));
    const [first, second] = seen as [Info, Info];

    expect([first.activityId, second.activityId]).toEqual(['mine', 'mine']);
    expect(second.workflowExecution).toEqual(first.workflowExecution);
    expect(second.scheduledTimestampMs).toBeGreaterThan(first.scheduledTimestampMs);
  });

  fact('4 a local activity has a new ID after a long backoff', async ({ run, step }) => {
    const { seen, code } = noting(async (_, turn) => {
      if (turn === 1) throw new Error('again');
    });

    await run('local', step(code), { localRetryThreshold: 10, retry: { initialInterval: 200 } });
    const [first, second] = seen as [Info, Info];

    expect(seen.map(({ isLocal }) => isLocal)).toEqual([true, true]);
    expect(second.activityId).not.toBe(first.activityId);
  });

  fact('14 the SDK’s SimplePlugin drops the interceptors of a plugin before it, when it has some of its own', async (world) => {
    const { step, withWorker } = world;
    const heard: string[] = [];
    const intercepting = (name: string) => () => ({
      inbound: {
        execute: async (input: ActivityExecuteInput, next: (input: ActivityExecuteInput) => Promise<unknown>) => {
          heard.push(name);
          return next(input);
        },
      },
    });
    const before: WorkerPlugin = {
      name: 'before',
      configureWorker: (options) => ({
        ...options,
        interceptors: { ...options.interceptors, activityInbound: [() => intercepting('before')().inbound] },
      }),
    };
    const simple = new SimplePlugin({ name: 'simple', workerInterceptors: { activity: [intercepting('simple')] } });

    await withWorker({ plugins: [before, simple] }, ({ run }) =>
      run(
        'steps',
        step(async () => undefined),
      ),
    );

    expect(heard).toEqual(['simple']);
  });
});

test('16 a workflow that imports what activities import cannot be bundled, since that needs Node', async () => {
  const said: string[] = [];
  const logger = new DefaultLogger('ERROR', ({ message }) => void said.push(message));
  const workflowsPath = fileURLToPath(new URL('workflow-with-node.ts', import.meta.url));

  await expect(bundleWorkflowCode({ workflowsPath, logger })).rejects.toThrow();
  expect(said.join('\n')).toMatch(/node:async_hooks/);
});

/** `TIMEOUT_TYPE_HEARTBEAT` of the API. */
const HEARTBEAT = 4;
