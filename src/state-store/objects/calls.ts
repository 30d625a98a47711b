import { bounded, type CallOptions } from '../../async/deadline.ts';
import { createTransferWait, type TransferWait } from '../../async/transfer.ts';
import { isMooringError, StoreUnavailableError, type AnyMooringError, type ErrorContext } from '../../model/errors/store.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { withProgress } from '../../object-store/progress.ts';
import type { Internals } from '../internals.ts';

/**
 * Calls of object stores. Whatever a store throws or does not answer in time becomes a `StoreUnavailableError`. Two errors pass
 * unchanged: the reason of the caller's signal, and an error of this library that is not retryable.
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
  const read = (call: { signal: AbortSignal }): Promise<Uint8Array | undefined> =>
    at.store.get(object, { ...call, end: most + 1 });
  return inSteps(core, at, 'reading an object', read, () => most);
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
export function within<T>(
  { timer, commandTimeout: ms }: Pick<Internals, 'timer' | 'commandTimeout'>,
  at: ObjectCall,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return awaited({ timer, ms }, at, what, work);
}

/** The wait for a call of an object store: `commandTimeout` for each step, and the time of bytes at `minTransferRate`. */
export function transferWaitOf(
  { timer, commandTimeout: base, minTransferRate: rate }: Pick<Internals, 'timer' | 'commandTimeout' | 'minTransferRate'>,
  bytesLeft: () => number = () => 0,
): TransferWait {
  return createTransferWait({ timer, base, rate }, bytesLeft);
}

/**
 * Waits for a call that may say that it goes on: then each step of it has `commandTimeout`.
 *
 * @throws {@link StoreUnavailableError}
 */
export function inSteps<T>(
  core: Internals,
  at: ObjectCall,
  what: string,
  work: (call: { signal: AbortSignal }) => Promise<T>,
  bytesLeft?: () => number,
): Promise<T> {
  const patience = transferWaitOf(core, bytesLeft);
  return awaited(patience, at, what, (signal) => work(withProgress({ signal }, patience.renew)));
}

/**
 * Waits for something that a user plugged in, as long as it has patience.
 *
 * @throws {@link StoreUnavailableError}
 */
export async function awaited<T>(
  patience: Pick<TransferWait, 'timer' | 'ms'>,
  at: ObjectCall,
  what: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const outcome = await bounded(patience.timer, patience.ms, at.call.signal, work).catch((cause: unknown) => {
    throw failureOf(at, `${what} failed`, cause);
  });
  if (outcome.ended === 'value') return outcome.value;
  if (outcome.ended === 'aborted') throw outcome.reason;
  throw new StoreUnavailableError(`${what} took longer than ${patience.ms} ms`, { ...at.where, store: at.store.alias });
}

/**
 * The error for what a store threw. An error of this library that is not retryable already says what has to change, and is kept.
 */
export function failureOf({ store, where }: ObjectCall, message: string, cause: unknown): AnyMooringError {
  if (isMooringError(cause) && !cause.retryable) return cause;
  return new StoreUnavailableError(message, { ...where, store: store.alias, cause });
}
