import { createHash } from 'node:crypto';
import type { EntryMeta, Reference } from '../../format/entry.ts';
import type { InlineBody, ValueChange } from '../../metastore/metastore.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { ValueTooLargeError, type ErrorContext } from '../../model/errors/store.ts';
import { isDigest } from '../../format/path.ts';
import { bytesOf, serialize, type SerializedValue } from '../../format/serializer.ts';
import type { Internals } from '../internals.ts';
import { deleteObject, type ObjectCall } from '../objects/calls.ts';
import { newObject, type ValuePut } from '../objects/new-object.ts';
import { putObject } from '../objects/put.ts';
import { encode, encrypt } from '../objects/transcode.ts';

/**
 * The first half of a write. A value becomes the entry's description, with an inline body or with an object under a name that is
 * never used again. Readers see none of this: the metastore's switch is the only commit point. A write that is not committed
 * leaves at most an object that nothing refers to.
 */

/** A value that can be committed. */
export interface Prepared {
  /** For the metastore. */
  readonly put: NonNullable<ValueChange['put']>;
  /** Deletes the object that was put, if any. Only for a write that was certainly refused. Never rejects. */
  discard(): Promise<void>;
}

/**
 * Checks a value and serializes it. Does no I/O.
 *
 * @throws {@link InvalidValueError} {@link ValueTooLargeError}
 */
export function serializeValue(core: Internals, where: ErrorContext, value: unknown): SerializedValue {
  const serialized = serialize(value, where);
  const { size } = serialized;
  if (size > core.maxValueBytes) {
    const hint = core.objectStore
      ? 'raise it, or store what the value is made of under several keys'
      : 'give the store an objectStore for large values, or raise it';
    throw new ValueTooLargeError(size, core.maxValueBytes, hint, where);
  }
  return serialized;
}

/**
 * Prepares a serialized value for a write. At or above the threshold, or if it may not be inline, it is compressed, encrypted,
 * digested and put.
 *
 * @throws {@link StoreUnavailableError} {@link CodecUnavailableError}
 */
export function prepareSerialized(put: ValuePut, value: SerializedValue): Prepared | Promise<Prepared> {
  const { core } = put;
  const { type, body, size } = value;
  if (core.objectStore && (size >= core.offloadThreshold || size > core.maxValueBytes)) {
    return prepareOffloaded(put, core.objectStore, value);
  }
  return { put: changeOf(put, { type, size }, body), discard: nothing };
}

const nothing = (): Promise<void> => Promise.resolve();

async function prepareOffloaded(put: ValuePut, store: ObjectStore, value: SerializedValue): Promise<Prepared> {
  const at = { store, where: put.address, call: put.call };
  const { type, size } = value;
  return offloaded(put, at, { type, size, ref: await putValue(put, at, value) });
}

/** What was put, ready to be committed. */
export function offloaded(put: ValuePut, at: ObjectCall, content: EntryMeta & { ref: Reference }): Prepared {
  const { size, ref } = content;
  put.core.emit({ type: 'offload', bytes: size, storedBytes: ref.storedSize });
  return { put: changeOf(put, content, undefined), discard: () => deleteObject(put.core, at, ref.object) };
}

function changeOf({ address, by, retention }: ValuePut, meta: EntryMeta, body: InlineBody | undefined): Prepared['put'] {
  if (isDigest(address.name)) meta.key = address.key;
  if (by) meta.writer = by;
  return { meta, body, retention };
}

async function putValue(put: ValuePut, at: ObjectCall, value: SerializedValue): Promise<Reference> {
  const { core } = put;
  const { type } = value;
  const encoded = await encode(core, at, bytesOf(value));
  const { codec } = encoded;
  const target = await newObject(put, { type, codec, framed: false });
  const { object } = target;
  const body = await encrypt(core, at, encoded.bytes, object);
  const sha256 = createHash('sha256').update(body).digest('hex');
  await putObject(core, at, target, { body, sha256 });
  return referenceTo(core, at, { object, codec }, { storedSize: body.length, sha256 });
}

/** A reference to an object that this store put. */
export function referenceTo(
  { encryption }: Internals,
  { store }: ObjectCall,
  { object, codec }: Pick<Reference, 'object' | 'codec'>,
  stored: Pick<Reference, 'frames' | 'storedSize' | 'sha256'>,
): Reference {
  return { store: store.alias, object, codec, ...(encryption && { encryption: encryption.name }), ...stored };
}
