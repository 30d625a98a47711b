import { gzip, Inflate } from 'pako';
import { damaged, type Codec } from './codec.ts';
import { decodeZlib, encodeZlib, nodeZlib, type NodeZlib } from './zlib.ts';

/** The gzip format of RFC 1952: by `node:zlib`, or by pako if a runtime has no `node:zlib`. Each reads the other's bytes. */

const NAME = 'gzip';
/** Fast: a third of level 6's time for some more bytes. Measured by `npm run bench -- codecs`. */
const LEVEL = 1;
const GZIP_ONLY = 31;

/** The codec `gzip`. */
export function gzipCodec(zlib: NodeZlib | undefined = nodeZlib()): Codec {
  return zlib ? nodeGzip(zlib) : pakoGzip();
}

function nodeGzip(zlib: NodeZlib): Codec {
  const pack = { now: zlib.gzipSync, later: zlib.gzip };
  const unpack = { now: zlib.gunzipSync, later: zlib.gunzip };
  return {
    name: NAME,
    encode: (bytes, { signal }) => encodeZlib(pack, bytes, { level: LEVEL }, signal),
    decode: (bytes, options) => decodeZlib(NAME, unpack, bytes, options),
  };
}

/** `gzip` without `node:zlib`. Works at once, in this thread. */
export function pakoGzip(): Codec {
  return {
    name: NAME,
    async encode(bytes, { signal }) {
      signal?.throwIfAborted();
      return gzip(bytes, { level: LEVEL });
    },
    async decode(bytes, { maxBytes, signal }) {
      signal?.throwIfAborted();
      return pakoGunzip(bytes, maxBytes);
    },
  };
}

function pakoGunzip(bytes: Uint8Array, maxBytes: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const inflate = new Inflate({ windowBits: GZIP_ONLY });
  inflate.onData = (chunk) => {
    length += chunk.length;
    if (length > maxBytes) throw damaged(NAME, maxBytes);
    chunks.push(chunk);
  };
  if (!inflate.push(bytes, true)) throw damaged(NAME, maxBytes, new Error(inflate.msg));
  return Buffer.concat(chunks, length);
}
