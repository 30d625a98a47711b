import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import type { Codec } from '../../../src/codec/codec.ts';
import { gzipCodec } from '../../../src/codec/gzip.ts';
import { shorten } from '../../../src/codec/compress-if-smaller.ts';
import { records } from '../../contract/codec.ts';

const MEBIBYTE = 2 ** 20;

/** A codec that notes how many bytes it was given each time. */
function counting(codec: Codec): Codec & { given: number[] } {
  const given: number[] = [];
  return {
    ...codec,
    given,
    encode(bytes, options) {
      given.push(bytes.length);
      return codec.encode(bytes, options);
    },
  };
}

const total = ({ given }: { given: readonly number[] }): number => given.reduce((sum, length) => sum + length, 0);

describe('what is compressed', () => {
  it('C50 is not what is small', async () => {
    const codec = counting(gzipCodec());
    const plain = records(1_023);

    expect(await shorten(codec, plain, {})).toBe(plain);
    expect(codec.given).toEqual([]);
    expect((await shorten(codec, records(1_024), {})).length).toBeLessThan(1_024);
  });

  it.each([
    [0.89, true],
    [0.9, false],
    [1.2, false],
  ])('C50 is what is left at less than nine tenths: at %d', async (left, pays) => {
    const plain = records(10_000);
    const codec: Codec = { ...gzipCodec(), encode: () => Promise.resolve(new Uint8Array(10_000 * left)) };

    expect((await shorten(codec, plain, {})) !== plain).toBe(pays);
  });

  it('C50 is not what a sample says will not shrink, at less than a fifteenth of the work', async () => {
    const codec = counting(gzipCodec());
    const plain = new Uint8Array(randomBytes(MEBIBYTE));

    expect(await shorten(codec, plain, {})).toBe(plain);
    expect(total(codec)).toBeLessThanOrEqual(plain.length / 15);
  });

  it.each([
    ['the last quarter', [[0.75, 1]]],
    ['the first half', [[0, 0.5]]],
    ['the last half', [[0.5, 1]]],
    ['a third in the middle', [[0.33, 0.66]]],
    ['every fourth 64 KiB', Array.from({ length: 4 }, (_, at) => [at / 4, at / 4 + 1 / 16])],
  ] as const)('is what shrinks in a part only: %s', async (_name, parts) => {
    const plain = new Uint8Array(randomBytes(MEBIBYTE));
    for (const [from, to] of parts) {
      const start = Math.floor(from * MEBIBYTE);
      plain.set(records(Math.floor(to * MEBIBYTE) - start), start);
    }

    expect((await shorten(gzipCodec(), plain, {})).length).toBeLessThan(plain.length * 0.9);
  });

  it('is tried whole, without a sample, below a mebibyte', async () => {
    const codec = counting(gzipCodec());
    const plain = new Uint8Array(randomBytes(MEBIBYTE - 1));

    expect(await shorten(codec, plain, {})).toBe(plain);
    expect(codec.given).toEqual([plain.length]);
  });

  it('comes back as it was', async () => {
    const plain = records(3 * MEBIBYTE + 7);

    const shortened = await shorten(gzipCodec(), plain, {});

    expect(Buffer.compare(await gzipCodec().decode(shortened, { maxBytes: plain.length }), plain)).toBe(0);
  });
});
