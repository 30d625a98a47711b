import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { frameHead, framesIn, longestFrame, type Frame } from '../../../src/format/frames.ts';
import { collected } from '../../contract/state-store-parts.ts';

/** The layout of frames, whatever chunks the bytes of an object come in. */

const damaged = (problem: string): Error => new Error(`the object ${problem}`);

const frame = fc.record({ encoded: fc.boolean(), bytes: fc.uint8Array({ minLength: 1, maxLength: 300 }) });

function written(frames: readonly Frame[]): Uint8Array {
  return Buffer.concat(frames.flatMap((one) => [frameHead(one), one.bytes]));
}

/** The bytes in chunks of these lengths, again and again; some are empty. */
function* chunked(bytes: Uint8Array, lengths: readonly number[]): Generator<Uint8Array> {
  for (let at = 0, index = 0; at < bytes.length; index += 1) {
    const length = lengths[index % lengths.length] as number;
    yield bytes.subarray(at, at + length);
    at += length;
  }
}

const read = (bytes: Uint8Array, lengths: readonly number[] = [7, 1], longest = 300): Promise<Frame[]> =>
  collected(framesIn(chunked(bytes, lengths), longest, damaged));

const plain = (frames: readonly Frame[]): [boolean, string][] =>
  frames.map(({ encoded, bytes }) => [encoded, Buffer.from(bytes).toString('hex')]);

describe('frames', () => {
  it('come back as they were written, in any chunks', async () => {
    const lengths = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 8 }).filter((all) => all.some(Boolean));
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { maxLength: 8 }), lengths, async (frames, chunks) => {
        expect(plain(await read(written(frames), chunks))).toEqual(plain(frames));
      }),
    );
  });

  it('lie as docs/storage-format.md says: four bytes of length, the top bit for what is not encoded', () => {
    const bytes = new Uint8Array(258);

    expect([...frameHead({ encoded: true, bytes })]).toEqual([0, 0, 1, 2]);
    expect([...frameHead({ encoded: false, bytes })]).toEqual([128, 0, 1, 2]);
  });

  it('that are cut off anywhere but between two of them are damaged', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 4 }), fc.nat(), async (frames, cut) => {
        const whole = written(frames);
        const bytes = whole.subarray(0, cut % whole.length);
        const ends = frames.map((_, index) => written(frames.slice(0, index)).length);
        if (ends.includes(bytes.length)) expect(await read(bytes)).toHaveLength(ends.indexOf(bytes.length));
        else await expect(read(bytes)).rejects.toThrow('ends within a frame');
      }),
    );
  });

  it.each([0, 301, 2 ** 31 - 1])('of %d bytes are refused before anything is held for them', async (length) => {
    const head = new Uint8Array(4);
    new DataView(head.buffer).setUint32(0, length);

    await expect(read(head)).rejects.toThrow(`has a frame of ${length} bytes`);
  });

  it('may be longer than what they stand for, as encryption makes them, but not much', () => {
    expect(longestFrame(1)).toBeGreaterThanOrEqual(1 + 28);
    expect(longestFrame(2 ** 20)).toBeLessThan(3 * 2 ** 20);
  });
});
