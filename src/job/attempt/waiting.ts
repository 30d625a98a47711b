import { bounded } from '../../async/deadline.ts';
import { StoreUnavailableError } from '../../model/errors/store.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { Release } from './options.ts';
import type { Life } from './lifecycle.ts';

/**
 * The runs of one attempt that go on at the same time share one decision. If all of them only wait, the attempt is handed back
 * until the earliest of them wants to poll again.
 */

/** How the runs of one attempt wait. */
export interface Waiting {
  /** Begins a run. The returned function ends it. */
  enter(): () => void;
  /**
   * Waits, or hands the attempt back.
   * @param waitsFor - What this run waits for, if the attempt may be handed back meanwhile.
   * @throws the signal's reason.
   */
  pause(ms: number, waitsFor: WaitsFor | undefined, signal: AbortSignal): Promise<void>;
}

/** The end of a job whose ID is recorded, or the time to submit one or to find it. */
export type WaitsFor = Parameters<Release>[1];

/** `release` hands an attempt back to the runtime; `undefined`: the runtime cannot do that. */
export function createWaiting(
  { clock, timer, commandTimeout }: Pick<Internals, 'clock' | 'timer' | 'commandTimeout'>,
  life: Life,
  release: Release | undefined,
): Waiting {
  let runs = 0;
  const willing = new Set<{ until: number; waitsFor: WaitsFor }>();
  let handingBack: Promise<void> | undefined;

  const handBack = async (handOver: Release): Promise<void> => {
    const pauses = [...willing];
    const after = Math.max(1, Math.min(...pauses.map(({ until }) => until)) - clock.now());
    const waitsFor = pauses.every((pause) => pause.waitsFor === 'job') ? 'job' : 'submit';
    try {
      const outcome = await bounded(timer, commandTimeout, undefined, () => handOver(after, waitsFor));
      if (outcome.ended === 'value') life.log.debug({ after, waitsFor }, 'holds on, as the runtime would not take the job back');
      else life.abort(new StoreUnavailableError(`the runtime did not take the job back within ${commandTimeout} ms`));
    } catch (reason) {
      life.log.debug({ after }, 'released until the next poll');
      // The error that the runtime wants thrown becomes the reason of the end: every run rejects with it.
      life.abort(reason);
    } finally {
      handingBack = undefined;
    }
  };

  return {
    enter() {
      runs += 1;
      return () => void (runs -= 1);
    },
    async pause(ms, waitsFor, signal) {
      const pause = waitsFor && { until: clock.now() + ms, waitsFor };
      if (pause) willing.add(pause);
      try {
        signal.throwIfAborted();
        if (release && pause && willing.size === runs && !life.failure()) await (handingBack ??= handBack(release));
        await clock.sleep(ms, signal);
        signal.throwIfAborted();
      } finally {
        if (pause) willing.delete(pause);
      }
    },
  };
}
