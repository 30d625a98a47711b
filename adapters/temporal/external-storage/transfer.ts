import { bounded, createTransferWait, isMooringError, retry, StoreUnavailableError } from '../../../src/adapter-kit.ts';
import { systemTimer, transferTime, type Clock, type Progress, type Timer } from '../../../src/adapter-kit.ts';

/** Retries of object store calls: the SDK tries each only once, and a failure ends a task. */

/** How calls are tried. */
export interface Transfer {
  /** The limit for all tries of one payload, in milliseconds, apart from the time for its bytes. */
  timeout: number;
  /** The limit for one call, in milliseconds, apart from the time for its bytes. */
  callTimeout: number;
  /** The slowest line that is waited for, in bytes a second. */
  minTransferRate: number;
  clock: Clock;
  random: () => number;
}

/** What is tried, for errors, and how long it may take. */
export interface TransferCall {
  doing: string;
  store: string;
  /** The most that it has to move. */
  bytes: number;
  /** Whether all tries together have `timeout` alone, since there is another way. */
  hasOtherWay?: boolean;
}

const TRIES = 5;
/** The longest wait before the second try; it doubles with each further one. */
const FIRST_WAIT = 200;

/**
 * Tries until it succeeds, is refused for good, or the time is over. A call is not waited for beyond its time or beyond the
 * signal, even if it ignores both. One that calls `progress` has `callTimeout` for each step of it.
 *
 * @throws {@link StoreUnavailableError} with the last failure as its cause; the signal's reason; a permanent error, unchanged.
 */
export async function persistently<T>(
  { timeout, callTimeout, minTransferRate, clock, random }: Transfer,
  { doing, store, bytes, hasOtherWay = false }: TransferCall,
  signal: AbortSignal,
  work: (signal: AbortSignal, progress: Progress) => Promise<T>,
): Promise<T> {
  const patience = hasOtherWay ? timeout : transferTime(timeout, bytes, minTransferRate);
  const end = clock.now() + patience;
  let tries = 0;
  const tryOnce = async (): Promise<T> => {
    tries += 1;
    const timer: Timer = (ms, fire) => systemTimer(Math.min(ms, Math.max(end - clock.now(), 1)), fire);
    const call = createTransferWait({ timer, base: callTimeout, rate: minTransferRate }, () => bytes);
    const outcome = await bounded(call.timer, call.ms, signal, (own) => work(own, call.renew));
    if (outcome.ended === 'value') return outcome.value;
    throw outcome.ended === 'aborted' ? outcome.reason : new DOMException('No answer came in time', 'TimeoutError');
  };
  const passes = (error: unknown): boolean => !isMooringError(error) || error.retryable;
  const pause = { first: FIRST_WAIT };
  return retry({ clock, random, jitter: 1, signal, pause, tries: TRIES, patience, passes }, tryOnce).catch((cause: unknown) => {
    signal.throwIfAborted();
    if (!passes(cause)) throw cause;
    throw new StoreUnavailableError(`${doing} failed ${tries} times`, { store, cause });
  });
}
