import type { CallOptions } from '../async/deadline.ts';
import { parseObjectKey, type ParsedObjectKey } from '../format/object-name.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { Internals } from '../state-store/internals.ts';
import { listObjects } from '../state-store/objects/listing.ts';

/** Listing the values of this store, and nothing else that lies below its prefix and namespace. */

/** An object that was listed, and what its key says. */
export interface OwnObject extends ParsedObjectKey {
  object: string;
  /** Bytes. */
  size: number;
}

/** Goes through the objects that hold values, in the order of their keys. */
export async function* ownObjects(
  core: Internals,
  store: ObjectStore,
  call: CallOptions,
): AsyncGenerator<OwnObject, void, undefined> {
  for await (const { key, size } of listObjects(core, { store, where: {}, call }, `${core.namespace}/`)) {
    const parsed = parseObjectKey(core.namespace, key);
    if (parsed) yield { ...parsed, object: key, size };
  }
}
