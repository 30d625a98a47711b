import { ConfigError, milliseconds, type StateShape, type TaskContext, type TaskScope } from '../../../src/adapter-kit.ts';
import type { LiveCall } from '../worker/heartbeat.ts';
import { watchOf, type Watch } from '../worker/lifecycle.ts';
import type { Setup } from '../worker/setup.ts';
import { detailsOf, type BullJob } from '../runtime.ts';
import { beginHeld, type HeldAttempt } from './held.ts';
import { running } from './context.ts';
import { forBullMQ } from './errors.ts';
import { lazyContext } from './lazy-context.ts';
import { requireJob, scopeOf } from './scope.ts';
import type { Stop } from './stop.ts';

/**
 * Runs one call of a processor. BullMQ's facts become an attempt of the core, at the first use of its context, and the attempt's
 * end becomes what BullMQ must do with the job.
 */

/** The arguments that BullMQ calls a processor with. */
export type Call<J extends BullJob> = { job: J; token: string | undefined; signal: AbortSignal | undefined };

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
  const token = requireToken(job, given);
  let begun: HeldAttempt<Shape> | undefined;
  let over = false;
  const begin = (): HeldAttempt<Shape> => {
    if (begun) return begun;
    begun = beginHeld<Shape>({ job, token, store, scope: call.scope }, setup, worker);
    // Nobody waits for it any more: what it is asked to do rejects.
    if (over) void begun.attempt[Symbol.asyncDispose]();
    else {
      worker.follow(call);
      begun.listen(signal);
    }
    return begun;
  };
  const call = callOf(setup, { job, token }, worker, begin, () => begun);
  const leave = worker.enter(call);
  let outcome: PromiseSettledResult<Result>;
  try {
    // The scope of the user's own is checked at once. An attempt that is stopped already is not begun.
    if (options.scope || signal?.aborted || worker.isClosing()) begin().attempt.context.signal.throwIfAborted();
    const context = lazyContext(() => begin().attempt.context);
    outcome = { status: 'fulfilled', value: await running.run(context, () => process(context)) };
  } catch (reason) {
    outcome = { status: 'rejected', reason };
  }
  try {
    if (!begun && outcome.status === 'fulfilled') return outcome.value;
    const { progress, stop } = begin();
    // Before the job is moved: later it could replace a report of the next attempt.
    await progress?.end();
    return await stop.settle(outcome);
  } finally {
    over = true;
    begun?.deafen();
    leave();
  }
}

/** What the worker knows of a call of the processor. */
function callOf(
  { store, options }: Setup,
  { job, token }: Pick<LiveCall, 'job' | 'token'>,
  { lockDuration }: Watch,
  begin: () => { stop: Stop },
  begun: () => { stop: Stop; holds(): boolean } | undefined,
): LiveCall {
  let scope: TaskScope | undefined;
  return {
    job,
    token,
    store,
    every: options.heartbeat === undefined ? lockDuration / 3 : milliseconds(options.heartbeat, 'heartbeat'),
    get scope() {
      return (scope ??= scopeOf(job, options.scope));
    },
    begun: () => begun()?.holds() ?? false,
    lost: () => begin().stop.lost(),
    cancel: (reason) => begin().stop.cancel(reason),
    callback: (noted) => begin().stop.callback(noted),
    close: () => begin().stop.close(),
    completed: () => begun()?.stop.completed(),
    gaveUp: () => begin().stop.gaveUp(),
  };
}

/** Without a token BullMQ would move the job unchecked, whoever holds it. */
function requireToken(job: BullJob, given: string | undefined): string {
  const token = given ?? detailsOf(job).token;
  if (typeof token === 'string' && token !== '') return token;
  throw new ConfigError('token', 'must be the lock token that BullMQ gives the processor', token);
}
