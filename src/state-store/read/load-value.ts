import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry, type EntryMeta, type Reference, type StoredEntry } from '../../format/entry.ts';
import {
  CorruptEntryError,
  MissingObjectError,
  StoreUnavailableError,
  UnknownLocationError,
  ValueTooLargeError,
} from '../../model/errors/store.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import { deserialize } from '../../format/serializer.ts';
import type { Internals } from '../internals.ts';
import { decodeFrames, decoderOf, isFramed, type Decoder } from '../objects/transcode.ts';
import { wholeBody } from '../objects/body.ts';
import type { ObjectCall } from '../objects/calls.ts';
import { isObjectOf, type ValueAddress } from '../objects/new-object.ts';
import { verify } from '../objects/verified.ts';

/**
 * From an entry to its value. A reference is followed only to the place of this key's own objects, and again as long as the entry
 * changes. A missing object is never the same as no value. Bytes are verified before they are decoded, and the recorded size
 * bounds the decoding.
 */

/** An entry that is read. */
export interface EntrySource {
  readonly core: Internals;
  /** Whose it is. */
  readonly address: ValueAddress;
  readonly call: CallOptions;
  /** Reads the entry again. */
  reread(): Promise<RawEntry | undefined>;
}

/** An entry, and what was made of it. */
export interface Followed<T> {
  entry: StoredEntry;
  value: T;
}

/** How often an entry is read again if its object is missing: an overwrite and a sweep may have come in between. */
const REREADS = 5;

/**
 * What `fetch` makes of an entry; `undefined` if a second read shows that it is gone.
 *
 * @param fetch - Returns `undefined` if the object is missing.
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link StoreUnavailableError}, or what `fetch` throws.
 */
export async function follow<T>(
  source: EntrySource,
  raw: RawEntry,
  fetch: (entry: StoredEntry) => Promise<T | undefined>,
): Promise<Followed<T> | undefined> {
  const { address } = source;
  let current: RawEntry | undefined = raw;
  for (let reads = 0; reads <= REREADS; reads += 1) {
    const entry = parseEntry(current.text, address, current.body);
    const value = await fetch(entry);
    if (value !== undefined) return { entry, value };
    const missed: string = current.text;
    current = await source.reread();
    if (!current) return undefined;
    if (current.text === missed) throw missing(source, entry.meta.ref);
  }
  throw new StoreUnavailableError(`the value was replaced ${REREADS} times while it was read`, address);
}

function missing({ core, address: { scope, key } }: EntrySource, ref: Reference | undefined): MissingObjectError {
  core.emit({ type: 'missing-object', scope, key });
  return new MissingObjectError(ref?.object ?? '', { scope, key, store: ref?.store });
}

/** The serialized value of an inline entry. */
export function inlineBody({ body, meta }: StoredEntry, { address }: EntrySource): Uint8Array {
  if (body?.length === meta.size) return body;
  throw new CorruptEntryError(`the inline value has ${body?.length ?? 'no'} bytes, its entry says ${meta.size}`, address);
}

/**
 * Decides where the object of a reference is and how it is decoded, before anything is fetched. A reference may have been
 * tampered with, and must not show another key's value.
 *
 * @throws {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 */
export function locate({ core, address, call }: EntrySource, ref: Reference): { at: ObjectCall; decode: Decoder } {
  const where = { ...address, store: ref.store };
  if (!isObjectOf(core.namespace, address, ref.object)) {
    throw new CorruptEntryError('the entry refers to an object that is not one of this key', where);
  }
  const store = core.locations.get(ref.store);
  if (!store) throw new UnknownLocationError(ref.store, [...core.locations.keys()], address);
  const at = { store, where, call };
  return { at, decode: decoderOf(core, at, ref) };
}

/** An entry and the value that it stands for. */
export type LoadedValue = Followed<unknown>;

/**
 * The value of an entry; `undefined` if a second read shows that it is gone.
 *
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 *   {@link ValueTooLargeError} {@link StoreUnavailableError}
 */
export function loadValue(source: EntrySource, raw: RawEntry): LoadedValue | Promise<LoadedValue | undefined> {
  const entry = parseEntry(raw.text, source.address, raw.body);
  return entry.meta.ref ? loadOffloaded(source, raw) : valueOf(entry, inlineBody(entry, source), source);
}

async function loadOffloaded(source: EntrySource, raw: RawEntry): Promise<LoadedValue | undefined> {
  const loaded = await follow(source, raw, async (entry) => {
    const { meta } = entry;
    // It was replaced meanwhile.
    if (!meta.ref) return inlineBody(entry, source);
    requireSmall(source, meta);
    return loadBytes(source, meta, meta.ref);
  });
  return loaded && valueOf(loaded.entry, loaded.value, source);
}

function valueOf(entry: StoredEntry, bytes: Uint8Array, { address }: EntrySource): LoadedValue {
  return { entry, value: deserialize(entry.meta.type, bytes, address) };
}

/** JSON was held in memory as a whole when it was written. Bytes may come from a stream of any size. */
function requireSmall({ core: { maxValueBytes }, address }: EntrySource, { type, size, ref }: EntryMeta): void {
  if (size <= maxValueBytes || (type === 'json' && ref?.frames === undefined)) return;
  throw new ValueTooLargeError(size, maxValueBytes, 'read it with getStream(), or raise it', address);
}

/** The serialized bytes of an offloaded value, or `undefined` if its object is missing. */
export async function loadBytes(source: EntrySource, meta: EntryMeta, ref: Reference): Promise<Uint8Array | undefined> {
  const { at, decode } = locate(source, ref);
  // Of nothing there is nothing to read. Some servers answer a range of an empty object in ways of their own.
  const body = ref.storedSize === 0 ? new Uint8Array() : await wholeBody(source.core, at, ref);
  if (!body) return undefined;
  verify(body, ref, at.where);
  if (!isFramed(ref)) return decode({ bytes: body, path: ref.object, encoded: ref.codec !== 'none', size: meta.size });
  const value = new Uint8Array(meta.size);
  let filled = 0;
  for await (const piece of decodeFrames([body], meta, ref, decode, at.where)) {
    value.set(piece, filled);
    filled += piece.length;
  }
  return value;
}
