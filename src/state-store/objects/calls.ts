import { bounded, type CallOptions } from '../../async/deadline.ts';
import { isMooringError, StoreUnavailableError, type AnyMooringError, type ErrorContext } from '../../model/errors/store.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import type { Internals } from '../internals.ts';

/**
 * Calls of object stores. Whatever a store throws or does not answer within `commandTimeout` becomes a `StoreUnavailableError`.
 * Two errors pass unchanged: the reason of the caller's signal, and an error of this library that is not retryable.
 */

/** The store, the key, and who waits. */
export interface ObjectCall {
  store: ObjectStore;
  where: ErrorContext;
  call: CallOptions;
}

/**
 * The bytes of an object, or `undefined` if there is none.
 *
 * @param most - The most bytes that it should have. At most one byte more is asked for.
 * @throws {@link StoreUnavailableError}
 */
export function getObject(core: Internals, at: ObjectCall, object: string, most: number): Promise<Uint8Array | undefined> {
  return within(core, at, 'reading an object', (signal) => at.store.get(object, { signal, end: most + 1 }));
}

/** Deletes an object that no entry refers to. Never rejects: `reconcile()` finds what stays. */
export async function deleteObject(core: Internals, at: Omit<ObjectCall, 'call'>, object: string): Promise<void> {
  try {
    const failed = await within(core, { ...at, call: {} }, 'deleting an object', (signal) =>
      at.store.delete([object], { signal }),
    );
    if (failed.length > 0) throw failed[0]?.error;
  } catch (error) {
    core.logger?.warn({ object, store: at.store.alias, err: error }, 'an object that nothing refers to could not be deleted');
  }
}

/**
 * Waits for something that a user plugged in, within `commandTimeout`.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function within<T>(
  { timer, commandTimeout }: Pick<Internals, 'timer' | 'commandTimeout'>,
  at: ObjectCall,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const outcome = await bounded(timer, commandTimeout, at.call.signal, work).catch((cause: unknown) => {
    throw failureOf(at, `${what} failed`, cause);
  });
  if (outcome.ended === 'value') return outcome.value;
  if (outcome.ended === 'aborted') throw outcome.reason;
  throw new StoreUnavailableError(`${what} took longer than ${commandTimeout} ms`, { ...at.where, store: at.store.alias });
}

/**
 * The error for what a store threw. An error of this library that is not retryable already says what has to change, and is kept.
 */
export function failureOf({ store, where }: ObjectCall, message: string, cause: unknown): AnyMooringError {
  if (isMooringError(cause) && !cause.retryable) return cause;
  return new StoreUnavailableError(message, { ...where, store: store.alias, cause });
}
