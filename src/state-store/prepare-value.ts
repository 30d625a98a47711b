import { createHash } from 'node:crypto';
import type { CallOptions } from '../call.ts';
import type { EntryMeta, Reference } from '../entry.ts';
import { CodecUnavailableError, StoreUnavailableError, ValueTooLargeError, type ErrorContext } from '../errors.ts';
import type { WriteId } from '../fence.ts';
import { objectName } from '../object-name.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import { decodeSegment, objectKey } from '../path.ts';
import type { AssetScope, TaskScope } from '../scope.ts';
import { serialize, type SerializedValue } from '../serializer.ts';
import type { StoreCore } from './core.ts';
import { deleteObject, putObject, transcode, within, type ObjectCall } from './object-calls.ts';

/**
 * The first half of a write: a value becomes an inline body, or an object under a name that is never used again, and the part
 * of the entry that describes it. Nothing here can be seen by a reader: the metastore's switch is the only commit point, and
 * what is prepared and not committed is at most an object that nothing refers to.
 */

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

/** A value that can be committed. */
export interface Prepared {
  meta: EntryMeta;
  /** The value, where it is inline. */
  body: Uint8Array | undefined;
  /** Deletes the object that was put, if any. For a write that was certainly refused; never rejects. */
  discard(): Promise<void>;
}

/** Below this many bytes compression saves nothing that matters. */
const SMALLEST_COMPRESSED = 1_024;
/** Compression that leaves more than this share costs every reader more than it saves. */
const PAYS = 0.9;

/**
 * Checks a value and turns it into bytes. Does no I/O.
 *
 * @throws {@link InvalidValueError} {@link ValueTooLargeError}
 */
export function serializeValue(core: StoreCore, where: ErrorContext, value: unknown): SerializedValue {
  const serialized = serialize(value, where);
  const bytes = serialized.bytes.length;
  if (bytes > core.maxValueBytes) {
    const hint = core.objectStore
      ? 'raise it, or store what the value is made of under several keys'
      : 'give the store an objectStore for large values, or raise it';
    throw new ValueTooLargeError(bytes, core.maxValueBytes, hint, where);
  }
  return serialized;
}

/**
 * Prepares a serialized value for the write with this ID. At or above the threshold it is compressed, encrypted, digested and
 * put.
 *
 * @param writer - The task in whose name it is written; `undefined` for people and tools.
 * @throws {@link StoreUnavailableError} {@link CodecUnavailableError}
 */
export async function prepareSerialized(
  core: StoreCore,
  address: ValueAddress,
  { type, bytes }: SerializedValue,
  id: WriteId,
  writer: TaskScope | undefined,
  call: CallOptions,
): Promise<Prepared> {
  const store = core.objectStore;
  const offload = store !== undefined && bytes.length >= core.offloadThreshold;
  const ref = offload ? await putValue(core, store, address, { type, bytes }, id, call) : undefined;
  const meta: EntryMeta = {
    type,
    size: bytes.length,
    ...(ref && { ref }),
    ...(decodeSegment(address.name) === undefined && { key: address.key }),
    ...(writer && { writer }),
  };
  if (!store || !ref) return { meta, body: bytes, discard: () => Promise.resolve() };
  return {
    meta,
    body: undefined,
    discard: () => deleteObject(core, { store, where: { scope: address.scope, key: address.key } }, ref.object),
  };
}

async function putValue(
  core: StoreCore,
  store: ObjectStore,
  address: ValueAddress,
  value: SerializedValue,
  id: WriteId,
  call: CallOptions,
): Promise<Reference> {
  const where = { scope: address.scope, key: address.key };
  const at = { store, where, call };
  await core.beforeObject(call);
  const { codec, bytes: encoded } = await encode(core, value.bytes, at);
  // The time of the put, by the metastore's clock: `reconcile()` lets what is young be.
  const now = await core.metastore.now(call);
  const { encryption } = core;
  const form = { type: value.type, codec, encrypted: encryption !== undefined, framed: false };
  const object = objectKey(core.namespace, address.path, address.name, objectName(id, now, form));
  const body = encryption
    ? await within(core, at, `encrypting with ${encryption.name}`, () => encryption.encrypt(encoded, { path: object }))
    : encoded;
  const sha256 = createHash('sha256').update(body).digest('hex');
  const put = await putObject(core, at, object, body).catch((error: unknown) => {
    // It may have been stored, or may yet be. Deleted beside the error, which must not wait for a store that is in trouble.
    void core.track(() => deleteObject(core, at, object)).catch(() => undefined);
    throw error;
  });
  if (put === 'taken') {
    throw new StoreUnavailableError(`the object store holds something else at ${object}`, { ...where, store: store.alias });
  }
  core.emit({ type: 'offload', bytes: value.bytes.length, storedBytes: body.length });
  return {
    store: store.alias,
    object,
    codec,
    ...(encryption && { encryption: encryption.name }),
    storedSize: body.length,
    sha256,
  };
}

async function encode(core: StoreCore, bytes: Uint8Array, at: ObjectCall): Promise<{ codec: string; bytes: Uint8Array }> {
  const raw = { codec: 'none', bytes };
  const { codec } = core;
  if (!codec || bytes.length < SMALLEST_COMPRESSED) return raw;
  const encoded = await transcode(core, at, `encoding with ${codec.name}`, (signal) => codec.encode(bytes, { signal }));
  if ('cause' in encoded) {
    throw new CodecUnavailableError(codec.name, 'it could not encode the value', { ...at.where, cause: encoded.cause });
  }
  return encoded.bytes.length < bytes.length * PAYS ? { codec: codec.name, bytes: encoded.bytes } : raw;
}
