import { bounded, checkOptions, requireStore, rule, StoreUnavailableError, systemTimer } from '../../src/adapter-kit.ts';
import { anything, type CallOptions, type Check, type Checks, type StateStore } from '../../src/adapter-kit.ts';
import { parseCallbackToken, runName } from './attempt/scope.ts';
import { hasFailed, noteCallback } from './requests.ts';
import type { BullJob, BullQueue, JobDetails } from './runtime.ts';
import { announce } from './worker/callbacks.ts';

/**
 * Callbacks of external systems. A released job comes back at once. For a job that an attempt is working on, the callback is noted
 * first and the job is then looked for among the released ones again. The attempt that releases the job does the same in the other
 * order, so one of the two finds the other.
 */

/** Options of `wake()`. */
export interface WakeOptions extends CallOptions {
  /**
   * The store of the job's processor, in which a callback is noted that comes while an attempt is working on the job.
   * @defaultValue none: only attempts of this process hear of such a callback
   */
  store?: StateStore;
}

/**
 * What a callback did. `promoted`: the job was released, and its next attempt begins now. `noted`: an attempt is working on it, and
 * polls once more; one of this process does so at once, one of another process within a heartbeat.
 *
 * Why it did nothing: `no-such-job`: the job was removed, or another one has its ID now. `finished`: it has completed or failed.
 * `queued`: it waits for a worker, and its next attempt polls anyway. `waiting-children`: likewise, once its children have ended.
 * `backoff`: its external job has failed, and the next one is submitted after a pause, which no callback shortens.
 * `running-elsewhere`: another process may be working on it, which without a `store` cannot hear of the callback: it polls as it
 * would have.
 */
export type Wake =
  | { woke: true; how: 'promoted' | 'noted' }
  | {
      woke: false;
      why: 'no-such-job' | 'finished' | 'queued' | 'waiting-children' | 'backoff' | 'running-elsewhere';
    };

/** Milliseconds that Redis has for all of it. */
const PATIENCE = 10_000;

const CHECKS: Checks<WakeOptions> = { store: requireStore, signal: anything };

/**
 * Polls now, for a callback of the external system. `callbackToken` is the one that `submit` was given. With the `store` of the
 * job's processor no callback is lost, whenever it comes and in whichever process. It may come any number of times.
 *
 * @throws `ConfigError` for an invalid queue, callback token or option; `StoreUnavailableError` if Redis does not answer within 10
 * seconds, also one of the store; what BullMQ rejects with if its Redis refuses a command.
 */
export async function wake(queue: BullQueue, callbackToken: string, options: WakeOptions = {}): Promise<Wake> {
  requireQueue(queue, 'queue');
  checkOptions('options', options, CHECKS);
  const { id, timestamp } = parseCallbackToken(callbackToken);
  const { store, signal } = options;
  const work = async (within: AbortSignal): Promise<Wake> => {
    const job = (await queue.getJob(id)) as FoundJob | undefined;
    return job?.timestamp === timestamp ? wakeJob(job, store, { signal: within }) : not('no-such-job');
  };
  const outcome = await bounded(systemTimer, PATIENCE, signal, work);
  if (outcome.ended === 'value') return outcome.value;
  if (outcome.ended === 'aborted') throw outcome.reason;
  throw new StoreUnavailableError(`the queue, or the state store, did not answer within ${PATIENCE} ms`);
}

type FoundJob = BullJob & JobDetails;
type Reason = Extract<Wake, { woke: false }>['why'];

const PROMOTED: Wake = { woke: true, how: 'promoted' };
const NOTED: Wake = { woke: true, how: 'noted' };
const not = (why: Reason): Wake => ({ woke: false, why });

async function wakeJob(job: FoundJob, store: StateStore | undefined, call: CallOptions): Promise<Wake> {
  if (job.finishedOn !== undefined) return not('finished');
  if (store && (await hasFailed(store, job, call))) return not('backoff');
  if (await promote(job)) return PROMOTED;
  const noted = store && (await noteCallback(store, job, call));
  const heard = announce({ queue: job.queueQualifiedName, job: runName(job), noted });
  // An attempt that was releasing the job may have done so meanwhile.
  if (await promote(job)) return PROMOTED;
  if (heard) return NOTED;
  const state = await job.getState?.();
  const why = WITHOUT_ATTEMPT[state ?? 'unknown'];
  if (why !== undefined) return not(why);
  return noted === undefined ? not('running-elsewhere') : NOTED;
}

/** BullMQ's states of a job that no attempt works on. */
const WITHOUT_ATTEMPT: Readonly<Record<string, Reason>> = {
  completed: 'finished',
  failed: 'finished',
  waiting: 'queued',
  prioritized: 'queued',
  paused: 'queued',
  'waiting-children': 'waiting-children',
  unknown: 'no-such-job',
};

/** Takes a job out of the delayed set; false if it is not there. */
export async function promote(job: { promote?(): Promise<void> }): Promise<boolean> {
  try {
    await job.promote?.();
    return job.promote !== undefined;
  } catch (error) {
    // BullMQ's codes for a job that does not exist (-1) and one that is not in the delayed set (-3).
    const { code } = error as { code?: unknown };
    if (code === -1 || code === -3) return false;
    throw error;
  }
}

/** Checks a queue. */
export const requireQueue: Check = rule('must be a queue of BullMQ', (queue) => {
  return typeof (queue as Partial<BullQueue> | null | undefined)?.getJob === 'function';
});
