import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import snappyjs from 'snappyjs';
import * as native from 'snappy';
import { crc32c } from '../../../../src/format/crc32c.ts';
import { installedSnappy, nativeBlocks, scriptBlocks, type SnappyBlocks } from '../../../../src/codec/snappy/block.ts';
import { snappyCodec } from '../../../../src/codec/snappy/framing.ts';
import { CorruptEntryError } from '../../../../src/model/errors/store.ts';
import { codecContract, records } from '../../../contract/codec.ts';

const byNative = snappyCodec(nativeBlocks(native));
const byScript = snappyCodec(scriptBlocks());
const hex = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text.replaceAll(/\s/g, ''), 'hex'));

const STREAM = 'ff060000 734e61507059';
/** Made by cramjam 2.14 and, the second, by python-snappy 0.7 too. */
const VECTORS: readonly [string, Uint8Array, string][] = [
  ['one byte', Buffer.from('a'), `${STREAM} 01 050000 786ee428 61`],
  ['text', Buffer.from('mooring mooring mooring mooring'), `${STREAM} 00 110000 97fa7e0f 1f 1c6d6f6f72696e6720 5a0800`],
  [
    'bytes that do not repeat',
    Uint8Array.from({ length: 64 }, (_, index) => index),
    `${STREAM} 01 440000 b2e15a10 ${Buffer.from(Array.from({ length: 64 }, (_, index) => index)).toString('hex')}`,
  ],
];

describe('snappy, native', () => codecContract({ codec: byNative, others: [byScript] }));
describe('snappy, in JavaScript', () => codecContract({ codec: byScript, others: [byNative] }));

describe('the framing format', () => {
  it.each(VECTORS)('is that of others: %s', async (_name, plain, framed) => {
    for (const codec of [byNative, byScript]) {
      await expect(codec.decode(hex(framed), { maxBytes: plain.length })).resolves.toEqual(Buffer.from(plain));
    }
  });

  it('begins with the stream identifier, also for no bytes at all', async () => {
    for (const codec of [byNative, byScript]) {
      expect(Buffer.from(await codec.encode(new Uint8Array(), {})).toString('hex')).toBe(STREAM.replace(' ', ''));
    }
  });

  it('is read by the streams of the native package', async () => {
    const plain = records(300_000);
    const decompressor = new native.Decompressor();
    const head = decompressor.update(await byScript.encode(plain, {}));
    const read = Buffer.concat([head, await decompressor.finish()]);

    expect(read.equals(plain)).toBe(true);
  });

  it('reads the streams of the native package', async () => {
    const plain = records(300_000);
    const compressor = new native.Compressor();
    const start = compressor.update(plain);
    const framed = Buffer.concat([start, await compressor.finish()]);

    for (const codec of [byNative, byScript]) {
      const decoded = await codec.decode(framed, { maxBytes: plain.length });
      expect(Buffer.compare(decoded, plain)).toBe(0);
    }
  });

  it('keeps a block unchanged where less than an eighth would be saved', async () => {
    const noise = Uint8Array.from({ length: 1_000 }, (_, index) => (index * index * 31 + (index >> 3)) % 256);
    const framed = await byNative.encode(noise, {});

    expect(framed[10]).toBe(noise.length - native.compressSync(Buffer.from(noise)).length > 125 ? 0 : 1);
  });

  it.each([
    ['nothing', ''],
    ['data before the stream identifier', '01 050000 00000000 61'],
    ['another identifier', 'ff060000 734e61507058'],
    ['an identifier of another length', 'ff050000 734e615070'],
    ['a chunk that must not be skipped', `${STREAM} 02 010000 00`],
    ['half a head', `${STREAM} 01 05`],
    ['a chunk that goes beyond the end', `${STREAM} 01 ff0000 00000000 61`],
    ['a chunk without room for its sum', `${STREAM} 01 030000 000000`],
    ['a wrong sum', `${STREAM} 01 050000 00000000 61`],
    ['a block that declares 4 GiB', `${STREAM} 00 0a0000 00000000 ffffffff0f 00`],
    ['a block without its length', `${STREAM} 00 060000 00000000 ffff`],
  ])('refuses %s', async (_name, framed) => {
    for (const codec of [byNative, byScript]) {
      await expect(codec.decode(hex(framed), { maxBytes: 1_000 })).rejects.toThrow(CorruptEntryError);
    }
  });

  it('skips chunks that may be skipped', async () => {
    const framed = hex(`${STREAM} fe 030000 000000 80 010000 07 ${STREAM} fd 000000`);

    for (const codec of [byNative, byScript]) await expect(codec.decode(framed, { maxBytes: 0 })).resolves.toHaveLength(0);
  });

  it('refuses a block of more than 64 KiB, whatever the limit', async () => {
    const plain = new Uint8Array(65_537);
    const body = native.compressSync(plain);
    const head = new Uint8Array(8);
    new DataView(head.buffer).setUint32(0, (body.length + 4) * 256, true);
    const sum = crc32c(plain);
    new DataView(head.buffer).setUint32(4, (((sum >>> 15) | (sum << 17)) + 0xa282ead8) >>> 0, true);
    const framed = Buffer.concat([hex(STREAM), head, body]);

    for (const codec of [byNative, byScript]) {
      await expect(codec.decode(framed, { maxBytes: 100_000 })).rejects.toThrow(CorruptEntryError);
    }
  });

  it('stops between blocks when the signal aborts', async () => {
    const plain = records(4 * 2 ** 20);
    for (const codec of [byNative, byScript]) {
      const controller = new AbortController();
      const { signal } = controller;
      const packed = await codec.encode(plain, {});
      setImmediate(() => controller.abort(new Error('enough')));

      await expect(codec.encode(plain, { signal })).rejects.toThrow('enough');
      const later = new AbortController();
      setImmediate(() => later.abort(new Error('enough')));
      await expect(codec.decode(packed, { signal: later.signal, maxBytes: plain.length })).rejects.toThrow('enough');
    }
  });
});

