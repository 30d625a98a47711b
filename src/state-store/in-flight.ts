import { abortController } from '../async/abort.ts';
import { StoreUnavailableError } from '../model/errors/store.ts';

/** What is going on in a store, so that closing can wait for it. */
export interface InFlight {
  /**
   * Counts an operation as in flight.
   * @throws {@link StoreUnavailableError} once closed.
   */
  readonly track: <T>(operation: () => Promise<T>) => Promise<T>;
  /** Makes `close()` wait for a cleanup, also one that begins once closed. The cleanup must end, and must not reject. */
  readonly beside: (work: () => Promise<void>) => void;
  /** Aborts when closing begins. For operations that wait for a user, and so may never end. */
  readonly closing: AbortSignal;
  /** Refuses later operations, and resolves when all earlier ones have ended. */
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

/** The error of an operation that is refused, or ended, because the store closes. Each gets its own, whose stack says where. */
export function storeClosed(): StoreUnavailableError {
  return new StoreUnavailableError('the state store was closed');
}
