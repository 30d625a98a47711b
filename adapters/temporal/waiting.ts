import { CompleteAsyncError, type Info } from '@temporalio/activity';
import { ConfigError, milliseconds, requireKnownNames, type Release, type Wait } from '../../src/index.ts';
import type { ActivityWait } from './activity-context.ts';
import { waitingFailure } from './errors.ts';

/**
 * How an activity gives its slot back while its external jobs run. `release` ends the attempt with a failure that asks for the next
 * one after a while; `async` leaves the activity open for whoever completes it.
 */

/** How the runs of one attempt wait. */
export interface Waiting {
  /** The way to wait that the core knows, given the one that was asked for. */
  choose(asked: ActivityWait | undefined): Wait;
  /** Ends the attempt until the next poll: rejects with what Temporal wants thrown. Resolves where it is to hold on. */
  readonly release: Release;
}

/** Closer to the end of the activity than this, an attempt holds: the server ends an activity early whose next attempt would be late. */
const MARGIN = 30_000;
/** A release at the first poll that finds the job still running. */
const AT_ONCE = 1;

/**
 * The ways to wait that this activity has.
 *
 * @param now - The time in milliseconds, by the wall clock, as the server's deadlines are.
 * @param warn - Hears why an attempt holds that was to be released.
 */
export function waitingOf(info: Info, now: () => number, warn: (why: string) => void): Waiting {
  let leaves: 'async' | 'retry' | undefined;
  const left = (): number => {
    const { scheduleToCloseTimeoutMs, scheduledTimestampMs } = info;
    // 0 is Temporal's word for no limit.
    return scheduleToCloseTimeoutMs > 0 ? scheduledTimestampMs + scheduleToCloseTimeoutMs - now() : Number.POSITIVE_INFINITY;
  };
  const hold = (why: string): Wait => {
    warn(why);
    return { mode: 'hold' };
  };
  return {
    choose(asked = { mode: 'hold' }) {
      checkWait(asked);
      if (asked.mode === 'hold') return asked;
      if (asked.mode === 'async') {
        if (info.isLocal) throw new ConfigError('wait.mode', "must be 'hold' in a local activity", asked.mode);
        if (!info.workflowExecution) {
          throw new ConfigError('wait.mode', "must be 'hold' or 'release' in an activity without a workflow", asked.mode);
        }
        leaves ??= 'async';
        return { mode: 'release', holdFor: AT_ONCE };
      }
      if (info.isLocal) return hold('a local activity cannot be released');
      const most = info.retryPolicy?.maximumAttempts ?? 0;
      if (most > 0) return hold(`its retry policy has maximumAttempts ${most}, and every release would use one up`);
      if (left() < 2 * MARGIN) return hold('its scheduleToCloseTimeout ends soon');
      leaves = 'retry';
      return asked;
    },
    async release(after, waitsFor) {
      if (leaves === 'async' && waitsFor === 'job') throw new CompleteAsyncError();
      // Nobody calls back for a job that was not submitted yet, and a slot that was to be kept is kept.
      if (leaves !== 'retry') return;
      const delay = Math.min(milliseconds(after, 'after'), left() - MARGIN);
      throw waitingFailure(Math.max(1, Math.floor(delay)));
    },
  };
}

/**
 * Refuses what is no way to wait.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkWait(wait: ActivityWait): void {
  const mode: unknown = (wait as Partial<ActivityWait> | undefined)?.mode;
  if (mode !== 'hold' && mode !== 'release' && mode !== 'async') {
    throw new ConfigError('wait', "must be { mode: 'hold' }, { mode: 'release' } or { mode: 'async' }", wait);
  }
  requireKnownNames('wait', wait, { mode: true, holdFor: true });
  if (wait.mode === 'release' && wait.holdFor !== undefined) milliseconds(wait.holdFor, 'wait.holdFor');
}
