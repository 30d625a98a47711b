import { createHash } from 'node:crypto';
import type { EntryMeta, Reference } from '../../format/entry.ts';
import type { ValueChange } from '../../metastore/metastore.ts';
import { ValueTooLargeError, type ErrorContext } from '../../model/errors/store.ts';
import { decodeSegment } from '../../format/path.ts';
import { serialize, type SerializedValue } from '../../format/serializer.ts';
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
 * Checks a value and turns it into bytes. Does no I/O.
 *
 * @throws {@link InvalidValueError} {@link ValueTooLargeError}
 */
export function serializeValue(core: Internals, where: ErrorContext, value: unknown): SerializedValue {
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
 * Prepares a serialized value for a write. At or above the threshold, or if it may not be inline, it is compressed, encrypted,
 * digested and put.
 *
 * @throws {@link StoreUnavailableError} {@link CodecUnavailableError}
 */
export async function prepareSerialized(put: ValuePut, value: SerializedValue): Promise<Prepared> {
  const { core, address, call } = put;
  const store = core.objectStore;
  const { type, bytes } = value;
  const content = { type, size: bytes.length };
  if (store && (bytes.length >= core.offloadThreshold || bytes.length > core.maxValueBytes)) {
    const at = { store, where: address, call };
    return offloaded(put, at, { ...content, ref: await putValue(put, at, value) });
  }
  return { put: changeOf(put, content, bytes), discard: () => Promise.resolve() };
}

/** What was put, ready to be committed. */
export function offloaded(put: ValuePut, at: ObjectCall, content: EntryMeta & { ref: Reference }): Prepared {
  const { size, ref } = content;
  put.core.emit({ type: 'offload', bytes: size, storedBytes: ref.storedSize });
  return { put: changeOf(put, content, undefined), discard: () => deleteObject(put.core, at, ref.object) };
}

function changeOf({ address, by, retention }: ValuePut, content: EntryMeta, body: Uint8Array | undefined): Prepared['put'] {
  const { name, key } = address;
  const meta = { ...content, ...(decodeSegment(name) === undefined && { key }), ...(by && { writer: by }) };
  return { meta, body, retention };
}

async function putValue(put: ValuePut, at: ObjectCall, { type, bytes }: SerializedValue): Promise<Reference> {
  const { core } = put;
  const encoded = await encode(core, at, bytes);
  const { codec } = encoded;
  const target = await newObject(put, { type, codec, framed: false });
  const { object } = target;
  const body = await encrypt(core, at, encoded.bytes, object);
  const sha256 = createHash('sha256').update(body).digest('hex');
  await putObject(core, at, target, body);
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
