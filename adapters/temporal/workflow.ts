import { CancellationScope, isCancellation, type ActivityOptions } from '@temporalio/workflow';

/** `mooring/temporal/workflow`: what workflow code may import. Nothing here touches a store, a clock or Node. */

/** What an activity needs for its way to wait. */
const ATTENDED: ActivityOptions = {
  startToCloseTimeout: '1 day',
  heartbeatTimeout: '30 seconds',
  // By Temporal's default a cancelled workflow ends before its activity hears of it, and the external job would go on.
  cancellationType: 'WAIT_CANCELLATION_COMPLETED',
};

const OPTIONS: Readonly<Record<'hold' | 'release' | 'async', ActivityOptions>> = {
  hold: ATTENDED,
  release: ATTENDED,
  // Without a heartbeat timeout, and without waiting for a cancellation: nobody would send a heartbeat or confirm a cancellation.
  // The timeout is the longest wait for a webhook that was lost.
  async: { startToCloseTimeout: '1 hour' },
};

/**
 * Activity options for a way to wait. `startToCloseTimeout` is a day (`async`: an hour, the longest wait for a lost webhook). For
 * `hold` and `release`, `heartbeatTimeout` is 30 seconds, and `cancellationType` lets a cancelled workflow wait until its
 * activity has cancelled the external job. Attempts are unlimited: `release` and `async` use many of them.
 *
 * @param overrides - Options that replace these.
 * @defaultValue `overrides` is `{}`
 * @throws TypeError for an invalid mode.
 */
export function resumableOptions(mode: 'hold' | 'release' | 'async', overrides: ActivityOptions = {}): ActivityOptions {
  if (!Object.hasOwn(OPTIONS, mode)) throw new TypeError(`mode must be 'hold', 'release' or 'async', received ${mode as string}`);
  return { ...OPTIONS[mode], ...overrides };
}

/**
 * Runs `work`. If that is cancelled, `cancel` (a `cancellingActivity`) runs before the cancellation goes on. It does so even if
 * no code of the activity is running, between two attempts or while it waits for a webhook. An error of `cancel` replaces the
 * cancellation. `cancel` also runs if the activity of a cancelled workflow ends in another way, such as by the timeout of a
 * worker that is gone.
 */
export async function cancelWith<T>(cancel: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cancelled = isCancellation(error) || CancellationScope.current().consideredCancelled;
    if (cancelled) await CancellationScope.nonCancellable(cancel);
    throw error;
  }
}
