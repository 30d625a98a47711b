import { isMooringError } from '../../model/errors/store.ts';

/** Release, cancellation, closing and supersession pass through user code as exceptions. A `catch` must rethrow them. */

const brand = Symbol.for('mooring.suspension');

/**
 * Whether an error ends the attempt on purpose, and is not a failure of its work: rethrow it. Works across copies of this
 * library.
 */
export function isSuspension(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ((error as Record<symbol, unknown>)[brand] === true) return true;
  return isStale(error);
}

/** Whether an error says that the attempt was superseded. */
export function isStale(error: unknown): boolean {
  return isMooringError(error) && error.code === 'mooring.stale-attempt';
}

/** The reason, marked as a suspension. A reason that cannot be marked becomes the cause of a marked error. */
export function suspension(reason: unknown): object {
  const markable = (typeof reason === 'object' && reason !== null) || typeof reason === 'function';
  const carrier = markable && Object.isExtensible(reason) ? reason : carrierOf(reason);
  if (!isSuspension(carrier)) Object.defineProperty(carrier, brand, { value: true });
  return carrier;
}

function carrierOf(reason: unknown): Error {
  const text = typeof reason === 'string' && reason !== '' ? reason : 'the attempt was stopped';
  const error = new Error(text, { cause: reason });
  error.name = 'AbortError';
  return error;
}
