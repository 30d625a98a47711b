import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { createWriter, drawNonce, orderedFence, parseWriteId, UNFENCED, writeIdText } from '../../../src/format/write-id.ts';
import { randomText, systemRandom } from '../../../src/async/random.ts';

/** Pairs up to what their places hold. */
const pair = fc.tuple(fc.maxSafeNat(), fc.nat({ max: 99_999_999 }));
const writeId = fc.record({
  fence: pair.map(orderedFence),
  nonce: fc.constantFrom('attempt' as const, 'tool' as const).map((kind) => drawNonce(kind, systemRandom)),
  sequence: fc.integer({ min: 1, max: 9_999_999_999 }),
});

describe('a fence', () => {
  it('compares as text as its numbers compare, beyond 2^53 too', () => {
    const property = fc.property(pair, pair, (one, other) => {
      const [a, b] = [orderedFence(one), orderedFence(other)];

      expect(a).toMatch(/^\d{24}$/);

      const expected = one[0] === other[0] ? Math.sign(one[1] - other[1]) : Math.sign(one[0] - other[0]);
      expect(a < b ? -1 : a > b ? 1 : 0).toBe(expected);
      expect(a >= UNFENCED).toBe(true);
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});

describe('a write ID', () => {
  it('reads back from its 52 characters', () => {
    const property = fc.property(writeId, (id) => {
      const text = writeIdText(id);
      expect(text).toHaveLength(52);
      expect(parseWriteId(text)).toEqual(id);
    });
    fc.assert(property);
  });

  it('that is damaged is none', () => {
    const property = fc.property(writeId, fc.nat({ max: 51 }), fc.constantFrom('', ' ', '-', 'Z', 'é', '00'), (id, at, other) => {
      const text = writeIdText(id);
      const damaged = text.slice(0, at) + other + text.slice(at + 1);
      fc.pre(damaged !== text);
      expect(parseWriteId(damaged)).toBeUndefined();
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('is given once: a writer counts from 1', () => {
    const writer = createWriter(orderedFence([7, 1]), drawNonce('attempt', systemRandom));
    const ids = [writer.next(), writer.next(), writer.next()];

    expect(ids.map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
    expect(new Set(ids.map(({ fence, nonce }) => fence + nonce))).toEqual(new Set([writer.fence + writer.nonce]));
  });
});

describe('a nonce', () => {
  it('says whether an attempt or a tool writes', () => {
    expect(drawNonce('attempt', systemRandom)).toMatch(/^a[0-9a-hjkmnp-tv-z]{15}$/);
    expect(drawNonce('tool', systemRandom)).toMatch(/^t[0-9a-hjkmnp-tv-z]{15}$/);
  });
});

describe('randomness', () => {
  it('is spread evenly from 0 to 1', () => {
    const drawn = Array.from({ length: 10_000 }, systemRandom);

    expect(drawn.every((value) => value >= 0 && value < 1)).toBe(true);
    expect(new Set(drawn).size).toBe(drawn.length);
    expect(Math.abs(drawn.reduce((sum, value) => sum + value, 0) / drawn.length - 0.5)).toBeLessThan(0.05);
  });

  it('as text is what was drawn, in an alphabet that Redis, S3 and people tell apart', () => {
    const draws = [0, 1 / 32, 31 / 32, 0.999_999_999];
    let next = 0;

    expect(randomText(() => draws[(next += 1) - 1] as number, 4)).toBe('01zz');
    expect(randomText(systemRandom, 40)).toMatch(/^[0-9a-hjkmnp-tv-z]{40}$/);
    expect(randomText(systemRandom, 0)).toBe('');
  });
});
