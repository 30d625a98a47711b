import type { ObjectStore } from '../../src/object-store/object-store.ts';

/** An object store on a server that ignores conditions, as some do: every put replaces, and every answer is `created`. */
export function withoutConditions(inner: ObjectStore): ObjectStore {
  return {
    ...inner,
    async put(key, body, options) {
      await inner.put(key, body, { ...options, ifAbsent: false });
      return 'created';
    },
  };
}
