import { isMooringError, StoreUnavailableError, type Clock } from '../../../src/adapter-kit.ts';

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
 * Tries until it succeeds, is refused for good, or the time is over.
 *
 * @throws {@link StoreUnavailableError} with what failed last as its cause; the signal's reason; what can never succeed, as it is.
 */
export async function persistently<T>(
  { timeout, callTimeout, clock, random }: Transfer,
  what: { doing: string; store: string },
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const end = clock.now() + timeout;
  for (let tries = 1; ; tries += 1) {
    try {
      return await within(Math.min(callTimeout, Math.max(end - clock.now(), 1)), signal, work);
    } catch (cause) {
      signal?.throwIfAborted();
      if (isMooringError(cause) && !cause.retryable) throw cause;
      const wait = random() * FIRST_WAIT * 2 ** (tries - 1);
      if (tries === TRIES || clock.now() + wait >= end) {
        throw new StoreUnavailableError(`${what.doing} failed ${tries} times`, { store: what.store, cause });
      }
      await clock.sleep(wait, signal);
    }
  }
}

/** One call. It is not waited for beyond its time, nor beyond the signal, even where it hears neither. */
async function within<T>(ms: number, signal: AbortSignal | undefined, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal?.throwIfAborted();
  const controller = new AbortController();
  let stop = (): void => undefined;
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (reason: unknown): void => {
      controller.abort(reason);
      reject(reason);
    };
    const timer = setTimeout(() => end(new DOMException(`No answer came within ${ms} ms`, 'TimeoutError')), ms);
    const abort = (): void => end(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    stop = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
    };
  });
  try {
    return await Promise.race([work(controller.signal), ended]);
  } finally {
    stop();
  }
}
