import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { piecesOf } from '../../../src/async/rechunk.ts';
import { collected } from '../../contract/state-store-parts.ts';

/** A user's stream, cut into pieces of one size. */

const never = new AbortController().signal;

async function* each(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe('the pieces of a stream', () => {
  it('have one size but for the last, whatever the chunks, and are the same bytes', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 50 }), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 40 }), async (given, size) => {
        const all = Buffer.concat(given);
        const pieces = await collected(piecesOf(each(given), size, {}, never));

        expect(Buffer.concat(pieces).equals(all)).toBe(true);
        const full = Array<number>(Math.floor(all.length / size)).fill(size);
        expect(pieces.map(({ length }) => length)).toEqual(all.length % size ? [...full, all.length % size] : full);
      }),
    );
  });

  it('are copies: a source may use its buffer again', async () => {
    const buffer = new Uint8Array(3);
    async function* source(): AsyncGenerator<Uint8Array> {
      for (let value = 1; value <= 4; value += 1) yield buffer.fill(value);
    }

    const pieces = await collected(piecesOf(source(), 6, {}, never));

    expect(pieces.map((piece) => [...piece])).toEqual([
      [1, 1, 1, 2, 2, 2],
      [3, 3, 3, 4, 4, 4],
    ]);
  });

  it('take a Buffer, and an array of bytes of another realm', async () => {
    const foreign = (await import('node:vm')).runInNewContext('new Uint8Array([1, 2])') as Uint8Array;

    const pieces = await collected(piecesOf(each([Buffer.from([0]), foreign]), 8, {}, never));

    expect(Buffer.concat(pieces)).toEqual(Buffer.from([0, 1, 2]));
  });
});
