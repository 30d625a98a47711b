import type { CallOptions } from '../async/deadline.ts';
import { isObjectKey } from '../format/path.ts';
import { requireObjectKey, requirePrefix, requireRange } from './check-key.ts';
import type { ObjectStore, PutOptions } from './object-store.ts';

/** What every object store refuses or passes over, in one place, so that a store is nothing but its I/O. */

/** A store that is only asked for what can be there. */
export interface UncheckedObjectStore extends Pick<ObjectStore, 'alias' | 'unfinished' | 'rules' | 'remedy'> {
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<'created' | 'exists'>;
  /** `end` lies beyond every object if none was given. */
  get(key: string, options: CallOptions & { end: number }): Promise<Uint8Array | undefined>;
  getStream(key: string, options: CallOptions & { start: number; end: number }): Promise<AsyncIterable<Uint8Array> | undefined>;
  delete(keys: readonly string[], options: CallOptions): Promise<readonly { key: string; error: unknown }[]>;
  /** May also yield what is no object of a value. */
  list(prefix: string, options: CallOptions): AsyncIterable<{ key: string; size: number; modifiedAt: Date }>;
}

/**
 * An object store that checks, before any I/O: keys, prefixes and ranges are sound, and the signal has not aborted. From a
 * listing it gives out the objects of values only.
 *
 * @returns a store whose methods reject with `InvalidKeyError` for a key or a prefix, with `ConfigError` for a range, and with the
 *   signal's reason.
 */
export function checkedObjectStore<Store extends UncheckedObjectStore>(store: Store): Store & ObjectStore {
  return {
    ...store,
    // No spread takes along what an instance has from its class.
    alias: store.alias,
    ...(store.unfinished && { unfinished: store.unfinished.bind(store) }),
    ...(store.rules && { rules: store.rules.bind(store) }),
    ...(store.remedy && { remedy: store.remedy.bind(store) }),
    async put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions) {
      requireObjectKey(key);
      options.signal?.throwIfAborted();
      return store.put(key, body, options);
    },
    async get(key: string, options: CallOptions & { end?: number } = {}) {
      requireObjectKey(key);
      const { end } = requireRange(options);
      options.signal?.throwIfAborted();
      return store.get(key, { ...options, end });
    },
    async getStream(key: string, options: CallOptions & { start?: number; end?: number } = {}) {
      requireObjectKey(key);
      const range = requireRange(options);
      options.signal?.throwIfAborted();
      return store.getStream(key, { ...options, ...range });
    },
    async delete(keys: readonly string[], options: CallOptions = {}) {
      const refused: { key: string; error: unknown }[] = [];
      const sound = keys.filter((key) => {
        try {
          requireObjectKey(key);
          return true;
        } catch (error) {
          refused.push({ key, error });
          return false;
        }
      });
      options.signal?.throwIfAborted();
      return [...refused, ...(await store.delete(sound, options))];
    },
    async *list(prefix: string, options: CallOptions = {}) {
      requirePrefix(prefix);
      options.signal?.throwIfAborted();
      for await (const object of store.list(prefix, options)) {
        options.signal?.throwIfAborted();
        if (isObjectKey(object.key)) yield object;
      }
    },
  };
}
