import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ConfigError } from '../../../../src/model/errors/store.ts';
import { partsOf, type BodyPart } from '../../../../src/object-store/s3/parts.ts';

const { signal } = new AbortController();

async function* stream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    const own = new Uint8Array(chunk);
    yield Promise.resolve(own);
    // What a source does with its buffer afterwards is its own business.
    own.fill(255);
  }
}

describe('the parts of a body', () => {
  it('are its bytes in order, all of one size but the last, which alone is called that', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const property = fc.asyncProperty(
      fc.array(bytes, { maxLength: 8 }),
      fc.integer({ min: 1, max: 12 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      async (chunks, partSize, asStream, inFlight) => {
        const whole = Buffer.concat(chunks);
        const copies: Buffer[] = [];
        const flying: { part: BodyPart; copy: Buffer }[] = [];
        const sizes: number[] = [];
        const lasts: boolean[] = [];
        for await (const part of partsOf(asStream ? stream(chunks) : whole, partSize, signal)) {
          const copy = Buffer.from(part.bytes);
          copies.push(copy);
          sizes.push(part.bytes.length);
          lasts.push(part.last);
          flying.push({ part, copy });
          // As an upload does: a buffer is filled again only after its part was let go of.
          for (const { part: unsent, copy: asItWas } of flying) expect(Buffer.compare(unsent.bytes, asItWas)).toBe(0);
          if (flying.length === inFlight) flying.shift()?.part.release();
        }

        expect(Buffer.compare(Buffer.concat(copies), whole)).toBe(0);
        expect(lasts.indexOf(true)).toBe(lasts.length - 1);
        expect(sizes.slice(0, -1).filter((size) => size !== partSize)).toEqual([]);
        expect(sizes.at(-1)).toBeLessThanOrEqual(partSize);
        expect(sizes.at(-1) === 0).toBe(whole.length === 0);
      },
    );

    await fc.assert(property, { numRuns: 300 });
  });

  it('of a stream go around in as many buffers as are in use at once', async () => {
    const buffers = new Set<ArrayBufferLike>();
    const waiting: BodyPart[] = [];
    for await (const part of partsOf(stream(Array.from({ length: 50 }, () => new Uint8Array(10))), 10, signal)) {
      buffers.add(part.bytes.buffer);
      waiting.push(part);
      if (waiting.length === 3) waiting.shift()?.release();
    }

    expect(buffers.size).toBe(3);
  });

  it('are at most 10,000: more is refused for bytes before the first part, for a stream when its last part would not fit', async () => {
    const body = new Uint8Array(20_001);
    const taken: number[] = [];
    const take = async (given: Uint8Array | AsyncIterable<Uint8Array>): Promise<void> => {
      taken.length = 0;
      for await (const { bytes, release } of partsOf(given, 2, signal)) {
        taken.push(bytes.length);
        release();
      }
    };

    await expect(take(body)).rejects.toMatchObject({ constructor: ConfigError, option: 'partSize' });
    expect(taken).toHaveLength(0);
    await expect(take(stream([body]))).rejects.toThrow('partSize must be larger for a body of more than 20000 bytes, received 2');
    expect(taken).toHaveLength(9_999);
    await take(stream([body.subarray(1)]));
    expect(taken).toHaveLength(10_000);
  });
});
