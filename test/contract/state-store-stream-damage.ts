import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import type { Codec } from '../../src/codec/codec.ts';
import type { Reference } from '../../src/format/entry.ts';
import { CodecUnavailableError, CorruptEntryError, ValueTooLargeError } from '../../src/model/errors/store.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import { frameHead, framesIn } from '../../src/format/frames.ts';
import { interceptValues } from '../support/intercept.ts';
import { collected, objectsOf, openOver, plant, storedMeta, TASK, type Parts, type PartsFactory } from './state-store-parts.ts';
import { chunked, failureOf, gcm, MIB, mixedBytes, READS } from './state-store-stream-parts.ts';

/** An object store whose objects read as something else. */
function tampered(inner: ObjectStore, tamper: (body: Uint8Array) => Uint8Array): ObjectStore {
  let tampering: Promise<Uint8Array | undefined> | undefined;
  return interceptValues(inner, async ({ method, args }, proceed) => {
    if (method !== 'get' && method !== 'getStream') return proceed();
    // Once for all parts of the one object.
    tampering ??= inner.get(args[0] as string).then((body) => body && tamper(body));
    const bytes = await tampering;
    if (!bytes) return undefined;
    const { start, end } = (args[1] ?? {}) as { start?: number; end?: number };
    return method === 'get' ? bytes : chunked(bytes.subarray(start, end));
  });
}

/** The frames of an object, put together anew. */
async function reframed(body: Uint8Array, change: (frames: Uint8Array[]) => Uint8Array[]): Promise<Uint8Array> {
  const frames = await collected(framesIn([body], 2 ** 30, (problem) => new Error(problem)));
  return Buffer.concat(change(frames.map((frame) => Buffer.concat([frameHead(frame), frame.bytes]))));
}

/** Exchanges an object, and its entry too: sizes and digest are right again. */
async function forge(parts: Parts, body: Uint8Array, change: Partial<Reference> & { size?: number } = {}): Promise<void> {
  const { inline: _inline, ...meta } = await storedMeta(openOver(parts), TASK, 'k');
  const { size = meta.size, ...ref } = change;
  const forged = {
    ...(meta.ref as Reference),
    storedSize: body.length,
    sha256: createHash('sha256').update(body).digest('hex'),
    ...ref,
  };
  await parts.objectStore.put(forged.object, body, { ifAbsent: false });
  await plant(openOver(parts), 'k', { ...meta, size, ref: forged });
}

let packed: Buffer | undefined;

/** Few bytes that would become 160 MiB. */
function bomb(): Buffer {
  packed ??= gzipSync(new Uint8Array(160 * MIB), { level: 1 });
  return packed;
}

