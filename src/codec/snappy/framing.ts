import { setImmediate } from 'node:timers/promises';
import { crc32c } from '../../format/crc32c.ts';
import { damaged, type Codec } from '../codec.ts';
import { installedSnappy, nativeBlocks, scriptBlocks, type SnappyBlocks } from './block.ts';

/**
 * The framing format of Snappy, which other ecosystems read: https://github.com/google/snappy/blob/main/framing_format.txt
 * A stream identifier, then chunks of one type byte, three bytes of length, and for data four bytes of a masked CRC-32C.
 */

const NAME = 'snappy';
const COMPRESSED = 0x00;
const UNCOMPRESSED = 0x01;
/** Unknown chunk types from this one on may be skipped. */
const SKIPPABLE = 0x80;
const IDENTIFIER = 0xff;
const IDENTIFIER_TEXT: readonly number[] = [0x73, 0x4e, 0x61, 0x50, 0x70, 0x59];
const IDENTIFIER_CHUNK: readonly number[] = [IDENTIFIER, IDENTIFIER_TEXT.length, 0, 0, ...IDENTIFIER_TEXT];
const HEAD = 4;
const SUM = 4;
/** The most that one chunk may stand for. */
const LONGEST_BLOCK = 65_536;
/**
 * Blocks between two pauses for the event loop: at most about 2 ms of work. A body with more blocks is compressed in threads,
 * this many at a time. Decoding would take longer there. Measured by `npm run bench -- codecs`.
 */
const BLOCKS_PER_TURN = 4;

/** The codec `snappy`. Which implementation makes the blocks is settled at first use. */
export function snappyCodec(given?: SnappyBlocks): Codec {
  let settled: Promise<SnappyBlocks> | undefined = given && Promise.resolve(given);
  const blocks = (): Promise<SnappyBlocks> =>
    (settled ??= installedSnappy().then((native) => (native ? nativeBlocks(native) : scriptBlocks())));
  return {
    name: NAME,
    encode: async (bytes, { signal }) => encode(await blocks(), bytes, signal),
    decode: async (bytes, { maxBytes, signal }) => decode(await blocks(), bytes, maxBytes, signal),
  };
}

async function encode(blocks: SnappyBlocks, bytes: Uint8Array, signal: AbortSignal | undefined): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const parts: Uint8Array[] = [Uint8Array.from(IDENTIFIER_CHUNK)];
  const turn = BLOCKS_PER_TURN * LONGEST_BLOCK;
  const inThreads = bytes.length > turn ? blocks.compressLater : undefined;
  for (let from = 0; from < bytes.length; from += turn) {
    if (from > 0) await pause(signal);
    const plain = blocksOf(bytes.subarray(from, from + turn));
    // The threads work while this one sums.
    const compressing = inThreads && Promise.all(plain.map(inThreads));
    const sums = plain.map(maskedSum);
    const compressed = (await compressing) ?? plain.map(blocks.compress);
    for (const [index, block] of plain.entries())
      parts.push(...chunk(block, compressed[index] as Uint8Array, sums[index] as number));
  }
  return Buffer.concat(parts);
}

function blocksOf(bytes: Uint8Array): Uint8Array[] {
  const count = Math.ceil(bytes.length / LONGEST_BLOCK);
  return Array.from({ length: count }, (_, index) => bytes.subarray(index * LONGEST_BLOCK, (index + 1) * LONGEST_BLOCK));
}

/**
 * The head and the data of a block's chunk. Saving less than an eighth is not worth the reader's time, as in the reference
 * implementation.
 */
function chunk(block: Uint8Array, compressed: Uint8Array, sum: number): [Uint8Array, Uint8Array] {
  const pays = compressed.length < block.length - block.length / 8;
  const data = pays ? compressed : block;
  const head = new Uint8Array(HEAD + SUM);
  const view = new DataView(head.buffer);
  view.setUint32(0, (data.length + SUM) * 256 + (pays ? COMPRESSED : UNCOMPRESSED), true);
  view.setUint32(HEAD, sum, true);
  return [head, data];
}

/** Masked, since the sum of bytes that hold their own sum says little. */
function maskedSum(block: Uint8Array): number {
  const sum = crc32c(block);
  return (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0;
}

async function decode(
  blocks: SnappyBlocks,
  bytes: Uint8Array,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const parts: Uint8Array[] = [];
  let length = 0;
  let chunks = 0;
  for (let at = 0; at < bytes.length; chunks += 1) {
    if (chunks > 0 && chunks % BLOCKS_PER_TURN === 0) await pause(signal);
    const end = at + HEAD <= bytes.length ? at + HEAD + (view.getUint32(at, true) >>> 8) : Number.POSITIVE_INFINITY;
    const type = bytes[at] as number;
    if (end > bytes.length || (chunks === 0 && type !== IDENTIFIER)) throw damaged(NAME, maxBytes);
    const data = bytes.subarray(at + HEAD, end);
    if (type === COMPRESSED || type === UNCOMPRESSED) {
      const block = readBlock(blocks, type, data, Math.min(LONGEST_BLOCK, maxBytes - length));
      if (!block) throw damaged(NAME, maxBytes);
      parts.push(block);
      length += block.length;
    } else if (type === IDENTIFIER ? !isIdentifier(data) : type < SKIPPABLE) {
      throw damaged(NAME, maxBytes);
    }
    at = end;
  }
  if (chunks === 0) throw damaged(NAME, maxBytes);
  return Buffer.concat(parts, length);
}

function readBlock(blocks: SnappyBlocks, type: number, data: Uint8Array, maxBytes: number): Uint8Array | undefined {
  if (data.length < SUM) return undefined;
  const sum = new DataView(data.buffer, data.byteOffset, SUM).getUint32(0, true);
  const body = data.subarray(SUM);
  const block = type === COMPRESSED ? blocks.uncompress(body, maxBytes) : body;
  return block && block.length <= maxBytes && maskedSum(block) === sum ? block : undefined;
}

function isIdentifier(data: Uint8Array): boolean {
  return data.length === IDENTIFIER_TEXT.length && IDENTIFIER_TEXT.every((byte, index) => data[index] === byte);
}

/** Lets other work run from time to time: most of this happens in the thread of the event loop. */
async function pause(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}
