import type { CallOptions } from '../async/deadline.ts';
import type { Codec } from './codec.ts';

/** Whether compression pays. Bytes that it would hardly shorten stay unchanged. For large values a sample is tried first. */

/** Below this many bytes compression saves nothing that matters. */
const SMALLEST = 1_024;
/** Compression that leaves more than this share costs every reader more than it saves. */
const PAYS = 0.9;
/** From this size on a sample is tried first: if nothing can be saved, gzip wastes 18 ms for each MiB. */
const SAMPLED = 1_048_576;
/** Many short pieces, so that the sample includes parts that compress. Measured by `npm run bench -- codecs`. */
const PIECES = 32;
const PIECE = 2_048;
/** If a sample keeps more than this share, the whole is not tried. It is above `PAYS`, since short pieces compress less. */
const HOPELESS = 0.97;

/** The encoded bytes, or the given array itself if compression does not pay. */
export async function shorten(codec: Codec, bytes: Uint8Array, options: CallOptions): Promise<Uint8Array> {
  if (bytes.length < SMALLEST) return bytes;
  if (bytes.length >= SAMPLED) {
    const sample = sampleOf(bytes);
    if ((await codec.encode(sample, options)).length > sample.length * HOPELESS) return bytes;
  }
  const encoded = await codec.encode(bytes, options);
  return encoded.length < bytes.length * PAYS ? encoded : bytes;
}

/** Pieces from the first byte to the last, at equal distances. */
function sampleOf(bytes: Uint8Array): Uint8Array {
  const sample = new Uint8Array(PIECES * PIECE);
  const distance = (bytes.length - PIECE) / (PIECES - 1);
  for (let piece = 0; piece < PIECES; piece += 1) {
    const from = Math.floor(piece * distance);
    sample.set(bytes.subarray(from, from + PIECE), piece * PIECE);
  }
  return sample;
}
