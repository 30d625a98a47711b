import type { Codec } from '../../codec/codec.ts';
import type { Reference } from '../../format/entry.ts';
import { CodecUnavailableError, CorruptEntryError, StoreUnavailableError } from '../../model/errors/store.ts';
import type { StoreCore } from '../internals.ts';
import { transcode, transcodeInTurn, type ObjectCall } from '../objects/calls.ts';

/** From stored bytes to the bytes of a value: decrypted, then decompressed, never to more than is known to be right. */

/** Stored bytes that stand alone, a whole object or a frame of one, of which only a bound is known. */
export interface BoundedPart extends Omit<StoredPart, 'size'> {
  /** Bytes of the value that they may stand for at most. */
  most: number;
}

/** Stored bytes that stand alone: a whole object, or a frame of one. */
export interface StoredPart {
  bytes: Uint8Array;
  /** What they were encrypted for. */
  path: string;
  /** Whether a codec made them. */
  encoded: boolean;
  /** Bytes of the value that they stand for, exactly. */
  size: number;
}

/** Decodes parts of one object. */
export type Decoder = (part: StoredPart) => Promise<Uint8Array>;

/**
 * How an object is decoded, settled before it is fetched.
 *
 * @throws {@link CodecUnavailableError} where its codec or its encryption is not here.
 */
export function decoderOf(core: StoreCore, at: ObjectCall, ref: Reference): Decoder {
  const decode = boundedDecoderOf(core, at, ref);
  return async ({ size, ...part }) => {
    const value = await decode({ ...part, most: size });
    if (value.length === size) return value;
    throw new CorruptEntryError(`the object ${ref.object} holds ${value.length} bytes where there should be ${size}`, at.where);
  };
}

/** How an object was encoded. */
type Encoding = Pick<Reference, 'object' | 'codec' | 'encryption'>;

/**
 * The same where nobody recorded how much the bytes stand for.
 *
 * @throws {@link CodecUnavailableError} where its codec or its encryption is not here.
 */
export function boundedDecoderOf(core: StoreCore, at: ObjectCall, ref: Encoding): (part: BoundedPart) => Promise<Uint8Array> {
  const { where } = at;
  if (ref.encryption !== undefined && core.encryption?.name !== ref.encryption) {
    throw new CodecUnavailableError(ref.encryption, 'give the store the encryption that the value was written with', where);
  }
  const codec = core.codecs.get(ref.codec);
  const remedy = codec ? codec.unavailable : 'give it to the store as one of its codecs';
  if (remedy !== undefined && ref.codec !== 'none') throw new CodecUnavailableError(ref.codec, remedy, where);
  return async ({ bytes, path, encoded, most }) => {
    const plain = ref.encryption === undefined ? bytes : await decrypt(core, at, bytes, path, ref);
    if (encoded && !codec)
      throw new CorruptEntryError(`the object ${ref.object} is encoded, its entry says that it is not`, where);
    return encoded && codec ? decodeWith(core, at, codec, plain, most, ref) : plain;
  };
}

/**
 * What the encryption rejects with says that these bytes are not of this key and this place, unless it calls itself retryable: then
 * it could not ask whoever keeps the key.
 */
async function decrypt(core: StoreCore, at: ObjectCall, bytes: Uint8Array, path: string, ref: Encoding): Promise<Uint8Array> {
  const decrypted = await transcode(core, at, `decrypting with ${ref.encryption}`, async () =>
    // Settled by the caller: it is there, and of the right name.
    (core.encryption as NonNullable<StoreCore['encryption']>).decrypt(bytes, { path }),
  );
  if ('bytes' in decrypted) return decrypted.bytes;
  const context = { ...at.where, cause: decrypted.cause };
  if ((decrypted.cause as { retryable?: unknown } | undefined)?.retryable === true) {
    throw new StoreUnavailableError(`decrypting with ${ref.encryption} failed`, context);
  }
  throw new CorruptEntryError(
    `the object ${ref.object} cannot be decrypted with ${ref.encryption}: another key, or not what was written there`,
    context,
  );
}

async function decodeWith(
  core: StoreCore,
  at: ObjectCall,
  codec: Codec,
  bytes: Uint8Array,
  maxBytes: number,
  ref: Encoding,
): Promise<Uint8Array> {
  const most = Math.max(bytes.length, maxBytes);
  const decoded = await transcodeInTurn(core, at, `decoding with ${ref.codec}`, most, (signal) =>
    codec.decode(bytes, { signal, maxBytes }),
  );
  if ('bytes' in decoded) return decoded.bytes;
  const context = { ...at.where, cause: decoded.cause };
  throw new CorruptEntryError(`the object ${ref.object} cannot be decoded as ${ref.codec}`, context);
}
