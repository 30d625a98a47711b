import { describe, expect, it } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import * as fc from 'fast-check';
import type { Codec } from '../../src/codec/codec.ts';
import { CorruptEntryError } from '../../src/model/errors/store.ts';

/** A codec, and others of its name, by other implementations: each must read what the others wrote. */
export interface CodecContract {
  codec: Codec;
  others?: readonly Codec[];
}

/** As jobs keep it: repeated names, numbers that do not repeat. */
export function records(length: number): Uint8Array {
  let text = '';
  for (let id = 1; text.length < length; id += 1)
    text += JSON.stringify({ id, state: 'done', at: (id * 48_271) % 2_147_483_647 });
  return new TextEncoder().encode(text.slice(0, length));
}

const MEBIBYTE = 2 ** 20;
const SIZES = [0, 1, 2, 1_023, 32_768, 32_769, 65_536, 65_537, 131_072, 131_073, MEBIBYTE + 5];

const isSame = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0;

/** What every codec must do. */
export function codecContract({ codec, others = [] }: CodecContract): void {
  // Much of this is work of the disk or the processor, which a busy machine does several times as slowly.
  const roundTrip = async (plain: Uint8Array): Promise<void> => {
    const writers = [codec, ...others];
    for (const writer of writers) {
      const packed = await writer.encode(plain, {});
      for (const reader of writers) {
        const read = await reader.decode(packed, { maxBytes: plain.length });
        expect(isSame(read, plain)).toBe(true);
      }
    }
  };

  it.each(SIZES)('brings back %i bytes', async (size) => {
    await roundTrip(records(size));
    await roundTrip(randomBytes(size));
    await roundTrip(new Uint8Array(size));
  });

  it('brings back any bytes', async () => {
    const chunk = fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 70 }), fc.integer({ min: 1, max: 200 }))
        .map(([part, times]) => repeated(part, times)),
    );
    const bytes = fc.array(chunk, { maxLength: 6 }).map((chunks) => new Uint8Array(Buffer.concat(chunks)));

    await fc.assert(fc.asyncProperty(bytes, roundTrip), { numRuns: 150 });
  });

  it('reads bytes that are a part of a larger memory', async () => {
    const plain = records(5_000);
    const memory = new Uint8Array(6_000).fill(9);
    memory.set(plain, 500);

    const packed = await codec.encode(memory.subarray(500, 5_500), {});
    const padded = Buffer.concat([new Uint8Array(3), packed, new Uint8Array(3)]);
    const read = await codec.decode(padded.subarray(3, -3), { maxBytes: 5_000 });

    expect(isSame(read, plain)).toBe(true);
    expect(isSame(memory.subarray(500, 5_500), plain)).toBe(true);
  });

  it('makes what repeats smaller', async () => {
    await expect(codec.encode(records(100_000), {}).then(({ length }) => length)).resolves.toBeLessThan(60_000);
  });

  describe.each([
    ['at once', 20_000],
    ['in a thread', MEBIBYTE],
  ])('decoding %s', (_how, size) => {
    it('refuses to make one byte more than the limit', async () => {
      for (const plain of [records(size), randomBytes(size)]) {
        const packed = await codec.encode(plain, {});

        await expect(codec.decode(packed, { maxBytes: size })).resolves.toHaveLength(size);
        await expect(codec.decode(packed, { maxBytes: size - 1 })).rejects.toThrow(CorruptEntryError);
        await expect(codec.decode(packed, { maxBytes: 0 })).rejects.toThrow(CorruptEntryError);
      }
    });

    it('refuses what it did not write itself', async () => {
      const plain = records(size);
      const packed = await codec.encode(plain, {});
      const decode = (bytes: Uint8Array): Promise<Uint8Array> => codec.decode(bytes, { maxBytes: size });

      for (const kept of [0, 1, 9, packed.length >> 1, packed.length - 1]) {
        const cut = await decode(packed.subarray(0, kept)).catch((error: unknown) => error);
        // A cut between two chunks can still be a whole stream, of fewer bytes: the length that is recorded tells. And a cut
        // that takes nothing but the end's own mark (zstd of Node 22) leaves all of them.
        if (cut instanceof Uint8Array) expect(Buffer.compare(cut, plain.subarray(0, cut.length))).toBe(0);
        else expect(cut).toBeInstanceOf(CorruptEntryError);
      }
      // If a format says itself where it ends, the bytes that follow are no part of it. The digest of the stored bytes sees them.
      const followed = await decode(Buffer.concat([packed, Buffer.from('more')])).catch((error: unknown) => error);
      if (followed instanceof Uint8Array) expect(isSame(followed, records(size))).toBe(true);
      else expect(followed).toBeInstanceOf(CorruptEntryError);
      await expect(decode(records(size))).rejects.toThrow(CorruptEntryError);
    });
  });

  it('decodes a bomb no further than the limit', async () => {
    const bomb = await codec.encode(new Uint8Array(32 * MEBIBYTE), {});
    expect(bomb.length).toBeLessThan(4 * MEBIBYTE);
    const before = process.memoryUsage().rss;

    for (const maxBytes of [0, 1_000, MEBIBYTE]) {
      await expect(codec.decode(bomb, { maxBytes })).rejects.toThrow(CorruptEntryError);
    }

    expect(process.memoryUsage().rss - before).toBeLessThan(24 * MEBIBYTE);
  });

  it('survives any damage within the limit', async () => {
    const plain = records(3_000);
    const packed = await codec.encode(plain, {});
    const damage = fc.array(fc.tuple(fc.nat({ max: packed.length - 1 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 });
    const property = fc.asyncProperty(damage, async (changes) => {
      const damaged = Uint8Array.from(packed);
      for (const [at, byte] of changes) damaged[at] = byte;
      const outcome = await codec.decode(damaged, { maxBytes: plain.length }).catch((error: unknown) => error);
      if (outcome instanceof Uint8Array) expect(outcome.length).toBeLessThanOrEqual(plain.length);
      else expect(outcome).toBeInstanceOf(CorruptEntryError);
    });

    await fc.assert(property, { numRuns: 500 });
  });

  it.each([100, MEBIBYTE])('rejects with the reason of a signal that has aborted, for %i bytes', async (size) => {
    const plain = records(size);
    const packed = await codec.encode(plain, {});
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(codec.encode(plain, { signal })).rejects.toThrow('enough');
    await expect(codec.decode(packed, { signal, maxBytes: size })).rejects.toThrow('enough');
  });
}

function repeated(part: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => part));
}
