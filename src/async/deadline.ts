import { abortController, onAbort } from './abort.ts';
import { ConfigError, wrongKind } from '../model/errors/store.ts';
import { requireKnownNames } from '../model/check-options.ts';

/** Calls with a deadline and the caller's signal, which leave no timer or listener behind. */

/** Options of every call that reaches a store. */
export interface CallOptions {
  /**
   * Stops waiting. A write that was sent may still be applied.
   * @defaultValue none
   */
  signal?: AbortSignal;
}

/**
 * Checks the options of a call. Without `names` other properties are allowed, so that any object with a signal, such as the
 * context of an attempt, can be given.
 *
 * @throws {@link ConfigError}
 */
export function requireCall(options: unknown, names?: Readonly<Record<string, true>>): void {
  if (names) requireKnownNames('options', options, names);
  else if (typeof options !== 'object' || options === null) throw wrongKind('options', 'must be an object', options);
  requireSignal((options as CallOptions).signal);
}

/**
 * Checks a signal by its shape: a runtime's may be of another implementation.
 *
 * @throws {@link ConfigError}
 */
export function requireSignal(signal: Partial<AbortSignal> | null | undefined): void {
  if (signal === undefined) return;
  if (typeof signal?.aborted === 'boolean' && typeof signal.addEventListener === 'function') return;
  throw new ConfigError('signal', 'must be an AbortSignal', signal);
}

/** Starts a timer and returns the way to stop it. Real time even under a fake clock: a deadline guards real I/O. */
export type Timer = (ms: number, fire: () => void) => () => void;

/** The longest that Node's own timers can wait, in milliseconds: longer ones fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** The system's timer, of any length. */
export const systemTimer: Timer = (ms, fire) => {
  let handle: NodeJS.Timeout;
  const wait = (left: number): void => {
    handle = setTimeout(() => (left > LONGEST_TIMER ? wait(left - LONGEST_TIMER) : fire()), Math.min(left, LONGEST_TIMER));
  };
  wait(ms);
  return () => clearTimeout(handle);
};

/** How a bounded call ended: with a value, or without one because of its deadline or the caller. */
export type Bounded<T> = { ended: 'value'; value: T } | { ended: 'deadline' } | { ended: 'aborted'; reason: unknown };

/**
 * Waits for `work` until the deadline or the caller's signal. A rejection of `work` passes through. The signal given to `work`
 * aborts when the wait ends early, so that a client can free its socket.
 */
export async function bounded<T>(
  timer: Timer,
  ms: number,
  signal: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<Bounded<T>> {
  const controller = abortController();
  const outcome = await boundedWait(timer, ms, signal, () => work(controller.signal));
  if (outcome.ended === 'aborted') controller.abort(outcome.reason);
  if (outcome.ended === 'deadline') controller.abort(new DOMException('The deadline passed.', 'TimeoutError'));
  return outcome;
}

/** As `bounded()`, for work that nothing can stop. It creates no signal, which would cost more than all the rest. */
export async function boundedWait<T>(
  timer: Timer,
  ms: number,
  signal: AbortSignal | undefined,
  work: () => Promise<T>,
): Promise<Bounded<T>> {
  if (signal?.aborted) return { ended: 'aborted', reason: signal.reason };
  let stop = (): void => undefined;
  let leave = (): void => undefined;
  const early = new Promise<Bounded<T>>((resolve) => {
    stop = timer(ms, () => resolve({ ended: 'deadline' }));
    if (signal) leave = onAbort(signal, () => resolve({ ended: 'aborted', reason: signal.reason }));
  });
  const working = async (): Promise<Bounded<T>> => ({ ended: 'value', value: await work() });
  try {
    return await Promise.race([early, working()]);
  } finally {
    stop();
    leave();
  }
}
