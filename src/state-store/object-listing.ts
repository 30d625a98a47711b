import { joined } from '../call.ts';
import type { StoreCore } from './core.ts';
import { stepWithin, type ObjectCall } from './object-calls.ts';

/** Listing an object store, in the error family and with the patience of its other calls. */

/** An object that a store listed. */
export interface ListedObject {
  key: string;
  size: number;
  modifiedAt: Date;
}

/**
 * Lists the objects whose key begins so, in the order of the keys. Each step, which may be a page of a bucket, has
 * `commandTimeout`.
 *
 * @throws `StoreUnavailableError`
 */
export function listObjects(core: StoreCore, at: ObjectCall, prefix: string): AsyncGenerator<ListedObject, void, undefined> {
  return stepped(core, at, 'listing objects', (signal) => at.store.list(prefix, { signal }));
}

/** Goes through what a store yields; the store is told when nobody wants more of it. */
export async function* stepped<T>(
  core: StoreCore,
  at: ObjectCall,
  what: string,
  begin: (signal: AbortSignal) => AsyncIterable<T>,
): AsyncGenerator<T, void, undefined> {
  const left = new AbortController();
  const { signal, leave } = joined(left.signal, at.call.signal);
  // One listener on the caller's signal, which others listen to as well.
  const own = { ...at, call: { signal } };
  let source: AsyncIterator<T> | undefined;
  let ended = false;
  const next = async (): Promise<IteratorResult<T>> => {
    source ??= begin(signal)[Symbol.asyncIterator]();
    return source.next();
  };
  try {
    for (;;) {
      const step = await stepWithin(core, own, what, next);
      ended = step.done === true;
      if (step.done === true) return;
      yield step.value;
    }
  } finally {
    if (!ended) {
      left.abort();
      // Not waited for: a store that hangs may hang in this too.
      void Promise.resolve(source?.return?.()).catch(() => undefined);
    }
    leave();
  }
}
