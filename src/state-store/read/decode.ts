import type { EntryMeta, Reference } from '../../format/entry.ts';
import { framesIn, longestFrame } from '../../format/frames.ts';
import { CodecUnavailableError, CorruptEntryError, type ErrorContext } from '../../model/errors/store.ts';
import type { StoreCore } from '../internals.ts';
import { transcode, type ObjectCall } from '../objects/calls.ts';

/** From stored bytes to the bytes of a value: decrypted, then decompressed, never to more than is known to be right. */

/** Stored bytes that stand alone: a whole object, or a frame of one. */
export interface StoredPart {
  bytes: Uint8Array;
  /** What they were encrypted for. */
  path: string;
  /** Whether a codec made them. */
  encoded: boolean;
  /** Bytes of the value that they stand for: at most, or exactly. */
  size: number;
}

/** Decodes parts of one object. */
export type Decoder = (part: StoredPart) => Promise<Uint8Array>;

/** How an object was encoded. */
type Encoding = Pick<Reference, 'object' | 'codec' | 'encryption'>;

/**
 * How an object is decoded whose parts stand for exactly so many bytes; settled before it is fetched.
 *
 * @throws {@link CodecUnavailableError} where its codec or its encryption is not here.
 */
export function decoderOf(core: StoreCore, at: ObjectCall, ref: Reference): Decoder {
  const decode = boundedDecoderOf(core, at, ref);
  return async (part) => {
    const value = await decode(part);
    if (value.length === part.size) return value;
    throw new CorruptEntryError(
      `the object ${ref.object} holds ${value.length} bytes where there should be ${part.size}`,
      at.where,
    );
  };
}

/**
 * The same where nobody recorded how much the parts stand for: `size` is the most.
 *
 * @throws {@link CodecUnavailableError} where its codec or its encryption is not here.
 */
export function boundedDecoderOf(core: StoreCore, at: ObjectCall, ref: Encoding): Decoder {
  const { where } = at;
  const { object, codec: name } = ref;
  const decrypt = decryptionOf(core, at, ref);
  const codec = core.codecs.get(ref.codec);
  const remedy = codec ? codec.unavailable : 'give it to the store as one of its codecs';
  if (remedy !== undefined && name !== 'none') throw new CodecUnavailableError(name, remedy, where);
  return async ({ bytes, path, encoded, size: maxBytes }) => {
    const plain = await decrypt(bytes, path);
    if (!encoded) return plain;
    if (!codec) throw new CorruptEntryError(`the object ${object} is encoded, its entry says that it is not`, where);
    return transcode(core, at, `decoding with ${name}`, {
      bytes: Math.max(plain.length, maxBytes),
      work: (signal) => codec.decode(plain, { signal, maxBytes }),
      failed: (cause) => new CorruptEntryError(`the object ${object} cannot be decoded as ${name}`, { ...where, cause }),
    });
  };
}

/**
 * What the encryption rejects with says that these bytes are not of this key and this place, unless it calls itself retryable: then
 * it could not ask whoever keeps the key.
 */
function decryptionOf(
  core: StoreCore,
  at: ObjectCall,
  { object, encryption: name }: Encoding,
): (bytes: Uint8Array, path: string) => Promise<Uint8Array> {
  if (name === undefined) return async (bytes) => bytes;
  const { encryption } = core;
  if (encryption?.name !== name) {
    throw new CodecUnavailableError(name, 'give the store the encryption that the value was written with', at.where);
  }
  const problem = `the object ${object} cannot be decrypted with ${name}: another key, or not what was written there`;
  return (bytes, path) =>
    transcode(core, at, `decrypting with ${name}`, {
      bytes: 0,
      work: () => encryption.decrypt(bytes, { path }),
      failed: (cause) => (isRetryable(cause) ? cause : new CorruptEntryError(problem, { ...at.where, cause })),
    });
}

function isRetryable(cause: unknown): boolean {
  return (cause as { retryable?: unknown } | null | undefined)?.retryable === true;
}

/** A reference to an object that is made of frames. */
export type FramedReference = Reference & { frames: number };

/** Whether the object of a reference is made of frames. */
export function isFramed(ref: Reference): ref is FramedReference {
  return ref.frames !== undefined;
}

/**
 * The pieces of a value, in order, from the bytes of an object that is made of frames. Each frame stands for exactly the bytes that
 * its place in the value has, so neither a frame nor their number can make a reader hold more.
 *
 * @throws {@link CorruptEntryError}
 */
export async function* decodeFrames(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { size }: EntryMeta,
  { object, frames }: FramedReference,
  decode: Decoder,
  where: ErrorContext,
): AsyncGenerator<Uint8Array, void, undefined> {
  const damaged = (problem: string): CorruptEntryError => new CorruptEntryError(`the object ${object} ${problem}`, where);
  let done = 0;
  for await (const { encoded, bytes } of framesIn(chunks, longestFrame(frames), damaged)) {
    const expected = Math.min(frames, size - done);
    if (expected === 0) throw damaged(`goes on after the ${size} bytes of its value`);
    yield await decode({ bytes, encoded, size: expected, path: `${object}/${Math.floor(done / frames)}` });
    done += expected;
  }
  if (done !== size) throw damaged(`ends after ${done} of the ${size} bytes of its value`);
}