/** What is read of streams whose objects are damaged, or were never what their entries say: the whole value, or an error. */
export function streamDamageContract(factory: PartsFactory): void {
  describe.each(READS)('reading a stream with %s', (_name, read) => {
    it.each<[string, Partial<StateStoreOptions>, (body: Uint8Array) => Uint8Array]>([
      ['is cut off', {}, (body) => body.subarray(0, -1)],
      ['is cut off, as it is', { codec: 'none' }, (body) => body.subarray(0, -1)],
      ['is longer', {}, (body) => Buffer.concat([body, new Uint8Array(1)])],
      ['is longer, as it is', { codec: 'none' }, (body) => Buffer.concat([body, new Uint8Array(1)])],
      ['is empty', {}, () => new Uint8Array()],
      ['has changed in one bit', {}, (body) => body.with(body.length - 9, (body.at(-9) as number) ^ 1)],
      ['has changed in one bit, as it is', { codec: 'none' }, (body) => body.with(MIB, (body[MIB] as number) ^ 1)],
      ['has changed in one bit, encrypted', { encryption: gcm() }, (body) => body.with(99, (body[99] as number) ^ 1)],
    ])('C40 I6 refuses an object that %s', async (_what, options, tamper) => {
      const parts = await factory();
      await openOver(parts, options)
        .task(TASK)
        .setStream('k', chunked(mixedBytes(3 * MIB + 5)));
      const objectStore = tampered(parts.objectStore, tamper);

      const error = await failureOf(read(openOver(parts, { ...options, objectStore })));

      expect(error).toBeInstanceOf(CorruptEntryError);
      expect(error).toMatchObject({ key: 'k', scope: TASK, store: parts.objectStore.alias, retryable: false });
    });

    it.each<[string, (frames: Uint8Array[]) => Uint8Array[]]>([
      ['in another order', ([a, b, ...rest]) => [b, a, ...rest] as Uint8Array[]],
      ['of which one is missing', ([a, , ...rest]) => [a, ...rest] as Uint8Array[]],
      ['of which one is there twice', ([a, ...rest]) => [a, a, ...rest] as Uint8Array[]],
      ['with one more', (frames) => [...frames, frames[0] as Uint8Array]],
      ['without the last', (frames) => frames.slice(0, -1)],
    ])('C40 I6 refuses frames %s, also where the entry was made to fit', async (what, change) => {
      const parts = await factory();
      const encryption = gcm();
      await openOver(parts, { encryption })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(3 * MIB + 5)));
      const [object] = await objectsOf(parts.objectStore);
      await forge(parts, await reframed((await parts.objectStore.get(object as string)) as Uint8Array, change));

      const error = await failureOf(read(openOver(parts, { encryption })));

      expect(error).toBeInstanceOf(CorruptEntryError);
      if (what === 'in another order') expect(String(error)).toContain('cannot be decrypted');
    });

    it('I6 bounds each frame by its place in the value: a bomb is not unpacked', async () => {
      const parts = await factory();
      const seen: number[] = [];
      const watched: Codec = {
        name: 'watched',
        encode: async (bytes) => gzipSync(bytes),
        decode: async (_bytes, { maxBytes }) => {
          seen.push(maxBytes);
          return new Uint8Array(maxBytes + 1);
        },
      };
      await openOver(parts, { codec: watched })
        .task(TASK)
        .setStream('k', chunked(new Uint8Array(MIB + 10)));
      await expect(read(openOver(parts, { codecs: [watched] }))).rejects.toThrow(CorruptEntryError);
      expect(seen).toEqual([MIB]);

      const frame = (bytes: Uint8Array): Uint8Array => Buffer.concat([frameHead({ encoded: true, bytes }), bytes]);
      await openOver(parts)
        .task(TASK)
        .setStream('k', chunked(new Uint8Array(MIB + 10)));
      await forge(parts, frame(bomb()));
      const before = process.memoryUsage.rss();
      const refused = await failureOf(read(openOver(parts)));
      expect(refused).toBeInstanceOf(CorruptEntryError);
      expect(String(refused)).toContain('cannot be decoded as gzip');
      expect(process.memoryUsage.rss() - before).toBeLessThan(100 * MIB);
    });

    it('I6 holds no more for a frame than its size allows, whatever its head says', async () => {
      const parts = await factory();
      await openOver(parts)
        .task(TASK)
        .setStream('k', chunked(new Uint8Array(MIB + 10)));
      const head = new Uint8Array(8);
      new DataView(head.buffer).setUint32(0, 2 ** 31 - 1);
      await forge(parts, head);

      await expect(read(openOver(parts))).rejects.toThrow(/has a frame of 2147483647 bytes/);
    });

    it('needs the codec and the encryption of the entry', async () => {
      const parts = await factory();
      const own: Codec = { name: 'own', encode: async (bytes) => bytes.slice(0, 10), decode: async () => new Uint8Array(MIB) };
      await openOver(parts, { codec: own, encryption: gcm() })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(MIB)));

      for (const options of [{ encryption: gcm() }, { codecs: [own] }, { codecs: [own], encryption: gcm('other') }]) {
        await expect(read(openOver(parts, options))).rejects.toThrow(CodecUnavailableError);
      }

      const [object] = await objectsOf(parts.objectStore);
      await forge(parts, (await parts.objectStore.get(object as string)) as Uint8Array, { codec: 'none' });
      await expect(read(openOver(parts, { encryption: gcm() }))).rejects.toThrow(CorruptEntryError);
    });

    it('C40 I6 refuses a large object that is cut off, longer or changed in one of its parts', async () => {
      const parts = await factory();
      const bytes = mixedBytes(17 * MIB);
      await openOver(parts, { codec: 'none' }).task(TASK).setStream('k', chunked(bytes, MIB));
      const tampers: ((body: Uint8Array) => Uint8Array)[] = [
        (body) => body.subarray(0, -1),
        (body) => body.subarray(0, 9 * MIB),
        (body) => Buffer.concat([body, new Uint8Array(8 * MIB)]),
        (body) => body.with(10 * MIB, (body[10 * MIB] as number) ^ 1),
      ];

      for (const tamper of tampers) {
        const store = openOver(parts, { objectStore: tampered(parts.objectStore, tamper) });
        await expect(read(store)).rejects.toThrow(CorruptEntryError);
      }
    });

    it('says that the other key, or another place, is not what it was encrypted for', async () => {
      const parts = await factory();
      const key = new Uint8Array(32).fill(9);
      await openOver(parts, { encryption: gcm() })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(2 * MIB)));

      const error = await failureOf(read(openOver(parts, { encryption: gcm('gcm', key) })));

      expect(error).toBeInstanceOf(CorruptEntryError);
      expect(error).toMatchObject({ retryable: false, key: 'k', message: expect.stringContaining('another key') });
    });
  });

  it('C40 get() refuses a size that nothing can hold', async () => {
    const parts = await factory();
    const store = openOver(parts);
    await store.task(TASK).setStream('k', chunked(mixedBytes(2 * MIB)));
    const { inline: _inline, ...meta } = await storedMeta(store, TASK, 'k');
    const { frames: _frames, ...ref } = meta.ref as Reference;
    await plant(store, 'k', { ...meta, type: 'json', ref: { ...ref, storedSize: Number.MAX_SAFE_INTEGER } });

    await expect(store.task(TASK).get('k')).rejects.toThrow(CorruptEntryError);
  });

  it('C40 get() refuses JSON in frames that is larger than it may be', async () => {
    const parts = await factory();
    const store = openOver(parts);
    await store.task(TASK).setStream('k', chunked(mixedBytes(2 * MIB)));
    const { inline: _inline, ...meta } = await storedMeta(store, TASK, 'k');

    await plant(store, 'k', { ...meta, type: 'json', size: Number.MAX_SAFE_INTEGER });

    await expect(store.task(TASK).get('k')).rejects.toThrow(ValueTooLargeError);
  });

  describe('a stream that is read', () => {
    it('never gives the end of an object that is damaged', async () => {
      const parts = await factory();
      for (const [size, least, most] of [
        [3 * MIB, 0, 0],
        [34 * MIB, 8 * MIB, 34 * MIB - 1],
      ] as const) {
        await openOver(parts, { codec: 'none' })
          .task(TASK)
          .setStream('k', chunked(mixedBytes(size), MIB));
        const objectStore = tampered(parts.objectStore, (body) => body.with(5, (body[5] as number) ^ 1));

        const stream = await openOver(parts, { objectStore }).task(TASK).getStream('k');
        let given = 0;
        stream?.on('data', (chunk: Uint8Array) => (given += chunk.length));
        const error = await new Promise((resolve) => stream?.once('error', resolve).once('end', () => resolve('it ended')));

        expect(error).toBeInstanceOf(CorruptEntryError);
        expect(given).toBeGreaterThanOrEqual(least);
        expect(given).toBeLessThanOrEqual(most);
      }
    });
  });
}
