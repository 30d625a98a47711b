import { abortController } from '../async/abort.ts';
import { StoreUnavailableError } from '../model/errors/store.ts';

/** What is going on in a store, so that closing can wait for it. */
export interface InFlight {
  /**
   * Counts an operation as in flight.
   * @throws {@link StoreUnavailableError} once closed.
   */
  readonly track: <T>(operation: () => Promise<T>) => Promise<T>;
  /** Waits in `close()` for what cleans up after something that is in flight, also once closed. It must have an end, and not reject. */
  readonly beside: (work: () => Promise<void>) => void;
  /** Aborts when closing begins: for what waits for a user, and so may have no end. */
  readonly closing: AbortSignal;
  /** Refuses what comes later, and resolves when all that came earlier has ended. */
  readonly close: () => Promise<void>;
}

/** Nothing is in flight yet. */
export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  const closing = abortController();
  const counted = async <T>(operation: () => Promise<T>): Promise<T> => {
    const promise = operation();
    running.add(promise);
    return promise.finally(() => running.delete(promise));
  };
  return {
    async track(operation) {
      // Retryable: a job that meets a closing worker goes on in the next one.
      if (closing.signal.aborted) throw storeClosed();
      return counted(operation);
    },
    beside: (work) => void counted(work),
    closing: closing.signal,
    async close() {
      closing.abort();
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}

/** What is refused, or ended, since the store closes. One for each: an error says where it came about. */
export function storeClosed(): StoreUnavailableError {
  return new StoreUnavailableError('the state store was closed');
}
