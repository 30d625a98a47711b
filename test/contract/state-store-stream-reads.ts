import { getEventListeners, getMaxListeners } from 'node:events';
import { describe, expect, it } from '@jest/globals';
import {
  CorruptEntryError,
  MissingObjectError,
  StoreUnavailableError,
  UnknownLocationError,
} from '../../src/model/errors/store.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import { interceptValues } from '../support/intercept.ts';
import { until } from '../support/until.ts';
import { objectsOf, openOver, openWithEvents, TASK, type PartsFactory } from './state-store-parts.ts';
import { chunked, drained, failureOf, MIB, mixedBytes, READS, told } from './state-store-stream-parts.ts';

/** How many listeners Node takes for no leak; where there is no limit, Node 20 throws. */
function allowedListeners(target: EventTarget): number {
  try {
    return getMaxListeners(target) || Infinity;
  } catch {
    return Infinity;
  }
}

/** The parts, in MiB, of an object of a little more than 33 MiB. */
const ASKED: Readonly<Record<string, readonly string[]>> = {
  get: ['0-8', '16-24', '24-32', '32-end', '8-16'],
  getStream: ['0-0.25', '0.25-4', '12-16', '16-20', '20-24', '24-28', '28-32', '32-end', '4-8', '8-12'],
};

/** Reading streams: what is not there or comes in between, in parts, and ended by signals and by the store. */
export function streamReadsContract(factory: PartsFactory): void {
  describe.each(READS)('reading a stream with %s', (name, read) => {
    it('C37 C39 I7 says what is missing: an object or its store', async () => {
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

    it('I7 † reads the entry again as long as it changes', async () => {
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

    it('asks for a large object in parts, four at a time', async () => {
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
      expect(asked.toSorted()).toEqual(ASKED[name]);
      expect(most).toBe(4);
    });

    it('asks for an object of up to 1 MiB once', async () => {
      const parts = await factory();
      const asked: string[] = [];
      const objectStore = interceptValues(parts.objectStore, ({ method }, proceed) => {
        asked.push(method);
        return proceed();
      });
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(MIB)));

      await read(openOver(parts, { objectStore }));

      expect(asked).toEqual(['get']);
    });

    it('I6 takes no more than a byte beyond what an object should have, however large it became', async () => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(MIB)));
      const [object] = await objectsOf(parts.objectStore);
      await parts.objectStore.put(object as string, new Uint8Array(20 * MIB), { ifAbsent: false });
      let taken = 0;
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        const reply = await proceed();
        if (method === 'get') taken += (reply as Uint8Array).length;
        return reply;
      });

      await expect(read(openOver(parts, { objectStore }))).rejects.toThrow(CorruptEntryError);

      expect(taken).toBe(MIB + 1);
    });
  });

  describe('a stream that is opened', () => {
    it.each([
      ['up to 1 MiB', MIB, MIB],
      ['up to 16 MiB', 12 * MIB, MIB / 4],
      ['any size', 20 * MIB, MIB / 4],
    ])('holds little of an object of %s until it is read', async (_size, size, held) => {
      const parts = await factory();
      await openOver(parts, { codec: 'none' })
        .task(TASK)
        .setStream('k', chunked(mixedBytes(size), MIB));
      let taken = 0;
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        const reply = await proceed();
        if (method === 'get') taken += (reply as Uint8Array).length;
        if (method !== 'getStream') return reply;
        return (async function* () {
          for await (const chunk of reply as AsyncIterable<Uint8Array>) {
            taken += chunk.length;
            yield chunk;
          }
        })();
      });

      const stream = await openOver(parts, { objectStore }).task(TASK).getStream('k');
      expect(taken).toBe(held);

      expect(told(await drained(stream))).toBe(told(mixedBytes(size)));
    });
  });

  describe('a stream that is read', () => {
    it.each<[string, object, (state: StateHandle, signal: AbortSignal) => Promise<unknown>]>([
      ['values in parts', { a: 17 * MIB + 3, b: 17 * MIB + 3 }, (state, signal) => state.getMany(['a', 'b'], { signal })],
      [
        'values side by side',
        { a: 1 },
        (state, signal) => Promise.all(Array.from({ length: 12 }, () => state.get('a', { signal }))),
      ],
      [
        'open streams',
        { a: 8 * MIB + 3 },
        async (state, signal) => {
          const streams = await Promise.all(Array.from({ length: 12 }, () => state.getStream('a', { signal })));
          for (const stream of streams) stream?.read();
          await drained(streams[0]);
          for (const stream of streams) stream?.destroy();
        },
      ],
    ])('listens to the signal of its caller once, for many %s', async (_what, sizes, read) => {
      const state = openOver(await factory(), { codec: 'none' }).task(TASK);
      for (const [key, size] of Object.entries(sizes)) await state.setStream(key, chunked(mixedBytes(size as number), MIB));
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
      await state.setStream('k', chunked(mixedBytes(17 * MIB), MIB));
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

    it('is ended by a store that closes', async () => {
      const parts = await factory();
      const store = openOver(parts, { codec: 'none' });
      await store.task(TASK).setStream('k', chunked(mixedBytes(17 * MIB), MIB));
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
