import { brotliCodec } from './brotli.ts';
import type { BuiltInCodec } from './codec.ts';
import { gzipCodec } from './gzip.ts';
import { snappyCodec } from './snappy/framing.ts';
import { zstdCodec } from './zstd.ts';

/** The codecs that every store knows, made anew: a store adds its own to them, and no other store sees those. */
export function builtInCodecs(): readonly BuiltInCodec[] {
  return [gzipCodec(), snappyCodec(), brotliCodec(), zstdCodec()];
}
