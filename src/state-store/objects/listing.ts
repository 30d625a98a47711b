import { abortController, joined } from '../../async/abort.ts';
import { withProgress } from '../../object-store/progress.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import type { Internals } from '../internals.ts';
import { transferWaitOf, awaited, type ObjectCall } from './calls.ts';

/** Listing an object store, in the error family and with the patience of its other calls. */

/**
 * Lists the objects whose key has this prefix, ordered by key. Each step, such as a page of a bucket or a folder, has
 * `commandTimeout`, even if it shows no object.
 *
 * @throws `StoreUnavailableError`
 */
export function listObjects(core: Internals, at: ObjectCall, prefix: string): ReturnType<ObjectStore['list']> {
  return stepped(core, at, 'listing objects', (call) => at.store.list(prefix, call));
}

/**
 * Goes through what a store yields, and tells the store when nobody wants more. The options that it hands to the store begin the
 * wait anew for each step that the store reports.
 *
 * @param bytesLeft - The most that the store still has to move. A store that reports nothing gets the time for it.
 */
export async function* stepped<T>(
  core: Internals,
  at: ObjectCall,
  what: string,
  begin: (call: { signal: AbortSignal }) => AsyncIterable<T>,
  bytesLeft?: () => number,
): AsyncGenerator<T, void, undefined> {
  const left = abortController();
  const { signal, leave } = joined(left.signal, at.call.signal);
  // One listener on the caller's signal, which others listen to as well.
  const own = { ...at, call: { signal } };
  const patience = transferWaitOf(core, bytesLeft);
  let source: AsyncIterator<T> | undefined;
  let ended = false;
  const next = async (): Promise<IteratorResult<T>> => {
    source ??= begin(withProgress({ signal }, patience.renew))[Symbol.asyncIterator]();
    return source.next();
  };
  try {
    for (;;) {
      const step = await awaited(patience, own, what, next);
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
