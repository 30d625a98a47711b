import { CompleteAsyncError, type Info } from '@temporalio/activity';
import { ConfigError, milliseconds, requireKnownNames, resolveWait } from '../../../src/adapter-kit.ts';
import type { Check, Release, Wait } from '../../../src/adapter-kit.ts';
import type { ActivityWait } from './context.ts';
import { waitingFailure } from './errors.ts';

/**
 * How an activity gives its slot back while its external jobs run. `release` ends the attempt with a failure that asks for the next
 * one after a while; `async` leaves the activity open for whoever completes it.
 */

/**
 * Closer to the end of the activity than this, an attempt holds. If the next attempt would be too late, the server ends the
 * activity early.
 */
const MARGIN = 30_000;

/** Milliseconds until the server ends the activity, whatever its retry policy says. */
export function timeLeft({ scheduleToCloseTimeoutMs, scheduledTimestampMs }: Info, now: number): number {
  // 0 is Temporal's word for no limit.
  return scheduleToCloseTimeoutMs > 0 ? scheduledTimestampMs + scheduleToCloseTimeoutMs - now : Number.POSITIVE_INFINITY;
}

/**
 * Milliseconds until the next attempt: never too late for the activity's end, and never 0, at which the server would end the
 * activity.
 */
export function retryDelay(info: Info, wished: number, now: number): number {
  return Math.max(1, Math.floor(Math.min(wished, timeLeft(info, now) - MARGIN)));
}

/** How the runs of one attempt wait. */
export interface ActivityWaiting {
  /** The core's way to wait for the one that was asked for. The core refuses an invalid one. */
  choose(asked: ActivityWait | undefined): Wait;
  /**
   * Ends the attempt until the next poll: rejects with the error that Temporal wants thrown. Resolves if the attempt has to hold
   * instead.
   */
  readonly release: Release;
}

/**
 * Makes the ways to wait of this activity.
 *
 * @param now - The time in milliseconds, by the wall clock, as the server's deadlines are.
 * @param warn - Called with the reason if an attempt holds instead of releasing.
 */
export function waitingOf(info: Info, now: () => number, warn: (why: string) => void): ActivityWaiting {
  let leaves: 'async' | 'retry' | undefined;
  const hold = (why: string): Wait => {
    warn(`holds an activity that was to be released while it waits: ${why}`);
    return { mode: 'hold' };
  };
  return {
    choose(asked = { mode: 'hold' }) {
      if (asked?.mode === 'async') {
        // Nobody can complete these by their IDs.
        if (info.isLocal || !info.workflowExecution) return asked as never;
        leaves ??= 'async';
        return { mode: 'release', holdFor: 0 };
      }
      if (asked?.mode !== 'release') return asked;
      if (info.isLocal) return hold('a local activity cannot be released');
      const most = info.retryPolicy?.maximumAttempts ?? 0;
      if (most > 0) return hold(`its retry policy has maximumAttempts ${most}, and every release would use one up`);
      if (timeLeft(info, now()) < 2 * MARGIN) return hold('its scheduleToCloseTimeout ends soon');
      leaves = 'retry';
      return asked;
    },
    async release(after, waitsFor) {
      if (leaves === 'async' && waitsFor === 'job') throw new CompleteAsyncError();
      // Nobody calls back for a job that was not submitted yet, and a run that asked to hold keeps its slot.
      if (leaves === 'retry') throw waitingFailure(retryDelay(info, milliseconds(after, 'after'), now()));
    },
  };
}

/**
 * Refuses an invalid way to wait.
 *
 * @throws {@link ConfigError} that names the option.
 */
export const checkWait: Check = (wait) => {
  const mode: unknown = (wait as Partial<ActivityWait> | null | undefined)?.mode;
  if (mode === 'async') requireKnownNames('wait', wait, { mode: true });
  else if (mode === 'hold' || mode === 'release') resolveWait(wait as Wait, true);
  else throw new ConfigError('wait', "must be { mode: 'hold' }, { mode: 'release' } or { mode: 'async' }", wait);
};
