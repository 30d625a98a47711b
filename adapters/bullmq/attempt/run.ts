import { beginAttempt, ConfigError, milliseconds, type StateShape, type TaskContext } from '../../../src/adapter-kit.ts';
import { running } from './context.ts';
import { forBullMQ } from './errors.ts';
import { extendLock } from '../worker/heartbeat.ts';
import { watchOf } from '../worker/lifecycle.ts';
import { jobLogger, progressReporter } from './reporting.ts';
import { detailsOf, type BullJob } from '../runtime.ts';
import { attemptFacts, requireJob, scopeOf } from './scope.ts';
import type { Setup } from '../worker/setup.ts';
import { createStop } from './stop.ts';

/**
 * Runs one call of a processor as one attempt of a task. BullMQ's facts become an attempt of the core, and the attempt's end
 * becomes what BullMQ must do with the job.
 */

/** The arguments that BullMQ calls a processor with. */
export type Call<J extends BullJob> = { job: J; token: string | undefined; signal: AbortSignal | undefined };

const LOST = 'Mooring refused a job that used state for the first time after it was moved or lost: use state before that';

/** Runs a processor as an attempt. Rejects with what BullMQ understands. */
export const runAttempt: typeof attempt = (setup, call, process) =>
  attempt(setup, call, process).catch((error: unknown) => Promise.reject(forBullMQ(error)));

async function attempt<Result, Shape extends StateShape<Shape>>(
  setup: Setup,
  { job, token: given, signal }: Call<BullJob>,
  process: (context: TaskContext<Shape>) => Promise<Result>,
): Promise<Result> {
  const { store, options } = setup;
  requireJob(job);
  const worker = watchOf(job, store);
  worker.serves(job.name, setup);
  const { lockDuration } = worker;
  const scope = scopeOf(job, options.scope);
  const held = { job, token: requireToken(job, given), store, scope };
  let holds = false;
  const prove = async (): Promise<boolean> => {
    holds = await extendLock(job, held.token, lockDuration);
    if (!holds) worker.warn('lost', LOST);
    return holds;
  };
  const clearAfterSuccess = options.clearAfterSuccess ?? (options.scope && 'forever');
  const progress = options.reportProgress ? progressReporter(job) : undefined;
  const begun = beginAttempt<Shape>(store, {
    scope,
    ...attemptFacts(job),
    logger: jobLogger(job),
    fence: { kind: 'drawn', prove: job.extendLock && prove },
    patience: lockDuration,
    release: (after) => stop.release(after),
    onCancelRequest: (reason) => stop.cancel(reason),
    externalJobs: options.externalJobs ?? [],
    ...(options.wait ? { wait: options.wait } : {}),
    ...(clearAfterSuccess === undefined ? {} : { clearAfterSuccess }),
    ...(progress ? { onReport: progress.report } : {}),
  });
  const { context } = begun;
  const stop = createStop(held, begun, worker, setup);
  const every = milliseconds(options.heartbeat ?? lockDuration / 3, 'heartbeat');
  const leave = worker.enter({ ...held, ...stop, every, begun: () => holds });
  const aborted = (): void => stop.aborted(signal?.reason);
  signal?.addEventListener('abort', aborted, { once: true });
  if (signal?.aborted) aborted();
  if (worker.isClosing()) stop.close();
  // An attempt that is stopped already is not begun.
  const work = async (): Promise<Result> => {
    context.signal.throwIfAborted();
    try {
      return await running.run(context, () => process(context));
    } finally {
      // Before the job is moved: later it could replace a report of the next attempt.
      await progress?.end();
    }
  };
  return await stop.settle(work).finally(() => {
    signal?.removeEventListener('abort', aborted);
    leave();
  });
}

/** Without a token BullMQ would move the job unchecked, whoever holds it. */
function requireToken(job: BullJob, given: string | undefined): string {
  const token = given ?? detailsOf(job).token;
  if (typeof token === 'string' && token !== '') return token;
  throw new ConfigError('token', 'must be the lock token that BullMQ gives the processor', token);
}
