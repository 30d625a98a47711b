import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { zstdFrames } from '../../../src/codec/zstd-frames.ts';
import { fixtures } from '../../support/fixtures.ts';

const files = fixtures('zst').map(({ name, bytes }) => [name, bytes] as const);
/** Files with a frame to skip, of 12 bytes. */
const severalParts = (name: string): boolean => name.includes('two-frames') || name.includes('pzstd');
const MAGIC_AND_HEAD = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58];

describe('the frames of zstd', () => {
  it.each(files)('are all of a file but what is skipped: %s', (name, bytes) => {
    const frames = zstdFrames(bytes);

    expect(frames).toHaveLength(name.includes('two-frames') ? 2 : 1);
    expect(frames?.reduce((sum, frame) => sum + frame.length, 0)).toBe(bytes.length - (severalParts(name) ? 12 : 0));
  });

  it.each(files.filter(([name]) => !severalParts(name)))('are not there where it is cut, or followed: %s', (_name, bytes) => {
    for (let kept = 1; kept < bytes.length; kept += 1) expect(zstdFrames(bytes.subarray(0, kept))).toBeUndefined();
    for (const more of ['x', 'something else']) expect(zstdFrames(Buffer.concat([bytes, Buffer.from(more)]))).toBeUndefined();
  });

  it('are none in no bytes', () => {
    expect(zstdFrames(new Uint8Array())).toEqual([]);
  });

  it.each([
    ['a repeated byte', [0x2b, 0, 0, 7], 1],
    ['no bytes', [0x01, 0, 0], 1],
    ['a kind that does not exist', [0x07, 0, 0], undefined],
    ['more than there is', [0x29, 0, 0, 1, 2, 3, 4], undefined],
  ])('with a block of %s', (_name, block, count) => {
    const frame = Uint8Array.from([...MAGIC_AND_HEAD, ...block]);

    expect(zstdFrames(frame)?.length).toBe(count);
  });

  it('lie within the bytes, whatever those are', () => {
    const heads = fc.constantFrom([0x28, 0xb5, 0x2f, 0xfd], [0x53, 0x2a, 0x4d, 0x18]);
    const property = fc.property(heads, fc.uint8Array({ maxLength: 60 }), (head, rest) => {
      const bytes = Uint8Array.from([...head, ...rest]);
      const length = zstdFrames(bytes)?.reduce((sum, frame) => sum + frame.length, 0) ?? 0;
      expect(length).toBeLessThanOrEqual(bytes.length);
    });

    fc.assert(property, { numRuns: 2_000 });
  });
});
