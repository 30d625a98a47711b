import { describe, expect, it } from '@jest/globals';
import { gzipCodec } from '../../../../src/codec/gzip.ts';
import { zstdCodec } from '../../../../src/codec/zstd.ts';
import type { Reference } from '../../../../src/format/entry.ts';
import { CodecUnavailableError } from '../../../../src/model/errors/store.ts';
import { memoryObjectStore } from '../../../../src/object-store/memory.ts';
import type { Internals } from '../../../../src/state-store/internals.ts';
import { decoderOf } from '../../../../src/state-store/objects/transcode.ts';

const WHERE = { scope: { name: 'a' }, key: 'k' };
/** As in a runtime whose zlib has no zstd. */
const CODECS = new Map([gzipCodec(), zstdCodec({} as never)].map((codec) => [codec.name, codec]));

function decoder(codec: string): unknown {
  const ref: Reference = { store: 's', object: 'o', codec, storedSize: 1, sha256: '0'.repeat(64) };
  const core: Pick<Internals, 'codecs' | 'encryption'> = { codecs: CODECS, encryption: undefined };
  return decoderOf(core as Internals, { store: memoryObjectStore(), where: WHERE, call: {} }, ref);
}

describe('C49 a reference to an object that cannot be decoded here', () => {
  it.each([
    ['zstd', 'it needs Node.js 22.15 or newer'],
    ['xz', 'give it to the store as one of its codecs'],
  ])('is refused before the object is fetched, with what to do: %s', (codec, remedy) => {
    const refused = (): unknown => decoder(codec);

    expect(refused).toThrow(CodecUnavailableError);
    expect(refused).toThrow(remedy);
    expect(refused).toThrow(expect.objectContaining({ codec, key: 'k', scope: { name: 'a' } }));
  });

  it.each(['none', 'gzip'])('is not one with the codec %s', (codec) => {
    expect(decoder(codec)).toBeInstanceOf(Function);
  });
});
