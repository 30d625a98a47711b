import type { CallOptions } from '../../async/deadline.ts';
import type { WriteId } from '../../format/write-id.ts';
import { objectName, type ObjectForm } from '../../format/object-name.ts';
import { objectKey } from '../../format/path.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { AssetScope, TaskScope } from '../../model/scope.ts';
import type { Internals } from '../internals.ts';

/** Where the object of a write lies: under a new name below the path of its key. */

/** A key of a scope. */
export interface ValueAddress {
  /** The result of `scopePath()`. */
  path: string;
  /** The result of `keyName()` or `resultName()`. */
  name: string;
  /** As the user wrote it. */
  key: string;
  scope: TaskScope | AssetScope;
}

/** A value on its way into a store. */
export interface ValuePut {
  readonly core: Internals;
  readonly address: ValueAddress;
  /** Of the write. */
  readonly id: WriteId;
  /** The task that the entry records as its writer; `undefined` for people and tools. */
  readonly by: TaskScope | undefined;
  readonly retention: RetentionMs;
  readonly call: CallOptions;
}

/** A name that no object had before. */
export interface NewObject {
  object: string;
  /** When the value expires, as far as that is known before the commit. */
  expiresAt: Date | undefined;
}

/** Names the object of a write. Called before every put, so that the stores know of each other before the first object. */
export async function newObject(put: ValuePut, form: Omit<ObjectForm, 'encrypted'>): Promise<NewObject> {
  const { core, address, id, retention, call } = put;
  await core.beforeObject(call);
  // The time of the put, by the metastore's clock: `reconcile()` leaves young objects alone.
  const now = await core.metastore.now(call);
  const name = objectName(id, now, { ...form, encrypted: core.encryption !== undefined });
  return {
    object: objectKey(core.namespace, address.path, address.name, name),
    expiresAt: retention === 'forever' ? undefined : new Date(now + retention),
  };
}

/**
 * Whether an object lies where this key's objects are put. If an asset was declared with a URI and a name, that is the place of
 * either.
 */
export function isObjectOf(namespace: string, { path, name }: Pick<ValueAddress, 'path' | 'name'>, object: string): boolean {
  if (object.startsWith(`${namespace}/${path}/${name}/`)) return true;
  const parts = object.split('/');
  return path.startsWith('assets/') && parts.length === 5 && parts[0] === namespace && parts[1] === 'assets' && parts[3] === name;
}
