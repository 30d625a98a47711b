import { describe, expect, it } from '@jest/globals';
import * as zlib from 'node:zlib';
import { brotliCodec } from '../../../src/codec/brotli.ts';
import type { Codec } from '../../../src/codec/codec.ts';
import { gzipCodec, pakoGzip } from '../../../src/codec/gzip.ts';
import { nodeZlib, type NodeZlib } from '../../../src/codec/zlib.ts';
import { builtInCodecs } from '../../../src/codec/registry.ts';
import { zstdCodec } from '../../../src/codec/zstd.ts';
import { CodecUnavailableError } from '../../../src/model/errors/store.ts';
import { codecContract, records } from '../../contract/codec.ts';

describe('gzip, by node:zlib and by pako', () => {
  codecContract({ codec: gzipCodec(), others: [pakoGzip()] });

  it('is what every gunzip reads', async () => {
    const packed = await gzipCodec().encode(records(5_000), {});

    expect(zlib.gunzipSync(packed)).toEqual(Buffer.from(records(5_000)));
  });

  it('reads several members, as the format allows, up to the limit', async () => {
    const two = Buffer.concat([zlib.gzipSync(records(600)), zlib.gzipSync(records(600))]);

    for (const codec of [gzipCodec(), pakoGzip()]) {
      await expect(codec.decode(two, { maxBytes: 1_200 })).resolves.toHaveLength(1_200);
      await expect(codec.decode(two, { maxBytes: 1_199 })).rejects.toThrow('stand for more than 1199 bytes');
    }
  });

  it('reads neither zlib nor raw deflate', async () => {
    for (const codec of [gzipCodec(), pakoGzip()]) {
      for (const other of [zlib.deflateSync(records(600)), zlib.deflateRawSync(records(600))]) {
        await expect(codec.decode(other, { maxBytes: 600 })).rejects.toThrow('are not gzip');
      }
    }
  });
});

describe('large values, by node:zlib', () => {
  it('are decoded in one chunk: each chunk more is another turn of the event loop', async () => {
    const chunks: (number | undefined)[] = [];
    const watched = (call: NodeZlib['gunzip']) =>
      ((bytes: Uint8Array, options: { chunkSize?: number }, done: () => void) => {
        chunks.push(options.chunkSize);
        (call as (...args: readonly unknown[]) => void)(bytes, options, done);
      }) as unknown as NodeZlib['gunzip'];
    const plain = records(2_000_000);

    const decoded = await gzipCodec({ ...zlib, gunzip: watched(zlib.gunzip) }).decode(zlib.gzipSync(plain), {
      maxBytes: plain.length,
    });

    expect(decoded).toHaveLength(plain.length);
    expect(chunks).toEqual([plain.length + 1]);
  });
});

describe('gzip, by pako', () => {
  codecContract({ codec: pakoGzip(), others: [gzipCodec()] });
});

describe('brotli', () => {
  codecContract({ codec: brotliCodec() });

  it('is what every brotli reads', async () => {
    expect(zlib.brotliDecompressSync(await brotliCodec().encode(records(5_000), {}))).toEqual(Buffer.from(records(5_000)));
  });
});

const zstd = zstdCodec();
if (zstd.unavailable === undefined) {
  describe('zstd', () => codecContract({ codec: zstd }));
}

describe('a runtime that lacks a codec', () => {
  const without = (...names: readonly string[]): NodeZlib =>
    Object.fromEntries(
      Object.entries(zlib).filter(([name]) => !names.some((part) => name.includes(part))),
    ) as unknown as NodeZlib;

  it.each<[string, Codec & { unavailable?: string }, RegExp]>([
    ['zstd', zstdCodec(without('zstd')), /Node\.js 22\.15/],
    ['zstd', zstdCodec(null as never), /Node\.js 22\.15/],
    ['brotli', brotliCodec(null as never), /node:zlib/],
  ])('says what %s needs, before and at its use', async (name, codec, remedy) => {
    expect(codec.name).toBe(name);
    expect(codec.unavailable).toMatch(remedy);
    for (const outcome of [codec.encode(records(9), {}), codec.decode(records(9), { maxBytes: 9 })]) {
      await expect(outcome).rejects.toThrow(CodecUnavailableError);
      await expect(outcome).rejects.toMatchObject({ code: 'mooring.codec-unavailable', codec: name });
      await expect(outcome).rejects.toThrow(remedy);
    }
  });

  it('has gzip all the same', async () => {
    const codec = gzipCodec(null as never);
    const packed = await codec.encode(records(5_000), {});

    expect(zlib.gunzipSync(packed)).toEqual(Buffer.from(records(5_000)));
    await expect(codec.decode(packed, { maxBytes: 5_000 })).resolves.toHaveLength(5_000);
  });

  it('is not this one: its own zlib is found', () => {
    expect(nodeZlib()?.gzipSync).toBe(zlib.gzipSync);
  });
});

describe('the codecs that every store knows', () => {
  it('are gzip, snappy, brotli and zstd, made anew for each', () => {
    const [first, second] = [builtInCodecs(), builtInCodecs()];

    expect(first.map(({ name }) => name)).toEqual(['gzip', 'snappy', 'brotli', 'zstd']);
    for (const [index, codec] of first.entries()) expect(codec).not.toBe(second[index]);
  });
});

describe('a call in a thread', () => {
  it('is not waited for once the signal aborts', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const plain = records(8 * 2 ** 20);
    const packed = zlib.gzipSync(plain);

    const encoding = gzipCodec().encode(plain, { signal });
    const decoding = gzipCodec().decode(packed, { signal, maxBytes: plain.length });
    controller.abort(new Error('enough'));

    await expect(encoding).rejects.toThrow('enough');
    await expect(decoding).rejects.toThrow('enough');
  });
});
