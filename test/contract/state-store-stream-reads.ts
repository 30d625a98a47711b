import { createHash } from 'node:crypto';
import { getEventListeners, getMaxListeners } from 'node:events';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, jest } from '@jest/globals';
import type { Codec } from '../../src/codec/codec.ts';
import type { Reference } from '../../src/entry.ts';
import {
  CodecUnavailableError,
  CorruptEntryError,
  MissingObjectError,
  StoreUnavailableError,
  UnknownLocationError,
  ValueTooLargeError,
} from '../../src/errors.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import { frameHead, framesIn } from '../../src/state-store/frames.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import { interceptValues } from '../support/intercept.ts';
import { until } from '../support/until.ts';
import {
  collected,
  objectsOf,
  openOver,
  openWithEvents,
  plant,
  storedMeta,
  TASK,
  type Parts,
  type PartsFactory,
} from './state-store-parts.ts';
import { chunked, drained, gcm, MIB, mixedBytes, told } from './state-store-stream-parts.ts';

/** An object store whose objects read as something else. */
function tampered(inner: ObjectStore, tamper: (body: Uint8Array) => Uint8Array): ObjectStore {
  return interceptValues(inner, async ({ method, args }, proceed) => {
    if (method !== 'get' && method !== 'getStream') return proceed();
    const body = await inner.get(args[0] as string);
    if (!body) return undefined;
    const { start, end } = (args[1] ?? {}) as { start?: number; end?: number };
    const bytes = tamper(body);
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

async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => undefined,
    (error: unknown) => error,
  );
}

/** How many listeners Node takes for no leak; where there is no limit, Node 20 throws. */
function allowedListeners(target: EventTarget): number {
  try {
    return getMaxListeners(target) || Infinity;
  } catch {
    return Infinity;
  }
}

/** Both ways to read what was written as a stream. */
const READS: [string, (state: ReturnType<typeof openOver>) => Promise<unknown>][] = [
  ['getStream', async (store) => drained(await store.task(TASK).getStream('k'))],
  ['get', (store) => store.task(TASK).get('k')],
];

/** Reading streams: verified, bounded, in parts, and given up when nobody reads. */
export function streamReadsContract(factory: PartsFactory): void {
  // A busy machine needs many times as long for these bytes.
  jest.setTimeout(60_000);
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
      await forge(parts, frame(gzipSync(new Uint8Array(300 * MIB))));
      const before = process.memoryUsage.rss();
      const bomb = await failureOf(read(openOver(parts)));
      expect(bomb).toBeInstanceOf(CorruptEntryError);
      expect(String(bomb)).toContain('cannot be decoded as gzip');
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

    it('refuses an encoded frame of an entry without a codec, and needs the codec and the encryption of the entry', async () => {
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

    it('C37 C39 I7 says MissingObjectError, with an event, and names a store that is not there', async () => {
      const parts = await factory();
      const store = openWithEvents(parts);
      await store.task(TASK).setStream('k', chunked(mixedBytes(MIB + 1)));
      await expect(read(openOver(parts, { objectStore: parts.otherObjectStore }))).rejects.toThrow(UnknownLocationError);
      await parts.objectStore.delete(await objectsOf(parts.objectStore));
      const error = await failureOf(read(store));
      expect(error).toBeInstanceOf(MissingObjectError);
      expect(error).toMatchObject({ key: 'k', scope: TASK, store: parts.objectStore.alias });
      expect(store.events.at(-1)).toEqual({ type: 'missing-object', scope: TASK, key: 'k' });
    });

    it('I7 † reads the entry again as long as it changes, and serves the value that came in between', async () => {
      const parts = await factory();
      const writer = openOver(parts).task(TASK);
      await writer.setStream('k', chunked(mixedBytes(MIB + 1)));
      let overwrites = 0;
      const swept = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'get' || overwrites === 3) return proceed();
        overwrites += 1;
        await writer.setStream('k', chunked(mixedBytes(MIB + 1, 1 + overwrites)));
        await parts.objectStore.delete([args[0] as string]);
        return proceed();
      });
      const bytes = await read(openOver(parts, { objectStore: swept }));
      expect(told(bytes as Uint8Array)).toBe(told(mixedBytes(MIB + 1, 4)));
    });

    it('asks for a large object in parts, four at a time, and for a small one once', async () => {
      const parts = await factory();
      const bytes = mixedBytes(33 * MIB + 3);
      await openOver(parts, { codec: 'none' }).task(TASK).setStream('k', chunked(bytes, MIB));
      const asked: string[] = [];
      let under = 0;
      let most = 0;
      const objectStore = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        const { start, end } = (args[1] ?? {}) as { start?: number; end?: number };
        asked.push(method === 'getStream' ? `${(start as number) / MIB}-${end === undefined ? 'end' : end / MIB}` : method);
        if (method !== 'getStream') return proceed();
        most = Math.max(most, (under += 1));
        const chunks = (await proceed()) as AsyncIterable<Uint8Array>;
        return (async function* () {
          yield* chunks;
          under -= 1;
        })();
      });
      expect(told((await read(openOver(parts, { objectStore }))) as Uint8Array)).toBe(told(bytes));
      expect(asked.toSorted()).toEqual(['0-8', '16-24', '24-32', '32-end', '8-16']);
      expect(most).toBe(4);
      asked.length = 0;
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(2 * MIB)));
      await read(openOver(parts, { objectStore }));
      expect(asked).toEqual(['get']);
    });

    it('I6 takes no more than a byte beyond what an object should have, however large it became', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(2 * MIB)));
      const [object] = await objectsOf(parts.objectStore);
      await parts.objectStore.put(object as string, new Uint8Array(20 * MIB), { ifAbsent: false });
      let taken = 0;
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        const reply = await proceed();
        if (method === 'get') taken += (reply as Uint8Array).length;
        return reply;
      });

      await expect(read(openOver(parts, { objectStore }))).rejects.toThrow(CorruptEntryError);

      expect(taken).toBe(2 * MIB + 1);
    });

    it('C40 I6 refuses a large object that is cut off, longer or changed in one of its parts', async () => {
      const parts = await factory();
      const bytes = mixedBytes(20 * MIB);
      await openOver(parts, { codec: 'none' }).task(TASK).setStream('k', chunked(bytes, MIB));
      const tampers: ((body: Uint8Array) => Uint8Array)[] = [
        (body) => body.subarray(0, -1),
        (body) => body.subarray(0, 9 * MIB),
        (body) => Buffer.concat([body, new Uint8Array(9 * MIB)]),
        (body) => body.with(10 * MIB, (body[10 * MIB] as number) ^ 1),
      ];
      for (const tamper of tampers) {
        const store = openOver(parts, { objectStore: tampered(parts.objectStore, tamper) });
        await expect(read(store)).rejects.toThrow(CorruptEntryError);
      }
    });

    it('wraps what the object store throws in the middle of a part, and what it does not go on with', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(34 * MIB), MIB));
      const cause = new Error('ECONNRESET');
      const broken = (part: number, then: (signal: AbortSignal) => Promise<never>): ObjectStore =>
        interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
          const chunks = (await proceed()) as AsyncIterable<Uint8Array>;
          const { start, signal } = (args[1] ?? {}) as { start: number; signal: AbortSignal };
          if (method !== 'getStream' || start !== part * 8 * MIB) return chunks;
          return (async function* () {
            for await (const chunk of chunks) {
              yield chunk;
              await then(signal);
            }
          })();
        });
      const hang = (signal: AbortSignal): Promise<never> =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
      for (const part of [0, 2, 4]) {
        const store = openOver(parts, { objectStore: broken(part, () => Promise.reject(cause)) });
        const error = await failureOf(read(store));
        expect(error).toBeInstanceOf(StoreUnavailableError);
        expect(error).toMatchObject({ cause, key: 'k', scope: TASK, store: parts.objectStore.alias, retryable: true });
        const hanging = { objectStore: broken(part, hang), commandTimeout: 300 };
        await expect(read(openOver(parts, hanging))).rejects.toThrow(/took longer than 300 ms/);
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

  it('C40 get() refuses a size that nothing can hold, and JSON in frames that is larger than it may be', async () => {
    const parts = await factory();
    const store = openOver(parts);
    await store.task(TASK).setStream('k', chunked(mixedBytes(2 * MIB)));
    const { inline: _inline, ...meta } = await storedMeta(store, TASK, 'k');
    const { frames: _frames, ...ref } = meta.ref as Reference;
    await plant(store, 'k', { ...meta, type: 'json', ref: { ...ref, storedSize: Number.MAX_SAFE_INTEGER } });
    await expect(store.task(TASK).get('k')).rejects.toThrow(CorruptEntryError);
    await plant(store, 'k', { ...meta, type: 'json', size: Number.MAX_SAFE_INTEGER });
    await expect(store.task(TASK).get('k')).rejects.toThrow(ValueTooLargeError);
  });

  describe('a stream that is read', () => {
    it('gives nothing of a small object that is damaged, and never the end of a large one', async () => {
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

    it('fetches ahead no more than four parts, however long the reader waits', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(60 * MIB), MIB));
      let asked = 0;
      let fetched = 0;
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        if (method !== 'getStream') return proceed();
        asked += 1;
        const chunks = (await proceed()) as AsyncIterable<Uint8Array>;
        return (async function* () {
          yield* chunks;
          fetched += 1;
        })();
      });
      const stream = await openOver(parts, { objectStore }).task(TASK).getStream('k');
      expect(asked).toBe(1);
      await new Promise((resolve) => stream?.once('readable', resolve));
      await until(() => fetched === asked);
      expect(asked).toBeLessThanOrEqual(6);
      expect(told(await drained(stream))).toBe(told(mixedBytes(60 * MIB)));
      expect(asked).toBe(8);
    });

    it.each(['destroys it', 'breaks its loop', 'aborts its signal'])('ends its requests when the reader %s', async (how) => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(50 * MIB), MIB));
      const signals: AbortSignal[] = [];
      const objectStore = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'getStream') return proceed();
        const { start, signal } = args[1] as { start: number; signal: AbortSignal };
        if (start <= 8 * MIB) return proceed();
        signals.push(signal);
        return (async function* () {
          yield new Uint8Array(1);
          await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));
        })();
      });
      const controller = new AbortController();
      const store = openOver(parts, { objectStore });
      const stream = await store.task(TASK).getStream('k', { signal: controller.signal });
      if (!stream) throw new Error('there is no stream');
      const reading = (async () => {
        for await (const _ of stream) {
          if (how === 'breaks its loop') break;
        }
      })();
      if (how !== 'breaks its loop') {
        await until(() => signals.length === 4);
        if (how === 'destroys it') stream.destroy();
        else controller.abort(new Error('enough'));
        await expect(reading).rejects.toThrow(how === 'destroys it' ? 'Premature close' : 'enough');
      } else await reading;
      expect(stream.destroyed).toBe(true);
      await until(() => signals.every(({ aborted }) => aborted));
      expect(signals.length).toBeLessThanOrEqual(4);
      await store.close();
    });

    it('says, retryably, that its object was deleted before all of it was read', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(34 * MIB), MIB));
      const gone = interceptValues(parts.objectStore, ({ method, args }, proceed) =>
        method === 'getStream' && (args[1] as { start: number }).start > 0 ? undefined : proceed(),
      );
      const error = await failureOf(openOver(parts, { objectStore: gone }).task(TASK).getStream('k').then(drained));
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ key: 'k', retryable: true, message: expect.stringContaining('deleted while it was read') });
    });

    it.each<[string, (state: StateHandle, signal: AbortSignal) => Promise<unknown>]>([
      ['values in parts', (state, signal) => state.getMany(['a', 'b', 'c'], { signal })],
      ['values side by side', (state, signal) => Promise.all(Array.from({ length: 12 }, () => state.get('small', { signal })))],
      [
        'open streams',
        async (state, signal) => {
          const streams = await Promise.all(Array.from({ length: 12 }, () => state.getStream('a', { signal })));
          for (const stream of streams) stream?.read();
          await drained(streams[0]);
          for (const stream of streams) stream?.destroy();
        },
      ],
    ])('listens to the signal of its caller once, for many %s, and not any longer than it must', async (_what, read) => {
      const state = openOver(await factory(), { codec: 'none' }).task(TASK);
      for (const key of ['a', 'b', 'c']) await state.setStream(key, chunked(mixedBytes(33 * MIB + 3), MIB));
      await state.set('small', 1);
      const { signal } = new AbortController();
      const add = EventTarget.prototype.addEventListener;
      let most = 0;
      let leaks = 0;
      // Counts as Node does, whose warning does not reach the process that a test sees.
      EventTarget.prototype.addEventListener = function (this: EventTarget, ...args: Parameters<typeof add>) {
        add.apply(this, args);
        const { length } = getEventListeners(this, 'abort');
        if (length > allowedListeners(this)) leaks += 1;
        if (this === signal) most = Math.max(most, length);
      };
      try {
        await read(state, signal);
        await until(() => getEventListeners(signal, 'abort').length === 0);
      } finally {
        EventTarget.prototype.addEventListener = add;
      }
      expect([most, leaks]).toEqual([1, 0]);
    });

    it('of many that are open ends each with the reason of the one signal', async () => {
      const state = openOver(await factory(), { codec: 'none' }).task(TASK);
      await state.setStream('k', chunked(mixedBytes(34 * MIB), MIB));
      const controller = new AbortController();
      const { signal } = controller;
      const streams = await Promise.all([1, 2, 3].map(() => state.getStream('k', { signal })));
      const reading = streams.map((stream) => failureOf(drained(stream)));
      await drained(await state.getStream('k', { signal }));
      const enough = new Error('enough');
      const unread = await state.getStream('k', { signal });
      const failed = new Promise((resolve) => unread?.once('error', resolve));
      controller.abort(enough);
      expect(await failed).toBe(enough);
      expect((await Promise.all(reading)).every((error) => error === undefined || error === enough)).toBe(true);
      await expect(state.getStream('k', { signal })).rejects.toBe(enough);
      await until(() => getEventListeners(signal, 'abort').length === 0);
    });

    it('is ended by a store that closes, and is not there once that is closed', async () => {
      const parts = await factory();
      const store = openOver(parts, { codec: 'none' });
      await store.task(TASK).setStream('k', chunked(mixedBytes(34 * MIB), MIB));
      const [read, unread, over] = [
        await store.task(TASK).getStream('k'),
        await store.task(TASK).getStream('k'),
        await store.task(TASK).getStream('k'),
      ];
      await drained(over);
      const reading = failureOf(
        (async () => {
          for await (const _ of read as AsyncIterable<Uint8Array>) await store.close();
        })(),
      );
      expect(await reading).toBeInstanceOf(StoreUnavailableError);
      expect(String(await reading)).toContain('the state store was closed');
      await expect(drained(unread)).rejects.toThrow('Premature close');
      expect(over?.errored).toBeNull();
      await expect(store.task(TASK).getStream('k')).rejects.toThrow(StoreUnavailableError);
    });
  });
}
