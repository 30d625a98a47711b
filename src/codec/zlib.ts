import type * as Zlib from 'node:zlib';
import { untilAborted } from '../async/abort.ts';
import { damaged } from './codec.ts';

/** How the codecs of `node:zlib` are called: at once where the bytes are few, in a thread of the pool where they are many. */

type Done = (error: Error | null, result: Uint8Array) => void;

/** The options that are passed on. */
export interface ZlibOptions {
  level?: number;
  maxOutputLength?: number;
  params?: Record<number, number>;
}

/** One direction of one format, as `node:zlib` has it twice. */
export interface ZlibPair {
  now(bytes: Uint8Array, options: ZlibOptions): Uint8Array;
  later(bytes: Uint8Array, options: ZlibOptions, done: Done): void;
}

/** What newer versions of Node.js add, which the types of the oldest one lack. */
type Zstd = Record<'zstdCompress' | 'zstdDecompress', ZlibPair['later']> &
  Record<'zstdCompressSync' | 'zstdDecompressSync', ZlibPair['now']>;

/** `node:zlib`, as far as this runtime has it. */
export type NodeZlib = typeof Zlib & Partial<Zstd>;

/** `node:zlib`, or `undefined` where there is none. Asked for, not imported: an import of what is missing cannot be survived. */
export function nodeZlib(): NodeZlib | undefined {
  return globalThis.process?.getBuiltinModule?.('node:zlib');
}

/** Up to so many bytes a call is over sooner than a thread has taken it up, in some 0.2 ms. Measured by `bench/codec.ts`. */
const ENCODE_AT_ONCE = 32_768;
const DECODE_AT_ONCE = 131_072;

/** Encodes, at once or in a thread. */
export function encodeZlib(
  pair: ZlibPair,
  bytes: Uint8Array,
  options: ZlibOptions,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  return run(pair, bytes, options, bytes.length <= ENCODE_AT_ONCE, signal);
}

/** The wait ends when the signal aborts; the thread's work then ends unheard. */
async function run(
  pair: ZlibPair,
  bytes: Uint8Array,
  options: ZlibOptions,
  atOnce: boolean,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  if (atOnce) return pair.now(bytes, options);
  const later = new Promise<Uint8Array>((resolve, reject) => {
    pair.later(bytes, options, (error, result) => (error ? reject(error) : resolve(result)));
  });
  return untilAborted(later, signal);
}

/**
 * Decodes at most `maxBytes`: `node:zlib` itself stops there.
 *
 * @throws {@link CorruptEntryError} when the bytes are damaged, or stand for more.
 */
export async function decodeZlib(
  name: string,
  pair: ZlibPair,
  bytes: Uint8Array,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal },
): Promise<Uint8Array> {
  // One byte more than allowed is seen as too much; none at all is not a limit that zlib takes.
  const options = { maxOutputLength: maxBytes + 1 };
  const atOnce = Math.max(bytes.length, maxBytes) <= DECODE_AT_ONCE;
  const decoded = await run(pair, bytes, options, atOnce, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw damaged(name, maxBytes, cause);
  });
  if (decoded.length > maxBytes) throw damaged(name, maxBytes);
  return decoded;
}
