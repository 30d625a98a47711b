import { isMooringError } from '../../model/errors/store.ts';

/** Release, cancellation, closing and supersession travel through user code as exceptions, and a `catch` must let them pass. */

const brand = Symbol.for('mooring.suspension');

/** Whether an error is the end of the attempt on purpose, and not a failure of its work: rethrow it. Holds across copies. */
export function isSuspension(error: unknown): boolean {
  if (typeof error !== 'object' || error === null) return false;
  if ((error as Record<symbol, unknown>)[brand] === true) return true;
  return isStale(error);
}

/** Whether an error says that the attempt was superseded. */
export function isStale(error: unknown): boolean {
  return isMooringError(error) && error.code === 'mooring.stale-attempt';
}

/** The reason itself, marked; a reason that cannot be marked becomes the cause of an error that is. */
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
