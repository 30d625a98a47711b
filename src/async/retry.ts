import { stopwatch, type Clock } from './clock.ts';
import type { Random } from './random.ts';

/** Retries with growing pauses. All retries of this library use it. */

/** How something is tried again. */
export interface RetryOptions {
  clock: Clock;
  /**
   * Randomizes a part of each pause, so that callers that collided do not collide again.
   * @defaultValue none: pauses are whole
   */
  random?: Random;
  /**
   * The share of each pause that is random.
   * @defaultValue 0.5
   */
  jitter?: number;
  /** Ends tries and pauses. */
  signal?: AbortSignal | undefined;
  /** Milliseconds before the second try; twice as many before each further one, but never more than `longest`. */
  pause: { first: number; longest?: number };
  /** @defaultValue any number */
  tries?: number;
  /**
   * Milliseconds after the beginning after which no try begins.
   * @defaultValue any number
   */
  patience?: number;
  /** Whether a failure may be temporary. Asked before each pause, with the number of tries so far. */
  passes(error: unknown, tries: number): boolean;
}

/**
 * Tries until it succeeds, fails for good, or has no tries or no time left.
 *
 * @throws what the last try threw, or the signal's reason.
 */
export async function retry<T>(options: RetryOptions, work: () => Promise<T>): Promise<T> {
  const { clock, random = () => 1, jitter = 0.5, signal, pause, tries = Infinity, patience = Infinity, passes } = options;
  const elapsed = stopwatch(clock);
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    let ms: number;
    try {
      return await work();
    } catch (error) {
      signal?.throwIfAborted();
      ms = Math.min(pause.first * 2 ** (tried - 1), pause.longest ?? Infinity) * (1 - jitter + jitter * random());
      if (tried === tries || elapsed() + ms >= patience || !passes(error, tried)) throw error;
    }
    await clock.sleep(ms, signal);
  }
}
