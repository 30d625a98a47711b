import type { CallOptions } from '../../async/deadline.ts';
import { parseEntry, type Reference, type StoredEntry } from '../../format/entry.ts';
import { CorruptEntryError, MissingObjectError, StoreUnavailableError, UnknownLocationError } from '../../model/errors/store.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import type { StoreCore } from '../internals.ts';
import { decoderOf, type Decoder } from './decode.ts';
import type { ObjectCall } from '../objects/calls.ts';
import { isObjectOf, type ValueAddress } from '../objects/new-object.ts';

/**
 * From an entry to the object that it refers to: only to where this key's own objects lie, and again as long as the entry changes.
 * A missing object is never the same as no value.
 */

/** An entry, and what was made of it. */
export interface Followed<T> {
  entry: StoredEntry;
  value: T;
}

/** How often an entry is read again when its object was not there: an overwrite and a sweep may have come in between. */
const REREADS = 5;

/**
 * What `fetch` makes of an entry; `undefined` where a second look showed that there is none any more.
 *
 * @param reread - Reads the entry again.
 * @param fetch - Answers `undefined` where the object is missing.
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link StoreUnavailableError}, or what `fetch` throws.
 */
export async function follow<T>(
  core: StoreCore,
  address: ValueAddress,
  raw: RawEntry,
  reread: () => Promise<RawEntry | undefined>,
  fetch: (entry: StoredEntry) => Promise<T | undefined>,
): Promise<Followed<T> | undefined> {
  let current: RawEntry | undefined = raw;
  for (let reads = 0; reads <= REREADS; reads += 1) {
    const entry = parseEntry(current.text, address, current.body);
    const value = await fetch(entry);
    if (value !== undefined) return { entry, value };
    const missed: string = current.text;
    current = await reread();
    if (!current) return undefined;
    if (current.text === missed) throw missing(core, address, entry.meta.ref);
  }
  throw new StoreUnavailableError(`the value was replaced ${REREADS} times while it was read`, address);
}

function missing(core: StoreCore, { scope, key }: ValueAddress, ref: Reference | undefined): MissingObjectError {
  core.emit({ type: 'missing-object', scope, key });
  return new MissingObjectError(ref?.object ?? '', { scope, key, store: ref?.store });
}

/** The value of an inline entry, as it is serialized. */
export function inlineBody({ body, meta }: StoredEntry, address: ValueAddress): Uint8Array {
  if (body?.length === meta.size) return body;
  throw new CorruptEntryError(`the inline value has ${body?.length ?? 'no'} bytes, its entry says ${meta.size}`, address);
}

/** Where an object is, and how it is decoded. */
export interface Located {
  at: ObjectCall;
  decode: Decoder;
}

/**
 * Settles how a reference is followed, before anything is fetched. What the metastore holds may have been tampered with, and must
 * not show another key's value.
 *
 * @throws {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 */
export function locate(core: StoreCore, address: ValueAddress, ref: Reference, call: CallOptions): Located {
  const where = { ...address, store: ref.store };
  if (!isObjectOf(core.namespace, address, ref.object)) {
    throw new CorruptEntryError('the entry refers to an object that is not one of this key', where);
  }
  const store = core.locations.get(ref.store);
  if (!store) throw new UnknownLocationError(ref.store, [...core.locations.keys()], address);
  const at = { store, where, call };
  return { at, decode: decoderOf(core, at, ref) };
}
