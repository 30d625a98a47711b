import { bounded } from '../call.ts';
import { StoreUnavailableError } from '../errors.ts';
import type { StoreCore } from '../state-store/core.ts';
import type { Life } from './life.ts';

/**
 * Runs side by side in one attempt, which share one decision: the attempt is handed back when all of them do nothing but wait,
 * until the earliest of them wants to look again.
 */

/** How the runs of one attempt wait. */
export interface Waiting {
  /** A run begins; the function that it returns ends it. */
  enter(): () => void;
  /**
   * Waits, or hands the attempt back.
   * @param willing - Whether the attempt may be handed back for the sake of this run.
   * @throws the signal's reason.
   */
  pause(ms: number, willing: boolean, signal: AbortSignal): Promise<void>;
}

/** `release` is the runtime's way to hand an attempt back; `undefined`: it has none. */
export function createWaiting(
  { clock, timer, commandTimeout }: Pick<StoreCore, 'clock' | 'timer' | 'commandTimeout'>,
  life: Life,
  release: ((after: number) => Promise<never>) | undefined,
): Waiting {
  let runs = 0;
  const willing = new Set<{ until: number }>();
  let handingBack: Promise<void> | undefined;

  const handBack = async (handOver: (after: number) => Promise<never>): Promise<void> => {
    const until = Math.min(...[...willing].map((pause) => pause.until));
    const after = Math.max(1, until - clock.now());
    life.log.debug({ after }, 'released until the next poll');
    // What the runtime wants thrown is the reason of the end: every run rejects with it.
    life.abort(
      await bounded(timer, commandTimeout, undefined, () => handOver(after)).then(
        () => new StoreUnavailableError(`the runtime did not take the job back within ${commandTimeout} ms`),
        (reason: unknown) => reason,
      ),
    );
  };

  return {
    enter() {
      runs += 1;
      return () => void (runs -= 1);
    },
    async pause(ms, isWilling, signal) {
      const pause = { until: clock.now() + ms };
      if (isWilling) willing.add(pause);
      try {
        signal.throwIfAborted();
        if (release && isWilling && willing.size === runs) await (handingBack ??= handBack(release));
        await clock.sleep(ms, signal);
        signal.throwIfAborted();
      } finally {
        willing.delete(pause);
      }
    },
  };
}
