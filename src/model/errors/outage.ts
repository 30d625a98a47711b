import { isMooringError, type OutcomeUnknownError, type StoreUnavailableError } from './store.ts';

/** Whether a call of a store was not taken, or gave no answer: an outage of the store, and no failure of the work. */
export function isOutage(error: unknown): error is StoreUnavailableError | OutcomeUnknownError {
  return isMooringError(error) && (error.code === 'mooring.store-unavailable' || error.code === 'mooring.outcome-unknown');
}

const DEPTH = 10;

/**
 * Whether an error is an outage of a store, or was caused by one. An attempt that ends with such an error is to be tried again
 * later, without being counted as a failure.
 */
export function isStoreOutage(error: unknown): boolean {
  for (let at = error, depth = 0; at instanceof Error && depth < DEPTH; at = at.cause, depth += 1) {
    // Without a store the error is of a submit, or a search, whose outcome is unknown.
    if (isOutage(at) && (at.code === 'mooring.store-unavailable' || at.store !== undefined)) return true;
  }
  return false;
}
