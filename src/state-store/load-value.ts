import { createHash } from 'node:crypto';
import type { CallOptions } from '../call.ts';
import type { Codec } from '../codec/codec.ts';
import { parseEntry, type EntryMeta, type Reference, type StoredEntry } from '../entry.ts';
import {
  CodecUnavailableError,
  CorruptEntryError,
  MissingObjectError,
  StoreUnavailableError,
  UnknownLocationError,
} from '../errors.ts';
import type { RawEntry } from '../metastore/metastore.ts';
import { deserialize } from '../serializer.ts';
import type { StoreCore } from './core.ts';
import { getObject, transcode, within, type ObjectCall } from './object-calls.ts';
import type { ValueAddress } from './prepare-value.ts';

/**
 * From an entry to its value. Bytes are verified before they are decoded, decoding is bounded by the recorded size, and a
 * reference is followed only to where this key's own objects lie. A missing object is never the same as no value.
 */

/** An entry and the value that it stands for. */
export interface LoadedValue {
  entry: StoredEntry;
  value: unknown;
}

/** How often an entry is read again when its object was not there: an overwrite and a sweep may have come in between. */
const REREADS = 5;

/**
 * The value of an entry; `undefined` where a second look showed that there is none any more.
 *
 * @param reread - Reads the entry again.
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 *   {@link StoreUnavailableError}
 */
export async function loadValue(
  core: StoreCore,
  address: ValueAddress,
  raw: RawEntry,
  reread: () => Promise<RawEntry | undefined>,
  call: CallOptions,
): Promise<LoadedValue | undefined> {
  const where = { scope: address.scope, key: address.key };
  let current: RawEntry | undefined = raw;
  for (let reads = 0; reads <= REREADS; reads += 1) {
    const entry = parseEntry(current.text, where, current.body);
    const bytes = entry.meta.ref ? await fetchValue(core, address, entry.meta, entry.meta.ref, call) : inlineBody(entry, where);
    if (bytes) return { entry, value: deserialize(entry.meta.type, bytes, where) };
    const missed: string = current.text;
    current = await reread();
    if (!current) return undefined;
    if (current.text === missed) throw missing(core, address, entry.meta.ref);
  }
  throw new StoreUnavailableError(`the value was replaced ${REREADS} times while it was read`, where);
}

function missing(core: StoreCore, { scope, key }: ValueAddress, ref: Reference | undefined): MissingObjectError {
  core.emit({ type: 'missing-object', scope, key });
  return new MissingObjectError(ref?.object ?? '', { scope, key, store: ref?.store });
}

function inlineBody(entry: StoredEntry, where: { scope: ValueAddress['scope']; key: string }): Uint8Array {
  if (entry.body?.length !== entry.meta.size) {
    throw new CorruptEntryError(
      `the inline value has ${entry.body?.length ?? 'no'} bytes, its entry says ${entry.meta.size}`,
      where,
    );
  }
  return entry.body;
}

/** The serialized bytes of an offloaded value, or `undefined` where its object is missing. */
async function fetchValue(
  core: StoreCore,
  address: ValueAddress,
  meta: EntryMeta,
  ref: Reference,
  call: CallOptions,
): Promise<Uint8Array | undefined> {
  const where = { scope: address.scope, key: address.key, store: ref.store };
  if (!belongs(core.namespace, address, ref.object)) {
    throw new CorruptEntryError('the entry refers to an object that is not one of this key', where);
  }
  const store = core.locations.get(ref.store);
  if (!store) throw new UnknownLocationError(ref.store, [...core.locations.keys()], { scope: address.scope, key: address.key });
  const at = { store, where, call };
  const decode = decoder(core, meta, ref, at);
  const body = await getObject(core, at, ref.object);
  if (!body) return undefined;
  if (body.length !== ref.storedSize) {
    throw new CorruptEntryError(`the object ${ref.object} has ${body.length} bytes, its entry says ${ref.storedSize}`, where);
  }
  if (createHash('sha256').update(body).digest('hex') !== ref.sha256) {
    throw new CorruptEntryError(`the object ${ref.object} does not hold the bytes that were written`, where);
  }
  const { encryption } = core;
  const plain =
    ref.encryption !== undefined && encryption
      ? await within(core, at, `decrypting with ${ref.encryption}`, () => encryption.decrypt(body, { path: ref.object }))
      : body;
  return decode(plain);
}

/**
 * Whether an object lies where this key's objects are put. What the metastore holds may have been tampered with, and must not
 * show another key's value. An asset that was declared to have a URI and a name keeps the objects of both.
 */
function belongs(namespace: string, { path, name }: ValueAddress, object: string): boolean {
  if (object.startsWith(`${namespace}/${path}/${name}/`)) return true;
  const parts = object.split('/');
  return path.startsWith('assets/') && parts.length === 5 && parts[0] === namespace && parts[1] === 'assets' && parts[3] === name;
}

/** How the bytes of an object are decoded, settled before they are fetched. */
function decoder(
  core: StoreCore,
  { size }: EntryMeta,
  ref: Reference,
  at: ObjectCall,
): (bytes: Uint8Array) => Promise<Uint8Array> {
  const { where } = at;
  if (ref.encryption !== undefined && core.encryption?.name !== ref.encryption) {
    throw new CodecUnavailableError(ref.encryption, 'give the store the encryption that the value was written with', where);
  }
  const codec = core.codecs.get(ref.codec);
  if (!codec && ref.codec !== 'none') {
    throw new CodecUnavailableError(ref.codec, 'give it to the store as one of its codecs', where);
  }
  return async (bytes) => {
    const value = codec ? await decodeWith(core, at, codec, bytes, size, ref) : bytes;
    if (value.length === size) return value;
    throw new CorruptEntryError(`the object ${ref.object} holds ${value.length} bytes, its entry says ${size}`, where);
  };
}

async function decodeWith(
  core: StoreCore,
  at: ObjectCall,
  codec: Codec,
  bytes: Uint8Array,
  maxBytes: number,
  ref: Reference,
): Promise<Uint8Array> {
  const decoded = await transcode(core, at, `decoding with ${ref.codec}`, (signal) => codec.decode(bytes, { signal, maxBytes }));
  if ('bytes' in decoded) return decoded.bytes;
  const context = { ...at.where, cause: decoded.cause };
  if (decoded.cause instanceof CodecUnavailableError) {
    throw new CodecUnavailableError(ref.codec, 'this runtime lacks it', context);
  }
  throw new CorruptEntryError(`the object ${ref.object} cannot be decoded as ${ref.codec}`, context);
}
