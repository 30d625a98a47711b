import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, test } from '@jest/globals';
import { UNFENCED } from '../../../../src/format/write-id.ts';
import { reconcile } from '../../../../src/maintenance/reconcile/reconcile.ts';
import { memoryMetastore } from '../../../../src/metastore/memory/store.ts';
import { objectName } from '../../../../src/format/object-name.ts';
import { memoryObjectStore } from '../../../../src/object-store/memory.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { objectKey } from '../../../../src/format/path.ts';
import { createStateStore } from '../../../../src/state-store/create-state-store.ts';

/** A bucket may hold more than a process: what `reconcile()` keeps in memory does not grow with it. */

const OBJECTS = 40_000;
const MIB = 2 ** 20;
const FORM = { type: 'json', codec: 'none', encrypted: false, framed: false } as const;
const DAY = 86_400_000;

/** The heap that is in use once everything was collected that can be. */
function heap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

test('40,000 objects that nothing refers to are removed in constant memory', async () => {
  const own = memoryObjectStore();
  const heaps: number[] = [];
  let [listed, deleted, longest] = [0, 0, 0];
  const key = (index: number): string => {
    const id = { fence: UNFENCED, nonce: `t${String(index).padStart(15, '0')}`, sequence: 1 };
    return objectKey('default', `films/2026/${index % 100}/-1`, 'k', objectName(id, Date.now() - 3 * DAY, FORM));
  };
  const objectStore: ObjectStore = {
    ...own,
    async *list(prefix) {
      yield* own.list(prefix);
      if (prefix !== 'default/') return;
      [listed, deleted] = [0, 0];
      for (let index = 0; index < OBJECTS; index += 1) {
        listed += 1;
        yield { key: key(index), size: 1, modifiedAt: new Date() };
      }
      heaps.push(heap());
    },
    async delete(keys) {
      deleted += keys.length;
      longest = Math.max(longest, listed - deleted);
      return [];
    },
  };
  const store = createStateStore({ metastore: memoryMetastore(), objectStore, offloadThreshold: 0 });
  await store.asset({ name: 'a' }).set('k', 1);
  const before = heap();

  await expect(reconcile(store, { apply: true, maxShare: 1 })).resolves.toMatchObject({ objects: OBJECTS, failed: [] });

  expect(Math.max(...heaps) - before).toBeLessThan(6 * MIB);
  expect(longest).toBeLessThan(2_000);
});
