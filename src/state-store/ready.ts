import { requireCall, type CallOptions } from '../async/deadline.ts';
import { concurrently } from '../async/concurrency.ts';
import type { Internals } from './internals.ts';
import { generationKey, LONGEST_GENERATION } from './objects/lineage.ts';
import { deleteObject, getObject, within, type ObjectCall } from './objects/calls.ts';
import { probeKey } from './objects/probe.ts';

/** Whether the stores can be used: the metastore and the current object store for writing too, former ones for reading. */

/**
 * Asks every store. Leaves nothing behind.
 *
 * @throws {@link StoreUnavailableError} that names the store.
 */
export async function ready(core: Internals, call: CallOptions): Promise<void> {
  requireCall(call);
  await core.metastore.ready(call);
  await concurrently([...core.locations.values()], async (store) => {
    const at: ObjectCall = { store, where: {}, call };
    // The store could be asked, whether number 0 is there or not.
    const first = generationKey(core.namespace, 0);
    const there = await getObject(core, at, first, LONGEST_GENERATION);
    if (store === core.objectStore) await requireWritable(core, at, first, there);
  });
}

/**
 * Puts an existing object once more, create-only: a store checks the credentials before it checks whether the object exists. In a
 * new namespace there is no such object, and a tool must not make it. Then a probe object is put and deleted.
 */
async function requireWritable(core: Internals, at: ObjectCall, first: string, there: Uint8Array | undefined): Promise<void> {
  const object = there ? first : probeKey(core, await core.metastore.now(at.call));
  const body = there ?? Buffer.from('ready');
  await within(core, at, 'putting an object', (signal) => at.store.put(object, body, { signal, ifAbsent: true }));
  if (!there) await deleteObject(core, at, object);
}
