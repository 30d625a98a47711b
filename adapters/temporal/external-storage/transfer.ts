import { bounded, isMooringError, retry, StoreUnavailableError, systemTimer, type Clock } from '../../../src/adapter-kit.ts';

/** Calls of an object store that are tried again: the SDK itself tries each once, and what fails ends a task. */

/** How calls are tried. */
export interface Transfer {
  /** Of all tries of one payload, in milliseconds. */
  timeout: number;
  /** Of one call, in milliseconds. */
  callTimeout: number;
  clock: Clock;
  random: () => number;
}

const TRIES = 5;
/** The longest wait before the second try; it doubles with each further one. */
const FIRST_WAIT = 200;

/**
 * Tries until it succeeds, is refused for good, or the time is over. A call is not waited for beyond its time, nor beyond the signal,
 * even where it hears neither.
 *
 * @throws {@link StoreUnavailableError} with what failed last as its cause; the signal's reason; what can never succeed, as it is.
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
