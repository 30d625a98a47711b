import { bounded, isMooringError, retry, StoreUnavailableError, systemTimer, type Clock } from '../../../src/adapter-kit.ts';

/** Retries of object store calls: the SDK tries each only once, and a failure ends a task. */

/** How calls are tried. */
export interface Transfer {
  /** The limit for all tries of one payload, in milliseconds. */
  timeout: number;
  /** The limit for one call, in milliseconds. */
  callTimeout: number;
  clock: Clock;
  random: () => number;
}

const TRIES = 5;
/** The longest wait before the second try; it doubles with each further one. */
const FIRST_WAIT = 200;

/**
 * Tries until it succeeds, is refused for good, or the time is over. A call is not waited for beyond its time or beyond the
 * signal, even if it ignores both.
 *
 * @throws {@link StoreUnavailableError} with the last failure as its cause; the signal's reason; a permanent error, unchanged.
 */
export async function persistently<T>(
  { timeout, callTimeout, clock, random }: Transfer,
  what: { doing: string; store: string },
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = clock.now() + timeout;
  let tries = 0;
  const tryOnce = async (): Promise<T> => {
    tries += 1;
    const ms = Math.min(callTimeout, Math.max(end - clock.now(), 1));
    const outcome = await bounded(systemTimer, ms, signal, work);
    if (outcome.ended === 'value') return outcome.value;
    throw outcome.ended === 'aborted' ? outcome.reason : new DOMException(`No answer came within ${ms} ms`, 'TimeoutError');
  };
  const passes = (error: unknown): boolean => !isMooringError(error) || error.retryable;
  const pause = { first: FIRST_WAIT };
  return retry({ clock, random, jitter: 1, signal, pause, tries: TRIES, patience: timeout, passes }, tryOnce).catch(
    (cause: unknown) => {
      signal.throwIfAborted();
      if (!passes(cause)) throw cause;
      throw new StoreUnavailableError(`${what.doing} failed ${tries} times`, { store: what.store, cause });
    },
  );
}
