import type { CallOptions } from '../../async/deadline.ts';
import type { WriteId } from '../../format/write-id.ts';
import { objectName, type ObjectForm } from '../../format/object-name.ts';
import { objectKey } from '../../format/path.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { AssetScope, TaskScope } from '../../model/scope.ts';
import type { Internals } from '../internals.ts';

/** Where the object of a write lies: a name that none had before, below the path of its key. */

/** A key of a scope. */
export interface ValueAddress {
  /** Of `scopePath()`. */
  path: string;
  /** Of `keyName()` or `resultName()`. */
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
  /** When the value ends, as far as that is known before it is committed. */
  expiresAt: Date | undefined;
}

/** Names the object of a write. Every put is preceded by this, so that the stores know of each other before the first object. */
export async function newObject(put: ValuePut, form: Omit<ObjectForm, 'encrypted'>): Promise<NewObject> {
  const { core, address, id, retention, call } = put;
  await core.beforeObject(call);
  // The time of the put, by the metastore's clock: `reconcile()` lets what is young be.
  const now = await core.metastore.now(call);
  const name = objectName(id, now, { ...form, encrypted: core.encryption !== undefined });
  return {
    object: objectKey(core.namespace, address.path, address.name, name),
    expiresAt: retention === 'forever' ? undefined : new Date(now + retention),
  };
}

/** Whether an object lies where this key's objects are put. An asset that was declared to have a URI and a name keeps the objects of both. */
export function isObjectOf(namespace: string, { path, name }: Pick<ValueAddress, 'path' | 'name'>, object: string): boolean {
  if (object.startsWith(`${namespace}/${path}/${name}/`)) return true;
  const parts = object.split('/');
  return path.startsWith('assets/') && parts.length === 5 && parts[0] === namespace && parts[1] === 'assets' && parts[3] === name;
}
