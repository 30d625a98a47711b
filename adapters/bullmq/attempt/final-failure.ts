import { cancelExternalJobs, messageOf } from '../../../src/adapter-kit.ts';
import { forBullMQ, isMove, UNRECOVERABLE } from './errors.ts';
import { logLine } from './job-log.ts';
import { detailsOf, type BullJob } from '../runtime.ts';
import { scopeOf } from './scope.ts';
import type { Setup } from '../worker/setup.ts';

/** Decides what becomes of external jobs if BullMQ gives a job up. */

/**
 * Whether BullMQ gives the job up when its processor rejects with this error. It decides by the same facts as BullMQ. The user's
 * backoff strategy, which may give a job up too, is not asked.
 */
export function isFinalFailure(job: BullJob, error: unknown, maxStartedAttempts: number | undefined): boolean {
  if (isMove(error)) return false;
  const { attemptsMade, attemptsStarted = 0, discarded, discard, opts } = detailsOf(job);
  // bullmq 5 has `discard`, and checks it when the job is started again.
  const limit = discard === undefined && maxStartedAttempts ? maxStartedAttempts : Infinity;
  const isLast = attemptsMade + 1 >= (opts?.attempts ?? 0) || limit <= attemptsStarted;
  return isLast || discarded === true || (Object(forBullMQ(error)) as Error).name === UNRECOVERABLE;
}

/**
 * Handles a job that BullMQ gave up without a failed call here: it stalled too often, or its backoff ended it. Cancels the
 * recorded external jobs, if the options say so. Never rejects.
 */
export async function afterGivenUp({ store, options }: Setup, job: BullJob): Promise<void> {
  if (options.onFinalFailure !== 'cancel') return;
  try {
    const scope = scopeOf(job, options.scope);
    for (const { externalId, outcome, error } of await cancelExternalJobs(store, scope, options.externalJobs ?? [], {
      reason: 'gave-up',
    })) {
      const why = error === undefined ? '' : `: ${messageOf(error)}`;
      logLine(job, `cancelling external job ${JSON.stringify(externalId)} after the final failure: ${outcome}${why}`);
    }
  } catch (error) {
    logLine(job, `external jobs were not cancelled after the final failure: ${messageOf(error)}`);
  }
}
