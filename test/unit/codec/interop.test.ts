import { describe, expect, it } from '@jest/globals';
import * as native from 'snappy';
import { brotliCodec } from '../../../src/codec/brotli.ts';
import type { Codec } from '../../../src/codec/codec.ts';
import { gzipCodec, pakoGzip } from '../../../src/codec/gzip.ts';
import { nativeBlocks, scriptBlocks } from '../../../src/codec/snappy/block.ts';
import { snappyCodec } from '../../../src/codec/snappy/framing.ts';
import { zstdCodec } from '../../../src/codec/zstd.ts';
import { CorruptEntryError } from '../../../src/model/errors/store.ts';
import { fixtures } from '../../support/fixtures.ts';

/** Files that other tools wrote are read, by each implementation. What other tools read of ours: docs/codecs.md. */

const zstd = zstdCodec();
const codecs: readonly [string, Codec][] = [
  ['gz', gzipCodec()],
  ['gz', pakoGzip()],
  ['sz', snappyCodec(nativeBlocks(native))],
  ['sz', snappyCodec(scriptBlocks())],
  ['br', brotliCodec()],
  ...(zstd.unavailable === undefined ? [['zst', zstd] as [string, Codec]] : []),
];

const cases = codecs.flatMap(([extension, codec]) =>
  fixtures(extension).map(({ name, bytes, plain }) => ({ name, codec, bytes, plain })),
);

describe('a file that another tool wrote', () => {
  it.each(cases)('is read: $name', async ({ codec, bytes, plain }) => {
    const read = await codec.decode(bytes, { maxBytes: plain.length });

    expect(Buffer.compare(read, plain)).toBe(0);
  });

  it.each(cases)('is not read beyond the limit: $name', async ({ codec, bytes, plain }) => {
    await expect(codec.decode(bytes, { maxBytes: plain.length - 1 })).rejects.toThrow(CorruptEntryError);
  });

  it('is there for every codec', () => {
    const names = cases.map(({ name }) => name);

    expect(names).toEqual(
      expect.arrayContaining([
        'records.every-field.gz',
        'records.python-members.gz',
        'records.two-streams.sz',
        'records.python.br',
      ]),
    );
  });
});
