import type { CallOptions } from '../async/deadline.ts';
import { nestedNamespace, parseObjectKey, type ParsedObjectKey } from '../format/object-name.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { StoreCore } from '../state-store/internals.ts';
import { generationPrefix } from '../state-store/objects/generation.ts';
import { listObjects } from '../state-store/objects/listing.ts';

/** Listing the values of this store, and none of another's whose prefix begins with this one's prefix and namespace. */

/** An object that was listed, and what its key says. */
export interface OwnObject extends ParsedObjectKey {
  object: string;
  /** Bytes. */
  size: number;
}

/** Goes through the objects that hold values, in the order of their keys. */
export async function* ownObjects(
  core: StoreCore,
  store: ObjectStore,
  call: CallOptions,
): AsyncGenerator<OwnObject, void, undefined> {
  const { namespace } = core;
  const at = { store, where: {}, call };
  // The order keeps what is below one of them together.
  let looked: { below: string; isForeign: boolean } | undefined;
  for await (const { key, size } of listObjects(core, at, `${namespace}/`)) {
    const parsed = parseObjectKey(namespace, key);
    if (!parsed) continue;
    const below = nestedNamespace(namespace, parsed.path);
    if (below !== undefined) {
      if (looked?.below !== below) looked = { below, isForeign: await isNamespace(core, store, below, call) };
      if (looked.isForeign) continue;
    }
    yield { ...parsed, object: key, size };
  }
}

/** Whether there are generations: a store makes the first one before its first object, and deletes them never. */
async function isNamespace(core: StoreCore, store: ObjectStore, below: string, call: CallOptions): Promise<boolean> {
  for await (const _generation of listObjects(core, { store, where: {}, call }, generationPrefix(below))) {
    const fields = { store: store.alias, below: `${below}/` };
    core.logger?.warn(fields, 'another store has its prefix below the namespace of this one: its objects are left alone');
    return true;
  }
  return false;
}
