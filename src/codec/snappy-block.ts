import { createRequire } from 'node:module';
import snappyjs from 'snappyjs';

/** Raw Snappy, the format of one block: by the native `snappy` where it is installed, in JavaScript otherwise. */

/** Both directions of one implementation. */
export interface SnappyBlocks {
  compress(block: Uint8Array): Uint8Array;
  /** `undefined` for what is not a block of at most `maxBytes`. */
  uncompress(block: Uint8Array, maxBytes: number): Uint8Array | undefined;
}

/** The part of the package `snappy` that is called. */
export interface NativeSnappy {
  compressSync(input: Uint8Array): Uint8Array;
  uncompressSync(input: Uint8Array, options: { asBuffer: true }): Uint8Array | string;
}

/**
 * The native package, or `undefined` where it is not installed or has no binary for this machine. Required at first use, by
 * its name, from here: it is an optional peer, which an import, or a bundler, would make a condition of everything else.
 */
export function installedSnappy(): NativeSnappy | undefined {
  try {
    const installed = createRequire(import.meta.url)('snappy') as Partial<NativeSnappy>;
    const complete = typeof installed.compressSync === 'function' && typeof installed.uncompressSync === 'function';
    return complete ? (installed as NativeSnappy) : undefined;
  } catch {
    return undefined;
  }
}

/** Blocks by the native package. */
export function nativeBlocks(snappy: NativeSnappy): SnappyBlocks {
  return {
    compress: (block) => snappy.compressSync(block),
    uncompress(block, maxBytes) {
      const length = readLength(block)?.length;
      if (length === undefined || length > maxBytes) return undefined;
      try {
        return snappy.uncompressSync(block, { asBuffer: true }) as Uint8Array;
      } catch {
        return undefined;
      }
    },
  };
}

/** Blocks in JavaScript. */
export function scriptBlocks(): SnappyBlocks {
  return { compress: (block) => snappyjs.compress(plain(block)), uncompress };
}

/** snappyjs makes a copy that is zeroed first where it is given a `Buffer`. */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** The length that a block declares, a varint, and where its elements begin. */
function readLength(block: Uint8Array): { length: number; from: number } | undefined {
  let length = 0;
  for (let at = 0; at < 5; at += 1) {
    const byte = block[at];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * at);
    if (byte < 0x80) return { length, from: at + 1 };
  }
  return undefined;
}

/**
 * Our own, since that of snappyjs trusts the lengths in the block: one that is negative as a signed number moves it backwards,
 * for ever. Format: https://github.com/google/snappy/blob/main/format_description.txt
 */
function uncompress(block: Uint8Array, maxBytes: number): Uint8Array | undefined {
  const head = readLength(block);
  if (!head || head.length > maxBytes) return undefined;
  const output = new Uint8Array(head.length);
  let written = 0;
  let at = head.from;
  while (at < block.length) {
    const tag = block[at] as number;
    at += 1;
    const kind = tag & 3;
    if (kind === 0) {
      const short = tag >>> 2;
      const extra = short < 60 ? 0 : short - 59;
      const length = (extra === 0 ? short : readInteger(block, at, extra)) + 1;
      at += extra;
      if (at + length > block.length || written + length > output.length) return undefined;
      output.set(block.subarray(at, at + length), written);
      at += length;
      written += length;
    } else {
      const length = kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
      const size = kind === 3 ? 4 : kind;
      const offset = readInteger(block, at, size) + (kind === 1 ? (tag >>> 5) * 256 : 0);
      at += size;
      if (at > block.length || offset === 0 || offset > written || written + length > output.length) return undefined;
      // A copy may overlap what it writes, which repeats it: byte by byte is what the format means.
      for (const end = written + length; written < end; written += 1) output[written] = output[written - offset] as number;
    }
  }
  return written === output.length ? output : undefined;
}

/** A little-endian number; what lies beyond the block counts as 0, and the caller checks the end. */
function readInteger(block: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = 0; index < size; index += 1) value += (block[at + index] ?? 0) * 256 ** index;
  return value;
}
