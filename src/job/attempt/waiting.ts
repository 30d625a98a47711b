import { abortController, joined } from '../../async/abort.ts';
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
  /** How many callbacks have come. To be read before a poll, and given to the pause after it. */
  callbacks(): number;
  /** A callback came: whoever polled before it polls again, now. */
  pollNow(): void;
  /**
   * Works until there are more callbacks than `heard`: then the signal of the work aborts, and the answer is `undefined`. Otherwise
   * it ends as the work does.
   */
  untilCallback<T>(signal: AbortSignal, heard: number, work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
  /**
   * Waits, or hands the attempt back.
   * @param waitsFor - What this run waits for, if the attempt may be handed back meanwhile.
   * @param poll - The poll before the pause, if there was one.
   * @throws the signal's reason.
   */
  pause(ms: number, waitsFor: WaitsFor | undefined, signal: AbortSignal, poll?: PollBefore): Promise<void>;
}

/** A poll, and the pause after it. */
export interface PollBefore {
  /** How many callbacks had come before it. The next one ends the pause, also if it came during the poll. */
  heard: number;
  /** Called before the attempt is handed back; never rejects. */
  leaving?(): Promise<void>;
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
  const willing = new Set<{ until: number; waitsFor: WaitsFor } & PollBefore>();
  const waits = new Set<() => void>();
  let callbacks = 0;
  let handingBack: Promise<void> | undefined;

  /** A run whose pause a callback has just ended is among the willing until it runs on. */
  const mayLeave = (): boolean => willing.size === runs && ![...willing].some(({ heard }) => callbacks > heard);

  const handBack = async (handOver: Release): Promise<void> => {
    // Others may come to wait meanwhile.
    const told = new Set<PollBefore>();
    for (let more = [...willing]; more.length > 0; more = [...willing].filter((pause) => !told.has(pause))) {
      for (const pause of more) told.add(pause);
      await Promise.all(more.map(async ({ leaving }) => leaving?.()));
    }
    // A callback may have come, or the attempt may be over.
    if (life.signal.aborted || life.failure() || !mayLeave()) {
      handingBack = undefined;
      return;
    }
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

  const untilCallback: Waiting['untilCallback'] = async (signal, heard, work) => {
    if (callbacks > heard) return undefined;
    const called = abortController();
    const { signal: either, leave } = joined(signal, called.signal);
    const end = (): void => {
      if (callbacks > heard) called.abort();
    };
    waits.add(end);
    try {
      return await work(either);
    } catch (error) {
      if (signal.aborted || !called.signal.aborted) throw error;
      return undefined;
    } finally {
      waits.delete(end);
      leave();
    }
  };
  return {
    enter() {
      runs += 1;
      return () => void (runs -= 1);
    },
    callbacks: () => callbacks,
    untilCallback,
    pollNow() {
      callbacks += 1;
      for (const end of waits) end();
    },
    async pause(ms, waitsFor, signal, poll = { heard: Infinity }) {
      const { heard } = poll;
      const pause = waitsFor && { until: clock.now() + ms, waitsFor, ...poll };
      if (pause) willing.add(pause);
      try {
        signal.throwIfAborted();
        if (release && pause && mayLeave() && !life.failure()) await (handingBack ??= handBack(release));
        await untilCallback(signal, heard, (either) => clock.sleep(ms, either));
        signal.throwIfAborted();
      } finally {
        if (pause) willing.delete(pause);
      }
    },
  };
}
