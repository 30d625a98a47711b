import { systemClock } from '../async/clock.ts';
import { requireKnownNames } from '../model/check-options.ts';
import { text } from '../model/checks.ts';
import { chunksOf } from '../async/chunks.ts';
import { checkedObjectStore, type UncheckedObjectStore } from './checked.ts';
import { deleteEach } from './delete-each.ts';
import type { ObjectStore } from './object-store.ts';

/** Objects in this process's memory: for tests, and for trying things out. It takes in and gives out copies. */

interface StoredObject {
  bytes: Uint8Array;
  modifiedAt: number;
}

/**
 * An object store in memory.
 *
 * @param options - `alias`: what references record.
 * @defaultValue `alias` is `'memory'`
 * @throws {@link ConfigError} when the alias is empty, or an option is unknown.
 */
export function memoryObjectStore(options: { alias?: string } = {}): ObjectStore {
  requireKnownNames('options', options, { alias: true });
  const { alias = 'memory' } = options;
  text(alias, 'alias');
  const objects = new Map<string, StoredObject>();
  return checkedObjectStore({
    alias,

    async put(key, body, { ifAbsent, signal }) {
      const parts: Uint8Array[] = [];
      for await (const chunk of chunksOf(body, signal)) parts.push(new Uint8Array(chunk));
      signal?.throwIfAborted();
      if (ifAbsent && objects.has(key)) return 'exists';
      objects.set(key, { bytes: new Uint8Array(Buffer.concat(parts)), modifiedAt: systemClock.now() });
      return 'created';
    },

    async get(key, { end }) {
      const found = objects.get(key);
      return found && new Uint8Array(found.bytes.subarray(0, end));
    },

    async getStream(key, { start, end, signal }) {
      const found = objects.get(key);
      return found && chunksOf(new Uint8Array(found.bytes.subarray(start, end)), signal);
    },

    delete: (keys, call) => deleteEach(keys, call, async (key) => objects.delete(key)),

    async *list(prefix) {
      for (const key of [...objects.keys()].filter((name) => name.startsWith(prefix)).sort()) {
        const found = objects.get(key);
        if (found) yield { key, size: found.bytes.length, modifiedAt: new Date(found.modifiedAt) };
      }
    },
  } satisfies UncheckedObjectStore);
}
