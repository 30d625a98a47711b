import type * as Zlib from 'node:zlib';
import { untilAborted } from '../async/abort.ts';
import { damaged } from './codec.ts';

/** Calls the codecs of `node:zlib`: at once for few bytes, in a thread of the pool for many. */

type Done = (error: Error | null, result: Uint8Array) => void;

/** The options that are passed on. */
export interface ZlibOptions {
  level?: number;
  chunkSize?: number;
  maxOutputLength?: number;
  params?: Record<number, number>;
}

/** One direction of one format, as `node:zlib` has it twice. */
export interface ZlibPair {
  now(bytes: Uint8Array, options: ZlibOptions): Uint8Array;
  later(bytes: Uint8Array, options: ZlibOptions, done: Done): void;
}

/** Functions of newer versions of Node.js, which the types of the oldest one lack. */
type Zstd = Record<'zstdCompress' | 'zstdDecompress', ZlibPair['later']> &
  Record<'zstdCompressSync' | 'zstdDecompressSync', ZlibPair['now']>;

/** The parts of `node:zlib` that this runtime has. */
export type NodeZlib = typeof Zlib & Partial<Zstd>;

/** `node:zlib`, or `undefined` if there is none. Not imported: an import of a missing module would fail. */
export function nodeZlib(): NodeZlib | undefined {
  return globalThis.process?.getBuiltinModule?.('node:zlib');
}

/** Up to this many bytes, a call takes little more time than to start it in a thread. Measured by `npm run bench -- codecs`. */
const ENCODE_AT_ONCE = 65_536;
const DECODE_AT_ONCE = 262_144;

/**
 * `node:zlib` makes its output in chunks of this many bytes, and joins them. In a thread each chunk is another turn of the event
 * loop and of the pool, so that 16 KiB, its own default, costs more than the decoding.
 */
const SMALLEST_CHUNK = 1_024;
const LARGEST_CHUNK = 2 ** 24;

/** One chunk for output of this length, up to a limit. */
function chunkFor(bytes: number): number {
  return Math.min(Math.max(bytes, SMALLEST_CHUNK), LARGEST_CHUNK);
}

/** Encodes, at once or in a thread. */
export function encodeZlib(
  pair: ZlibPair,
  bytes: Uint8Array,
  options: ZlibOptions,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  const chunkSize = chunkFor(bytes.length >>> 1);
  return run(pair, bytes, { chunkSize, ...options }, bytes.length <= ENCODE_AT_ONCE, signal);
}

/** The wait ends when the signal aborts. The thread's result is then ignored. */
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
 * @throws {@link CorruptEntryError} if the bytes are damaged, or stand for more.
 */
export async function decodeZlib(
  name: string,
  pair: ZlibPair,
  bytes: Uint8Array,
  { maxBytes, signal }: { maxBytes: number; signal?: AbortSignal },
): Promise<Uint8Array> {
  // One byte more than allowed is enough to notice too much. zlib does not accept 0 as a limit.
  const options = { maxOutputLength: maxBytes + 1, chunkSize: chunkFor(maxBytes + 1) };
  const atOnce = Math.max(bytes.length, maxBytes) <= DECODE_AT_ONCE;
  const decoded = await run(pair, bytes, options, atOnce, signal).catch((cause: unknown) => {
    signal?.throwIfAborted();
    throw damaged(name, maxBytes, cause);
  });
  if (decoded.length > maxBytes) throw damaged(name, maxBytes);
  return decoded;
}
