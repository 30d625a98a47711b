import { decodeZlib, encodeZlib, nodeZlib, type NodeZlib } from './zlib.ts';
import { unavailableCodec, type BuiltInCodec } from './codec.ts';

const NAME = 'brotli';
/** Higher levels take many times as long: 11, the default, needs half a second for 256 KiB. */
const QUALITY = 4;

/** The codec `brotli`, of RFC 7932. */
export function brotliCodec(zlib: NodeZlib | undefined = nodeZlib()): BuiltInCodec {
  if (!zlib) return unavailableCodec(NAME, 'this runtime has no node:zlib');
  const { BROTLI_PARAM_QUALITY, BROTLI_PARAM_SIZE_HINT } = zlib.constants;
  const pack = { now: zlib.brotliCompressSync, later: zlib.brotliCompress };
  const unpack = { now: zlib.brotliDecompressSync, later: zlib.brotliDecompress };
  return {
    name: NAME,
    encode(bytes, { signal }) {
      const params = { [BROTLI_PARAM_QUALITY]: QUALITY, [BROTLI_PARAM_SIZE_HINT]: bytes.length };
      return encodeZlib(pack, bytes, { params }, signal);
    },
    decode: (bytes, options) => decodeZlib(NAME, unpack, bytes, options),
  };
}
