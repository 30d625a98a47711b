import { StoreUnavailableError } from '../../src/index.ts';
import { answerWithin } from './deadline.ts';
import type { BullJob } from './runtime.ts';

/**
 * Who owns a job: whoever can extend its lock. Asking extends it, so that the same call proves ownership before a fence is
 * installed, and keeps it while an attempt runs, also where BullMQ has stopped renewing the lock of a run because an earlier run of
 * the same job ended in the same worker.
 */

/** How an attempt proves that the job is its own. */
export interface Ownership {
  /** Whether the lock is ours, now. */
  prove(): Promise<boolean>;
  /** Absent in a sandbox, where no lock can be extended: there the worker's process alone does it. */
  beat?: () => Promise<'held' | 'lost'>;
}

/**
 * The ownership of a job that was picked up under `token`. A sandboxed processor cannot see the lock, so there it is taken at its
 * word and the drawn fence alone decides: the attempt that first used state last is the one that may write.
 */
export function ownership(job: BullJob, token: string, lockDuration: number): Ownership {
  if (!job.extendLock) return { prove: () => Promise.resolve(true) };
  // An answer that comes after the lock would have lapsed proves nothing.
  const late = (): Error => new StoreUnavailableError(`the queue did not extend the job's lock within ${lockDuration} ms`);
  const extend = async (): Promise<boolean> =>
    (await answerWithin(lockDuration, async () => job.extendLock?.(token, lockDuration), late)) === 1;
  return { prove: extend, beat: async () => ((await extend()) ? 'held' : 'lost') };
}
