import { StoreUnavailableError } from '../errors.ts';

/** What is going on in a store, so that closing can wait for it. */
export interface InFlight {
  /** @throws {@link StoreUnavailableError} once closed. */
  readonly track: <T>(operation: () => Promise<T>) => Promise<T>;
  /** Refuses what comes later, and resolves when all that came earlier has ended. */
  readonly close: () => Promise<void>;
}

/** Nothing is in flight yet. */
export function createInFlight(): InFlight {
  const running = new Set<Promise<unknown>>();
  let closed = false;
  return {
    async track(operation) {
      // Retryable: a job that meets a closing worker goes on in the next one.
      if (closed) throw new StoreUnavailableError('the state store was closed');
      const promise = operation();
      running.add(promise);
      try {
        return await promise;
      } finally {
        running.delete(promise);
      }
    },
    async close() {
      closed = true;
      while (running.size > 0) await Promise.allSettled(running);
    },
  };
}
