import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { piecesOf, type Piece } from '../../../src/async/rechunk.ts';

/** Each chunk in memory that the source uses again, as sources do that read into a buffer of their own. */
async function* reusing(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(64);
  for (const chunk of chunks) {
    memory.set(chunk);
    yield Promise.resolve(memory.subarray(0, chunk.length));
    memory.fill(255);
  }
}

describe('the pieces of a body', () => {
  it('are its bytes in order, all of one size but the last, which alone is called that', async () => {
    const bytes = fc.uint8Array({ maxLength: 40 });
    const property = fc.asyncProperty(
      fc.array(bytes, { maxLength: 8 }),
      fc.integer({ min: 1, max: 50 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 4 }),
      async (chunks, size, asStream, inFlight) => {
        const whole = Buffer.concat(chunks);
        const copies: Buffer[] = [];
        const flying: { piece: Piece; copy: Buffer }[] = [];
        const sizes: number[] = [];
        const lasts: boolean[] = [];
        for await (const piece of piecesOf(asStream ? reusing(chunks) : whole, size)) {
          const copy = Buffer.from(piece.bytes);
          copies.push(copy);
          sizes.push(piece.bytes.length);
          lasts.push(piece.last);

          flying.push({ piece, copy });

          // As an upload does: memory is filled again only after its piece was let go of.
          for (const { piece: unsent, copy: asItWas } of flying) expect(Buffer.compare(unsent.bytes, asItWas)).toBe(0);

          if (flying.length === inFlight) flying.shift()?.piece.release();
        }

        expect(Buffer.compare(Buffer.concat(copies), whole)).toBe(0);
        expect(lasts.indexOf(true)).toBe(lasts.length - 1);
        expect(sizes.slice(0, -1).filter((one) => one !== size)).toEqual([]);
        expect(sizes.at(-1)).toBeLessThanOrEqual(size);
        expect(sizes.at(-1) === 0).toBe(whole.length === 0);
      },
    );

    await fc.assert(property, { numRuns: 300 });
  });

  it('of a stream go around in as much memory as is in use at once', async () => {
    const memory = new Set<ArrayBufferLike>();
    const waiting: Piece[] = [];
    for await (const piece of piecesOf(reusing(Array.from({ length: 50 }, () => new Uint8Array(10))), 10)) {
      memory.add(piece.bytes.buffer);
      waiting.push(piece);
      if (waiting.length === 3) waiting.shift()?.release();
    }

    expect(memory.size).toBe(3);
  });

  it('stop the source when the signal aborts while the source gives nothing', async () => {
    const controller = new AbortController();
    let stopped = false;
    const hanging: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise<never>(() => undefined),
        return: () => {
          stopped = true;
          return Promise.resolve({ value: undefined, done: true });
        },
      }),
    };
    const next = expect(piecesOf(hanging, 10, controller.signal).next()).rejects.toThrow('enough');
    controller.abort(new Error('enough'));

    await next;

    expect(stopped).toBe(true);
  });
});
