import { CancellationScope, isCancellation, type ActivityOptions } from '@temporalio/workflow';

/** `mooring/temporal/workflow`: what workflow code may import. Nothing here touches a store, a clock or Node. */

/** What an activity needs for its way to wait. */
const OPTIONS: Readonly<Record<'hold' | 'release' | 'async', ActivityOptions>> = {
  hold: { startToCloseTimeout: '1 day', heartbeatTimeout: '30 seconds' },
  release: { startToCloseTimeout: '1 day', heartbeatTimeout: '30 seconds' },
  // No heartbeat: nobody would send it. The timeout is the longest wait for a webhook that was lost.
  async: { startToCloseTimeout: '1 hour' },
};

/**
 * Activity options for a way to wait: `startToCloseTimeout` a day (`async`: an hour, the longest wait for a lost webhook), for `hold` and
 * `release` a `heartbeatTimeout` of 30 seconds, and attempts without limit: `release` and `async` use many of them up.
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
 * activity runs: between two attempts, or while it waits for a webhook. An error of `cancel` takes the cancellation's place.
 */
export async function cancelWith<T>(cancel: () => Promise<void>, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (isCancellation(error)) await CancellationScope.nonCancellable(cancel);
    throw error;
  }
}
