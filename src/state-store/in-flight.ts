import { abortController } from '../async/abort.ts';
import { StoreUnavailableError } from '../model/errors/store.ts';

/** What is going on in a store, so that closing can wait for it. */
export interface InFlight {
  /**
   * Counts an operation as in flight.
   * @throws {@link StoreUnavailableError} once closed.
   */
  readonly track: <T>(operation: () => T | Promise<T>) => Promise<T>;
  /**
   * The same for an operation that says itself when it ends, by `leave()`.
   * @throws {@link StoreUnavailableError} once closed.
   */
  readonly enter: () => void;
  readonly leave: () => void;
  /** Makes `close()` wait for a cleanup, also one that begins once closed. The cleanup must end, and must not reject. */
  readonly beside: (work: () => Promise<void>) => void;
  /** Aborts when closing begins. For operations that wait for a user, and so may never end. */
  readonly closing: AbortSignal;
  /** Refuses later operations, and resolves when all earlier ones have ended. */
  readonly close: () => Promise<void>;
}

/** Nothing is in flight yet. */
export function createInFlight(): InFlight {
  const closing = abortController();
  const waiting = new Set<() => void>();
  let running = 0;
  let closed = false;
  const leave = (): void => {
    running -= 1;
    if (running > 0) return;
    for (const goOn of waiting) goOn();
    waiting.clear();
  };
  const enter = (): void => {
    // Retryable: a job that meets a closing worker goes on in the next one.
    if (closed) throw storeClosed();
    running += 1;
  };
  return {
    enter,
    leave,
    async track(operation) {
      enter();
      try {
        return await operation();
      } finally {
        leave();
      }
    },
    beside(work) {
      running += 1;
      void work().finally(leave);
    },
    closing: closing.signal,
    async close() {
      closed = true;
      closing.abort();
      // What begins meanwhile beside the others is waited for, too.
      while (running > 0) await new Promise<void>((resolve) => waiting.add(resolve));
    },
  };
}

/** The error of an operation that is refused, or ended, because the store closes. Each gets its own, whose stack says where. */
export function storeClosed(): StoreUnavailableError {
  return new StoreUnavailableError('the state store was closed');
}
