import { unavailableCodec, type BuiltInCodec } from './built-in.ts';
import { decodeZlib, encodeZlib, nodeZlib, type NodeZlib } from './node-zlib.ts';

const NAME = 'zstd';

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
    decode: (bytes, options) => decodeZlib(NAME, unpack, bytes, options),
  };
}
