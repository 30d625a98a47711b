import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { partsOf, type BodyPart } from '../../../../src/object-store/gcs/parts.ts';
import { all } from '../../../contract/object-store.ts';

/** Each chunk in the same memory, as sources do that read into a buffer of their own. */
async function* reusing(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  const memory = new Uint8Array(64);
  for (const chunk of chunks) {
    memory.set(chunk);
    yield Promise.resolve(memory.subarray(0, chunk.length));
  }
}

function expectParts(parts: readonly BodyPart[], body: Uint8Array, size: number): void {
  expect(Buffer.concat(parts.map(({ bytes }) => bytes)).equals(body)).toBe(true);
  expect(parts.map(({ last }) => last)).toEqual([...parts.slice(1).map(() => false), true]);
  expect(parts.slice(0, -1).every(({ bytes }) => bytes.length === size)).toBe(true);
  expect(parts.at(-1)?.bytes.length).toBeLessThanOrEqual(size);
  if (body.length > 0) expect(parts.at(-1)?.bytes.length).toBeGreaterThan(0);
}

describe('the parts of a body', () => {
  it('are the body, all of one size but the last', async () => {
    const chunk = fc.uint8Array({ maxLength: 64 });
    const property = fc.asyncProperty(
      fc.array(chunk, { maxLength: 8 }),
      fc.integer({ min: 1, max: 80 }),
      async (chunks, size) => {
        const body = Buffer.concat(chunks);
        expectParts(await all(partsOf(reusing(chunks), size, undefined)), body, size);
        expectParts(await all(partsOf(body, size, undefined)), body, size);
      },
    );

    await fc.assert(property, { numRuns: 300 });
  });
});