describe('blocks', () => {
  const implementations: readonly [string, SnappyBlocks][] = [
    ['native', nativeBlocks(native)],
    ['in JavaScript', scriptBlocks()],
  ];

  it('by the native package are used where it is installed', async () => {
    expect((await installedSnappy())?.compressSync(new Uint8Array(9), { copyOutputData: true })).toEqual(
      native.compressSync(new Uint8Array(9)),
    );
  });

  it.each([
    ['an offset of 0', '04 01 00'],
    ['an offset beyond what was made', '08 00 61 11 05'],
    ['a copy longer than declared', '02 00 61 fe 0100'],
    ['a literal longer than declared', '01 08 616161'],
    ['a literal shorter than declared', '05 00 61'],
    ['a literal that goes beyond the end', '05 10 61'],
    ['a copy that goes beyond the end', '05 00 61 02 01'],
    ['a literal with a length that is negative as a signed number', '05 fc ffffffff 61'],
    ['a literal that leads back to itself, for ever', '05 00 61 fc f9ffffff 61'],
  ])('with %s are refused', (_name, block) => {
    for (const [, blocks] of implementations) expect(blocks.uncompress(hex(block), 1_000)).toBeUndefined();
  });

  it('are compressed in four threads at a time when the value is large', async () => {
    let running = 0;
    let most = 0;
    let inThreads = 0;
    const watched: SnappyBlocks = {
      ...nativeBlocks(native),
      async compressLater(block) {
        most = Math.max(most, (running += 1));
        inThreads += 1;
        return native.compress(block).finally(() => (running -= 1));
      },
    };
    const codec = snappyCodec(watched);

    await codec.encode(records(4 * 65_536), {});
    expect(inThreads).toBe(0);
    const packed = await codec.encode(records(10 * 65_536), {});

    expect({ inThreads, most }).toEqual({ inThreads: 10, most: 4 });
    expect(Buffer.compare(await byScript.decode(packed, { maxBytes: 10 * 65_536 }), records(10 * 65_536))).toBe(0);
  });

  it('of more than the limit are refused, however sound', () => {
    const block = native.compressSync(records(2_000));
    for (const [, blocks] of implementations) {
      expect(blocks.uncompress(block, 2_000)).toHaveLength(2_000);
      expect(blocks.uncompress(block, 1_999)).toBeUndefined();
    }
  });

  it('are refused or read alike by both, whatever their bytes', () => {
    const noise = fc.uint8Array({ maxLength: 40 });
    const almost = fc
      .tuple(fc.uint8Array({ minLength: 1, maxLength: 60 }), fc.nat({ max: 40 }), fc.nat({ max: 255 }))
      .map(([plain, at, byte]) => {
        const block = snappyjs.compress(Uint8Array.from([...plain, ...plain, ...plain]));
        block[at % block.length] = byte;
        return block;
      });
    const property = fc.property(fc.oneof(noise, almost), (block) => {
      const [first, second] = implementations.map(([, blocks]) => blocks.uncompress(block, 1_000));
      expect(second && Buffer.from(second)).toEqual(first && Buffer.from(first));
    });

    fc.assert(property, { numRuns: 2_000 });
  });
});
