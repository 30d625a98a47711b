import { requireCall, type CallOptions } from '../async/deadline.ts';
import { concurrently } from '../async/concurrency.ts';
import type { Internals } from './internals.ts';
import { generationKey, LONGEST_GENERATION } from './objects/lineage.ts';
import { deleteObject, getObject, within, type ObjectCall } from './objects/calls.ts';
import { probeKey } from './objects/probe.ts';

/** Whether the stores can be used: the metastore and the current object store for writing too, former ones for reading. */

/**
 * Asks every store. Nothing is there afterwards that was not there before.
 *
 * @throws {@link StoreUnavailableError} that names the store.
 */
export async function ready(core: Internals, call: CallOptions): Promise<void> {
  requireCall(call);
  await core.metastore.ready(call);
  await concurrently([...core.locations.values()], async (store) => {
    const at: ObjectCall = { store, where: {}, call };
    // That number 0 is missing says that the store can be asked, as well as that it is there.
    const first = generationKey(core.namespace, 0);
    const there = await getObject(core, at, first, LONGEST_GENERATION);
    if (store === core.objectStore) await requireWritable(core, at, first, there);
  });
}

/**
 * Puts what is there once more, create-only: a store looks at what the credentials may do before it looks whether the object is
 * there. In a new namespace there is none, and a tool must not make it: then an object comes and goes that is no value.
 */
async function requireWritable(core: Internals, at: ObjectCall, first: string, there: Uint8Array | undefined): Promise<void> {
  const object = there ? first : probeKey(core, await core.metastore.now(at.call));
  const body = there ?? Buffer.from('ready');
  await within(core, at, 'putting an object', (signal) => at.store.put(object, body, { signal, ifAbsent: true }));
  if (!there) await deleteObject(core, at, object);
}
