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
  // No heartbeat, and no cancellation is waited for: nobody would send the one, or confirm the other. The timeout is the longest wait
  // for a webhook that was lost.
  async: { startToCloseTimeout: '1 hour' },
};

/**
 * Activity options for a way to wait: `startToCloseTimeout` a day (`async`: an hour, the longest wait for a lost webhook), for `hold` and
 * `release` a `heartbeatTimeout` of 30 seconds and the `cancellationType` that lets a cancelled workflow wait until its activity has
 * cancelled the external job, and attempts without limit: `release` and `async` use many of them up.
 *
 * @param overrides - Options in place of these.
 * @defaultValue `overrides` is `{}`
 * @throws TypeError for a mode that is none.
 */
export function resumableOptions(mode: 'hold' | 'release' | 'async', overrides: ActivityOptions = {}): ActivityOptions {
  if (!Object.hasOwn(OPTIONS, mode)) throw new TypeError(`mode must be 'hold', 'release' or 'async', received ${mode as string}`);
  return { ...OPTIONS[mode], ...overrides };
}

/**
 * Runs `work`; when that is cancelled, `cancel` (a `cancellingActivity`) runs before the cancellation goes on, also where no code of the
 * activity runs: between two attempts, or while it waits for a webhook. An error of `cancel` takes the cancellation's place. It also runs
 * where the activity of a cancelled workflow ends in another way, as by the timeout of a worker that is gone.
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
