import {
  type Attempt,
  type Duration,
  isMooringError,
  milliseconds,
  StaleAttemptError,
  type StateShape,
} from '../../src/index.ts';
import { cancelledError, delayedError, handBackError, isEndOfAttempt } from './errors.ts';
import { textOf } from './reporting.ts';
import type { BullJob } from './runtime.ts';

/**
 * Ends of an attempt before its work is done, and what then becomes of the job. The job is moved only once the processor has
 * returned and the attempt is over, so that no write of state comes later.
 */

type Stopped = { kind: 'cancelled'; error: Error } | { kind: 'released'; until: number } | { kind: 'closing' };

/** How an attempt can be stopped. */
export interface Stop {
  /** The attempt waits for its external jobs and gives its slot back meanwhile. */
  release(after: Duration): Promise<never>;
  /** A person cancelled the job: its external jobs are cancelled too. */
  cancel(attempt: Pick<Attempt, 'cancel'>, reason: unknown): void;
  /** The worker closes: external jobs go on, another worker takes the job. */
  close(attempt: Pick<Attempt, 'abort'>): void;
  /** Runs the work, ends the attempt, and gives the job back where the attempt was stopped. */
  settle<Shape extends StateShape<Shape>, Result>(attempt: Attempt<Shape>, work: () => Promise<Result>): Promise<Result>;
}

/** The ends of one attempt. */
export function createStop(job: BullJob, token: string): Stop {
  let stopped: Stopped | undefined;

  async function becomes(stop: Stopped): Promise<Error> {
    if (stop.kind === 'cancelled') return stop.error;
    if (stop.kind === 'closing') return handBackError();
    try {
      await job.moveToDelayed(stop.until, token);
      return delayedError(stop.until);
    } catch (cause) {
      // Its text alone: a client's error carries the command, and with it the lock's token.
      return new StaleAttemptError(`BullMQ did not let the job be delayed: ${textOf(cause)}`);
    }
  }

  return {
    async release(after) {
      // BullMQ compares this with the wall clock, whatever clock the store was given.
      const until = Date.now() + milliseconds(after, 'after');
      stopped ??= { kind: 'released', until };
      throw delayedError(until);
    },
    cancel(attempt, reason) {
      stopped = { kind: 'cancelled', error: cancelledError(reason) };
      attempt.cancel(stopped.error);
    },
    close(attempt) {
      stopped ??= { kind: 'closing' };
      attempt.abort(new Error('the worker is closing'));
    },
    async settle(attempt, work) {
      try {
        return await work();
      } catch (error) {
        const stale = isMooringError(error) && error.code === 'mooring.stale-attempt';
        if (!stopped || stale || !isEndOfAttempt(error, attempt.context.signal)) throw error;
      } finally {
        await attempt[Symbol.asyncDispose]();
      }
      throw await becomes(stopped);
    },
  };
}
