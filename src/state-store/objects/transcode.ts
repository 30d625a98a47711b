import type { EntryMeta, Reference } from '../../format/entry.ts';
import { FRAME_BYTES, frameHead, framesIn, longestFrame } from '../../format/frames.ts';
import { shorten } from '../../codec/compress-if-smaller.ts';
import { CodecUnavailableError, ConfigError, CorruptEntryError, type ErrorContext } from '../../model/errors/store.ts';
import type { Internals } from '../internals.ts';
import { within, type ObjectCall } from './calls.ts';

/**
 * Turns the bytes of a value into the bytes that are stored, and back. Bytes are compressed if that pays, then encrypted.
 * Decoding never makes more bytes than are known to be right.
 */

/** From this many bytes on, a codec waits for its turn. With fewer, the work is done sooner than a turn would come. */
const QUEUED_FROM = 2 ** 17;

/** What a codec or an encryption does. */
interface Transcoding {
  /** The bytes that a codec works on; 0 for an encryption. */
  bytes: number;
  work(signal: AbortSignal): Promise<Uint8Array>;
  /** Thrown in place of what `work` rejects with, which may show the value. */
  failed(cause: unknown): unknown;
}

/**
 * Lets a codec or an encryption work within `commandTimeout`. A codec that works on many bytes waits for its turn first, which is no
 * part of that time.
 *
 * @throws {@link StoreUnavailableError} if it takes longer.
 */
function transcode(core: Internals, at: ObjectCall, what: string, { bytes, work, failed }: Transcoding): Promise<Uint8Array> {
  const run = (): Promise<Uint8Array> =>
    within(core, at, what, async (signal) => {
      try {
        return await work(signal);
      } catch (cause) {
        throw failed(cause);
      }
    });
  return bytes < QUEUED_FROM ? run() : core.codecQueue(at.call.signal, run);
}

/**
 * Compresses bytes if that pays; else `codec` is `'none'`.
 *
 * @throws {@link CodecUnavailableError} {@link StoreUnavailableError}
 */
export async function encode(core: Internals, at: ObjectCall, bytes: Uint8Array): Promise<{ codec: string; bytes: Uint8Array }> {
  const { codec } = core;
  if (!codec) return { codec: 'none', bytes };
  const encoded = await transcode(core, at, `encoding with ${codec.name}`, {
    bytes: bytes.length,
    work: (signal) => shorten(codec, bytes, { signal }),
    failed: (cause) => new CodecUnavailableError(codec.name, 'it could not encode the value', { ...at.where, cause }),
  });
  return { codec: encoded === bytes ? 'none' : codec.name, bytes: encoded };
}

/**
 * Encrypts bytes, if the store encrypts.
 *
 * @param path - What the bytes are bound to.
 * @throws {@link StoreUnavailableError}
 */
export async function encrypt(core: Internals, at: ObjectCall, bytes: Uint8Array, path: string): Promise<Uint8Array> {
  const { encryption } = core;
  if (!encryption) return bytes;
  return within(core, at, `encrypting with ${encryption.name}`, () => encryption.encrypt(bytes, { path }));
}

/**
 * One frame of a value, as its head and its bytes.
 *
 * @throws {@link CodecUnavailableError} {@link StoreUnavailableError}; {@link ConfigError} for an encryption that returns no
 * bytes, or too many.
 */
export async function encodeFrame(core: Internals, at: ObjectCall, piece: Uint8Array, path: string): Promise<Uint8Array[]> {
  const encoded = await encode(core, at, piece);
  const bytes = await encrypt(core, at, encoded.bytes, path);
  if (bytes.length === 0 || bytes.length > longestFrame(FRAME_BYTES)) {
    throw new ConfigError('encryption', 'must return at least one byte, and at most twice as many as it is given');
  }
  return [frameHead({ encoded: encoded.codec !== 'none', bytes }), bytes];
}

/** Stored bytes that stand alone: a whole object, or a frame of one. */
export interface StoredPart {
  bytes: Uint8Array;
  /** The path that they were encrypted for. */
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
 * How to decode an object whose parts stand for exactly this many bytes. Decided before it is fetched.
 *
 * @throws {@link CodecUnavailableError} if its codec or its encryption is missing here.
 */
export function decoderOf(core: Internals, at: ObjectCall, ref: Reference): Decoder {
  const decode = boundedDecoderOf(core, at, ref);
  return async (part) => {
    const value = await decode(part);
    if (value.length === part.size) return value;
    throw new CorruptEntryError(`the object ${ref.object} holds ${value.length} bytes, and should hold ${part.size}`, at.where);
  };
}

/**
 * How to decode an object for whose parts no size was recorded: `size` is the most.
 *
 * @throws {@link CodecUnavailableError} if its codec or its encryption is missing here.
 */
export function boundedDecoderOf(core: Internals, at: ObjectCall, ref: Encoding): Decoder {
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
 * If the encryption rejects, these bytes were not made with this key for this place. A retryable error says instead that the key
 * service could not be asked.
 */
function decryptionOf(
  core: Internals,
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
 * The pieces of a value, in order, from the bytes of an object that is made of frames. Each frame stands for exactly the bytes
 * that its place in the value has. So neither a frame nor the number of frames can make a reader hold more.
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
