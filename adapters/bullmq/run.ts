import {
  beginAttempt,
  ConfigError,
  StaleAttemptError,
  type StateShape,
  type TaskContext,
  type TaskScope,
} from '../../src/index.ts';
import { inContext } from './context.ts';
import { createKnownJobs } from './final-failure.ts';
import { forBullMQ, handBackError } from './errors.ts';
import { LOCK_DURATION, SANDBOX_CLOSING, watchOf, type Run, type Watch } from './lifecycle.ts';
import { observed } from './observed-context.ts';
import { ownership } from './ownership.ts';
import { waitingOf } from './release.ts';
import { jobLogger, progressReporter } from './reporting.ts';
import { detailsOf, type BullJob } from './runtime.ts';
import { attemptFacts } from './scope.ts';
import type { Setup } from './setup.ts';
import { createStop } from './stop.ts';

/**
 * One call of a processor as one attempt of a task: from what BullMQ knows to an attempt of the core, and from the attempt's end
 * to what BullMQ must do with the job.
 */

/** What BullMQ calls a processor with. */
export interface Call<J extends BullJob> {
  job: J;
  token: string | undefined;
  signal: AbortSignal | undefined;
}

const NO_WORKER =
  'Mooring cannot find the worker of a job, and so will not hear when it closes or has completed a job: ' +
  "call attach(worker) of 'mooring/bullmq'";

/** Runs a processor as an attempt. Rejects with what BullMQ understands. */
export async function runAttempt<J extends BullJob, Result, Shape extends StateShape<Shape>>(
  setup: Setup<J>,
  call: Call<J>,
  process: (context: TaskContext<Shape>) => Promise<Result>,
): Promise<Result> {
  const worker = watchOf(call.job);
  if (worker?.isClosing()) throw handBackError();
  if (!worker && call.job.extendLock) setup.warn(undefined, NO_WORKER);
  try {
    return await attempt(setup, call, worker, process);
  } catch (error) {
    throw forBullMQ(error);
  }
}

async function attempt<J extends BullJob, Result, Shape extends StateShape<Shape>>(
  setup: Setup<J>,
  { job, token: given, signal }: Call<J>,
  worker: Watch | undefined,
  process: (context: TaskContext<Shape>) => Promise<Result>,
): Promise<Result> {
  const { store, options } = setup;
  const token = requireToken(job, given);
  const lockDuration = worker?.lockDuration ?? LOCK_DURATION;
  const { prove, beat } = ownership(job, token, lockDuration);
  const stop = createStop(job, token);
  const waiting = waitingOf(setup, job, worker);
  const known = createKnownJobs(setup.known);
  const begun = beginAttempt<Shape>(store, {
    scope: setup.scopeOf(job),
    ...attemptFacts(job),
    logger: jobLogger(job, waiting.isPoll),
    fence: { kind: 'drawn', prove },
    release: stop.release,
    ...(beat ? { heartbeat: { every: options.heartbeat ?? lockDuration / 3, beat } } : {}),
    ...(options.clearAfterSuccess === undefined ? {} : { clearAfterSuccess: options.clearAfterSuccess }),
    ...(options.reportProgress ? { onProgress: progressReporter(job) } : {}),
  });
  const run: Run = {
    job,
    close: () => stop.close(begun),
    supersede: () => begun.abort(new StaleAttemptError('its worker took the job up again', { scope: begun.context.scope })),
    completed: () => void begun.succeed(),
    gaveUp: () => void setup.gaveUp(job, known),
  };
  const cancel = (): void => (signal?.reason === SANDBOX_CLOSING ? run.close() : stop.cancel(begun, signal?.reason));
  worker?.enter(run);
  signal?.addEventListener('abort', cancel, { once: true });
  if (signal?.aborted) cancel();
  if (worker?.isClosing()) run.close();
  const context = observed(begun.context, { wait: waiting.choose, uses: (scope, used) => known.add(used, isItem(scope)) });
  return await stop
    .settle(begun, () => inContext(context, () => process(context)))
    .finally(() => {
      signal?.removeEventListener('abort', cancel);
      worker?.leave(run);
    });
}

function isItem(scope: TaskScope): boolean {
  return scope.mapIndex !== undefined || scope.itemKey !== undefined;
}

/** Without it BullMQ would move the job unchecked, whoever holds it. */
function requireToken(job: BullJob, given: string | undefined): string {
  const token = given ?? detailsOf(job).token;
  if (typeof token === 'string' && token !== '') return token;
  throw new ConfigError('token', 'must be the lock token that BullMQ gives the processor', token);
}
