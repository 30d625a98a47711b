import type { CallOptions } from '../async/deadline.ts';
import { UnknownLocationError } from '../model/errors/store.ts';
import type { Internals } from '../state-store/internals.ts';
import { inSteps } from '../state-store/objects/calls.ts';

/** An object that is to go. */
export interface DoomedObject {
  /** Alias of its store. */
  store: string;
  object: string;
}

/**
 * Deletes objects, up to `batch` of one store with each request. Resolves with those that stayed and why; rejects only with the
 * reason of the caller's signal.
 */
export async function deleteObjects(
  core: Internals,
  objects: readonly DoomedObject[],
  batch: number,
  call: CallOptions,
): Promise<ReadonlyMap<string, unknown>> {
  const stayed = new Map<string, unknown>();
  const byStore = new Map<string, string[]>();
  for (const { store, object } of objects) {
    const keys = byStore.get(store);
    if (keys) keys.push(object);
    else byStore.set(store, [object]);
  }
  for (const [alias, keys] of byStore) {
    const store = core.locations.get(alias);
    if (!store) {
      const error = new UnknownLocationError(alias, [...core.locations.keys()]);
      for (const key of keys) stayed.set(key, error);
      continue;
    }
    for (let from = 0; from < keys.length; from += batch) {
      call.signal?.throwIfAborted();
      const some = keys.slice(from, from + batch);
      try {
        const failed = await inSteps(core, { store, where: {}, call }, 'deleting objects', (own) => store.delete(some, own));
        for (const { key, error } of failed) stayed.set(key, error);
      } catch (error) {
        call.signal?.throwIfAborted();
        for (const key of some) stayed.set(key, error);
      }
    }
  }
  return stayed;
}
