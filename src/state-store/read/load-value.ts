import type { CallOptions } from '../../async/deadline.ts';
import type { EntryMeta, Reference } from '../../format/entry.ts';
import { ValueTooLargeError } from '../../model/errors/store.ts';
import type { RawEntry } from '../../metastore/metastore.ts';
import { deserialize } from '../../format/serializer.ts';
import type { StoreCore } from '../internals.ts';
import { decodeFrames, isFramed } from './decode.ts';
import { follow, inlineBody, locate, type Followed } from './follow.ts';
import { wholeBody } from '../objects/body.ts';
import type { ValueAddress } from '../objects/new-object.ts';
import { verify } from './verified.ts';

/** From an entry to its value. Bytes are verified before they are decoded, and decoding is bounded by the recorded size. */

/** An entry and the value that it stands for. */
export type LoadedValue = Followed<unknown>;

/**
 * The value of an entry; `undefined` where a second look showed that there is none any more.
 *
 * @param reread - Reads the entry again.
 * @throws {@link MissingObjectError} {@link CorruptEntryError} {@link UnknownLocationError} {@link CodecUnavailableError}
 *   {@link ValueTooLargeError} {@link StoreUnavailableError}
 */
export async function loadValue(
  core: StoreCore,
  address: ValueAddress,
  raw: RawEntry,
  reread: () => Promise<RawEntry | undefined>,
  call: CallOptions,
): Promise<LoadedValue | undefined> {
  const loaded = await follow(core, address, raw, reread, async (entry) => {
    const { meta } = entry;
    if (!meta.ref) return inlineBody(entry, address);
    requireSmall(core, address, meta);
    return loadBytes(core, address, meta, meta.ref, call);
  });
  if (!loaded) return undefined;
  const { entry, value } = loaded;
  return { entry, value: deserialize(entry.meta.type, value, address) };
}

/** JSON was held whole when it was written; bytes may have been a stream of any size. */
function requireSmall({ maxValueBytes }: StoreCore, address: ValueAddress, { type, size, ref }: EntryMeta): void {
  if (size <= maxValueBytes || (type === 'json' && ref?.frames === undefined)) return;
  throw new ValueTooLargeError(size, maxValueBytes, 'read it with getStream(), or raise it', address);
}

/** The serialized bytes of an offloaded value, or `undefined` where its object is missing. */
export async function loadBytes(
  core: StoreCore,
  address: ValueAddress,
  meta: EntryMeta,
  ref: Reference,
  call: CallOptions,
): Promise<Uint8Array | undefined> {
  const { at, decode } = locate(core, address, ref, call);
  const body = await wholeBody(core, at, ref);
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
