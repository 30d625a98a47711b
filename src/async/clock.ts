import { boundedWait, systemTimer } from './deadline.ts';

/** Time as an argument, so that a test, or a seeded scheduler, can own it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits. Rejects with the signal's reason if it aborts first. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /**
   * Milliseconds since any fixed moment; never set back.
   * @defaultValue none: durations are then measured by `now`, and the time of a server by the system's clock
   */
  monotonic?(): number;
}

/** The system's clock. */
export const systemClock: Required<Clock> = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    if (ms > 0) await boundedWait(systemTimer, ms, signal, () => new Promise<never>(() => undefined));
    signal?.throwIfAborted();
  },
};

/**
 * Measures the time from now, as the longer of what both clocks say. The wall clock may be set back, and the monotonic one may
 * stand still while a machine sleeps.
 */
export function stopwatch(clock: Clock): () => number {
  const now = clock.now();
  const monotonic = clock.monotonic?.();
  return () => Math.max(clock.now() - now, monotonic === undefined ? 0 : (clock.monotonic?.() ?? 0) - monotonic);
}
