import { setImmediate } from 'node:timers/promises';
import { damaged, unavailableCodec, type BuiltInCodec } from './codec.ts';
import { decodeZlib, encodeZlib, nodeZlib, type NodeZlib, type ZlibPair } from './zlib.ts';
import { zstdFrames } from './zstd-frames.ts';

const NAME = 'zstd';
/** Frames between two pauses for the event loop: small frames are decoded in its thread. */
const FRAMES_PER_TURN = 64;

/** The codec `zstd`, of RFC 8878, at its default level. */
export function zstdCodec(zlib: NodeZlib | undefined = nodeZlib()): BuiltInCodec {
  const { zstdCompress, zstdCompressSync, zstdDecompress, zstdDecompressSync } = zlib ?? {};
  if (!zstdCompress || !zstdCompressSync || !zstdDecompress || !zstdDecompressSync) {
    return unavailableCodec(NAME, 'it needs Node.js 22.15 or newer');
  }
  const pack = { now: zstdCompressSync, later: zstdCompress };
  const unpack = { now: zstdDecompressSync, later: zstdDecompress };
  return {
    name: NAME,
    encode: (bytes, { signal }) => encodeZlib(pack, bytes, {}, signal),
    decode: (bytes, { maxBytes, signal }) => decode(unpack, bytes, maxBytes, signal),
  };
}

async function decode(
  unpack: ZlibPair,
  bytes: Uint8Array,
  maxBytes: number,
  signal: AbortSignal | undefined,
): Promise<Uint8Array> {
  signal?.throwIfAborted();
  const frames = zstdFrames(bytes);
  if (!frames || bytes.length === 0) throw damaged(NAME, maxBytes);
  const parts: Uint8Array[] = [];
  let length = 0;
  for (const [index, frame] of frames.entries()) {
    if (index % FRAMES_PER_TURN === FRAMES_PER_TURN - 1) await setImmediate();
    const part = await decodeZlib(NAME, unpack, frame, { maxBytes: maxBytes - length, ...(signal && { signal }) });
    length += part.length;
    parts.push(part);
  }
  return parts.length === 1 ? (parts[0] as Uint8Array) : Buffer.concat(parts, length);
}
