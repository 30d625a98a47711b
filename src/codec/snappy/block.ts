import { compress, uncompress } from 'snappyjs';

/** Raw Snappy, the format of one block: by the native `snappy` if it is installed, in JavaScript otherwise. */

/** Both directions of one implementation. */
export interface SnappyBlocks {
  compress(block: Uint8Array): Uint8Array;
  /** Compresses in a thread of the pool, if the implementation can. */
  compressLater?(block: Uint8Array): Promise<Uint8Array>;
  /** `undefined` for what is not a block of at most `maxBytes`. */
  uncompress(block: Uint8Array, maxBytes: number): Uint8Array | undefined;
}

/** The part of the package `snappy` that is called. */
export interface NativeSnappy {
  compressSync(input: Uint8Array, options: { copyOutputData: true }): Uint8Array;
  compress(input: Uint8Array, options: { copyOutputData: true }): Promise<Uint8Array>;
  uncompressSync(input: Uint8Array, options: { asBuffer: true; copyOutputData: true }): Uint8Array | string;
}

/** The name is hidden from bundlers: an optional peer must not become required. */
const PACKAGE: string = 'snappy';

/**
 * The native package, or `undefined` if it is not installed or has no binary for this machine. Imported at first use.
 * `createRequire(import.meta.url)` would do the same, but code that is compiled to CommonJS, as by Jest, cannot use
 * `import.meta`.
 */
export async function installedSnappy(): Promise<NativeSnappy | undefined> {
  try {
    const loaded = (await import(/* webpackIgnore: true */ PACKAGE)) as Partial<NativeSnappy> & {
      default?: Partial<NativeSnappy>;
    };
    // Compiled to CommonJS without interop, the import is the package itself.
    const installed = loaded.default ?? loaded;
    const called = [installed.compressSync, installed.compress, installed.uncompressSync];
    return called.every((call) => typeof call === 'function') ? (installed as NativeSnappy) : undefined;
  } catch {
    return undefined;
  }
}

/** Blocks by the native package. Copying its output is several times as fast as handing out its memory. */
export function nativeBlocks(snappy: NativeSnappy): SnappyBlocks {
  return {
    compress: (block) => snappy.compressSync(block, { copyOutputData: true }),
    compressLater: (block) => snappy.compress(block, { copyOutputData: true }),
    uncompress(block, maxBytes) {
      const length = readLength(block)?.length;
      if (length === undefined || length > maxBytes) return undefined;
      try {
        return snappy.uncompressSync(block, { asBuffer: true, copyOutputData: true }) as Uint8Array;
      } catch {
        return undefined;
      }
    },
  };
}

/** Blocks in JavaScript. */
export function scriptBlocks(): SnappyBlocks {
  return {
    compress: (block) => compress(plain(block)),
    uncompress(block, maxBytes) {
      const head = readLength(block);
      const sound = head !== undefined && head.length <= maxBytes && isSound(block, head);
      return sound ? uncompress(plain(block)) : undefined;
    },
  };
}

/** If snappyjs is given a `Buffer`, it allocates a zeroed copy. */
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
 * Whether the elements of a block stay within it and make the declared length. Checked first, since snappyjs trusts the lengths:
 * one that is negative as a signed number makes it loop for ever. Format:
 * https://github.com/google/snappy/blob/main/format_description.txt
 */
function isSound(block: Uint8Array, head: { length: number; from: number }): boolean {
  let made = 0;
  let at = head.from;
  while (at < block.length) {
    const tag = block[at] as number;
    const kind = tag & 3;
    at += 1;
    if (kind === 0) {
      const short = tag >>> 2;
      const extra = Math.max(0, short - 59);
      const length = (extra === 0 ? short : readInteger(block, at, extra)) + 1;
      at += extra + length;
      made += length;
    } else {
      const size = kind === 3 ? 4 : kind;
      const offset = readInteger(block, at, size) + (kind === 1 ? (tag >>> 5) * 256 : 0);
      if (offset === 0 || offset > made) return false;
      at += size;
      made += kind === 1 ? ((tag >>> 2) & 7) + 4 : (tag >>> 2) + 1;
    }
  }
  return at === block.length && made === head.length;
}

/** A little-endian number. Bytes beyond the block count as 0; the caller notices that they are beyond. */
function readInteger(block: Uint8Array, at: number, size: number): number {
  let value = 0;
  for (let index = size - 1; index >= 0; index -= 1) value = value * 256 + (block[at + index] ?? 0);
  return value;
}
