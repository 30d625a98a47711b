import { describe, expect, it } from '@jest/globals';
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import {
  ConfigError,
  InvalidKeyError,
  StaleAttemptError,
  ValueTooLargeError,
  VersionConflictError,
} from '../../src/model/errors/store.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import { interceptMetastore, interceptValues, recorder } from '../support/intercept.ts';
import { until } from '../support/until.ts';
import {
  attemptHandle,
  collected,
  objectsOf,
  openOver,
  openWithEvents,
  storedMeta,
  TASK,
  type PartsFactory,
} from './state-store-parts.ts';
import { chunked, drained, gcm, MIB, mixedBytes, told, unfinishedOf } from './state-store-stream-parts.ts';

/** Streams as values: what goes in comes out, under every setting, fenced or not. */

const SETTINGS: readonly [string, Partial<StateStoreOptions>][] = [
  ['as they are', { codec: 'none' }],
  ['compressed', { codec: 'gzip' }],
  ['compressed by snappy', { codec: 'snappy' }],
  ['encrypted', { codec: 'none', encryption: gcm() }],
  ['compressed and encrypted', { codec: 'gzip', encryption: gcm() }],
];

/** Around the threshold, and around the size of a frame. */
const SIZES = [0, 1, 65_535, 65_536, MIB - 1, MIB, MIB + 1, 3 * MIB + 12_345];

/** What streams must do; see also `state-store-stream-reads.ts` and `state-store-stream-writes.ts`. */
export function streamsContract(factory: PartsFactory): void {
  describe.each(SETTINGS)('streams, stored %s', (_name, options) => {
    it('come back byte for byte, of any size, in chunks of any size', async () => {
      const parts = await factory();
      const store = openWithEvents(parts, options);
      const state = store.task(TASK);

      for (const [index, size] of SIZES.entries()) {
        const bytes = mixedBytes(size, index + 1);
        const key = `of ${size}`;
        const entry = await state.setStream(key, chunked(bytes, [65_536, 1_000_003, 7 * MIB][index % 3]));

        expect(entry).toMatchObject({ key, size, offloaded: size >= 65_536 });
        expect(told(await drained(await state.getStream(key)))).toBe(told(bytes));
        expect(told((await state.get(key)) as Uint8Array)).toBe(told(bytes));
        expect(await state.getEntry(key)).toMatchObject({ ...entry, value: expect.any(Uint8Array) });
      }

      const offloads = store.events.flatMap((event) => (event.type === 'offload' ? [event.bytes] : []));
      expect(offloads).toEqual(SIZES.filter((size) => size >= 65_536));
      expect((await collected(state.entries())).map(({ key }) => key)).toEqual(SIZES.map((size) => `of ${size}`).sort());
      expect(await unfinishedOf(parts.objectStore)).toEqual([]);
    });

    it('I10 are read under any other settings', async () => {
      const parts = await factory();
      const bytes = mixedBytes(2 * MIB + 7);
      await openOver(parts, options).task(TASK).setStream('k', chunked(bytes));
      await openOver(parts, options)
        .task(TASK)
        .set('whole', mixedBytes(MIB + 9));
      const encryption = options.encryption ? { encryption: options.encryption } : {};

      for (const codec of ['none', 'gzip', 'brotli'] as const) {
        const moved = { objectStore: parts.otherObjectStore, formerObjectStores: [parts.objectStore] };
        const state = openOver(parts, { ...moved, ...encryption, codec, offloadThreshold: 10 * MIB }).task(TASK);

        expect(told(await drained(await state.getStream('k')))).toBe(told(bytes));
        expect(told((await state.get('k')) as Uint8Array)).toBe(told(bytes));
        expect(told(await drained(await state.getStream('whole')))).toBe(told(mixedBytes(MIB + 9)));
      }
    });
  });

  describe('streams', () => {
    it('are plain objects where nothing is compressed or encrypted', async () => {
      const parts = await factory();
      const bytes = mixedBytes(MIB + 5);

      for (const [key, options] of [
        ['plain', { codec: 'none' }],
        ['framed', {}],
      ] as const) {
        const store = openOver(parts, options);
        await store.task(TASK).setStream(key, chunked(bytes));

        const { ref, type, size } = await storedMeta(store, TASK, key);

        expect([type, size]).toEqual(['bytes', bytes.length]);
        expect(ref).toMatchObject(key === 'plain' ? { codec: 'none', storedSize: size } : { codec: 'gzip', frames: MIB });
        expect(ref?.object.endsWith(key === 'plain' ? '.bin' : '.bin.gz.frames')).toBe(true);
        if (key === 'plain') expect(ref).not.toHaveProperty('frames');
        else expect(ref?.storedSize).toBeLessThan(size / 2);
      }
    });

    it('stay in the metastore below the threshold', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 2 * MIB });

      await store.task(TASK).setStream('k', chunked(mixedBytes(MIB + MIB / 2)));

      expect((await storedMeta(store, TASK, 'k')).ref).toBeUndefined();
      expect(await objectsOf(parts.objectStore)).toEqual([]);
      expect(told(await drained(await store.task(TASK).getStream('k')))).toBe(told(mixedBytes(MIB + MIB / 2)));
    });

    it('of anything that was set are the bytes of it: of JSON its text in UTF-8', async () => {
      const parts = await factory();
      for (const offloadThreshold of [0, 65_536]) {
        const state = openOver(parts, { offloadThreshold }).task(TASK);
        await state.setMany({ json: { text: 'grüße' }, bytes: new Uint8Array([0, 255]), empty: new Uint8Array() });

        expect(JSON.parse((await drained(await state.getStream('json'))).toString())).toEqual({ text: 'grüße' });
        expect([...(await drained(await state.getStream('bytes')))]).toEqual([0, 255]);
        expect((await drained(await state.getStream('empty'))).length).toBe(0);
      }
    });

    it('are none where there is no value any more', async () => {
      const parts = await factory();

      const state = openOver(parts, { offloadThreshold: 0 }).task(TASK);
      expect(await state.getStream('k')).toBeUndefined();

      await state.setStream('k', chunked(mixedBytes(10)));
      await state.delete('k');
      expect(await state.getStream('k')).toBeUndefined();

      await state.setStream('k', chunked(mixedBytes(2 * MIB)), { retention: 1 });
      await new Promise((resolve) => setTimeout(resolve, 5));
      expect(await state.getStream('k')).toBeUndefined();
    });

    it('are copies: what the source does to its chunks afterwards does not reach them', async () => {
      const state = openOver(await factory(), { codec: 'none' }).task(TASK);
      const buffer = new Uint8Array(MIB / 4);
      async function* source(): AsyncGenerator<Uint8Array> {
        for (let value = 1; value <= 10; value += 1) yield buffer.fill(value);
        buffer.fill(99);
      }
      await state.setStream('k', source());

      const read = await drained(await state.getStream('k'));

      for (let value = 1; value <= 10; value += 1) expect(read[(value * MIB) / 4 - 1]).toBe(value);
    });

    it('come from any source of bytes', async () => {
      const state = openOver(await factory()).task(TASK);
      const bytes = mixedBytes(2 * MIB);
      await state.setStream('node', Readable.from(chunked(bytes)));
      await state.setStream('web', new Blob([bytes]).stream());

      await state.setStream('copy', (await state.getStream('node')) as Readable);

      for (const key of ['node', 'web', 'copy']) expect(told((await state.get(key)) as Uint8Array)).toBe(told(bytes));
    });

    it('C28 have no limit but memory for get(), which says how to read what is above it', async () => {
      const parts = await factory();
      const state = openOver(parts, { maxValueBytes: 2 * MIB }).task(TASK);
      await state.setStream('fits', chunked(mixedBytes(2 * MIB)));

      await state.setStream('large', chunked(mixedBytes(2 * MIB + 1)));
      expect(told((await state.get('fits')) as Uint8Array)).toBe(told(mixedBytes(2 * MIB)));

      for (const read of [state.get('large'), state.getEntry('large'), state.getMany(['fits', 'large'])]) {
        const error: unknown = await read.catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(ValueTooLargeError);
        expect(error).toMatchObject({ bytes: 2 * MIB + 1, limit: 2 * MIB, key: 'large', scope: TASK, retryable: false });
        expect(String(error)).toContain('getStream()');
      }

      expect(told(await drained(await state.getStream('large')))).toBe(told(mixedBytes(2 * MIB + 1)));
    });

    it('C28 are limited like other values without an object store', async () => {
      const { objectStore: _none, ...parts } = await factory();
      const state = openOver(parts as never, { maxValueBytes: MIB }).task(TASK);
      await state.setStream('k', chunked(mixedBytes(MIB)));

      expect(told(await drained(await state.getStream('k')))).toBe(told(mixedBytes(MIB)));

      let taken = 0;
      async function* endless(): AsyncGenerator<Uint8Array> {
        for (; ; taken += 1) yield Promise.resolve(new Uint8Array(MIB / 8));
      }
      const error: unknown = await state.setStream('k', endless()).catch((caught: unknown) => caught);

      expect(error).toBeInstanceOf(ValueTooLargeError);
      expect(error).toMatchObject({ limit: MIB, key: 'k', message: expect.stringContaining('objectStore') });
      expect(taken).toBeLessThan(20);
      expect(told((await state.get('k')) as Uint8Array)).toBe(told(mixedBytes(MIB)));
    });

    it('C52 C53 C63 tell the object store when their value ends, where it does', async () => {
      const parts = await factory();
      const ends: [string, Date | undefined][] = [];
      const objectStore = interceptValues(parts.objectStore, ({ method, args }, proceed) => {
        const [key, , options] = args as [string, unknown, { expiresAt?: Date }];
        if (method === 'put') ends.push([key.split('/').at(-2) as string, options.expiresAt]);
        return proceed();
      });
      const store = openOver(parts, { objectStore, offloadThreshold: 0 });
      const { expiresAt } = await store.task(TASK).setStream('stream', chunked(mixedBytes(2 * MIB)), { retention: '1h' });
      await store.task(TASK).set('whole', 1, { retention: '1h' });
      await store.task(TASK).setStream('forever', chunked(mixedBytes(2 * MIB)), { retention: 'forever' });

      await store.asset({ name: 'a' }).set('asset', 1);
      expect(ends.map(([name]) => name)).toEqual(['stream', 'whole', 'forever', 'asset']);

      const [stream, whole, ...never] = ends.map(([, end]) => end);
      expect(Math.abs((stream?.getTime() ?? 0) - (expiresAt?.getTime() ?? 0))).toBeLessThan(60_000);
      expect(whole).toBeInstanceOf(Date);
      expect(never).toEqual([undefined, undefined]);
    });

    it('are of tasks and of assets, of attempts and of people', async () => {
      const store = openOver(await factory());
      const attempt = await attemptHandle(store, TASK, 1);
      const bytes = mixedBytes(MIB + 1);

      expect((await attempt.setStream('k', chunked(bytes))).writer).toEqual(TASK);
      expect((await attempt.asset({ name: 'a' }).setStream('k', chunked(bytes))).writer).toEqual(TASK);
      expect((await store.asset({ uri: 's3://raw/x' }).setStream('k', chunked(bytes))).writer).toBeUndefined();
      for (const state of [attempt, store.task(TASK), store.asset({ name: 'a' }), store.asset({ uri: 's3://raw/x' })]) {
        expect(told(await drained(await state.getStream('k')))).toBe(told(bytes));
      }
    });

    it('I3 C95 of an attempt that a newer one replaced are refused', async () => {
      const parts = await factory();
      const store = openWithEvents(parts);
      const old = await attemptHandle(store, TASK, 1);
      await old.set('k', 'theirs');
      async function* replaced(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixedBytes(2 * MIB));
        await (await attemptHandle(store, TASK, 2)).set('n', 1);
        yield* chunked(mixedBytes(MIB));
      }

      const error: unknown = await old.setStream('k', replaced()).catch((caught: unknown) => caught);

      expect(error).toBeInstanceOf(StaleAttemptError);
      expect(error).toMatchObject({ scope: TASK, key: 'k' });
      expect(old.refusals).toEqual([error]);
      expect(store.events.at(-1)).toEqual({ type: 'stale-write', scope: TASK, key: 'k' });
      expect(await store.task(TASK).get('k')).toBe('theirs');
      expect([await objectsOf(parts.objectStore), await unfinishedOf(parts.objectStore)]).toEqual([[], []]);
    });

    it('C81 are written over one version only, which is compared in the end', async () => {
      const parts = await factory();
      const state = openOver(parts).task(TASK);
      const { version } = await state.setStream('k', chunked(mixedBytes(MIB + 1)), { ifVersion: 'absent' });
      const before = await objectsOf(parts.objectStore);
      let current = version;
      async function* overtaken(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixedBytes(2 * MIB));
        current = (await openOver(parts).task(TASK).set('k', 'theirs')).version;
      }

      for (const ifVersion of [version, 'absent'] as const) {
        const error: unknown = await state.setStream('k', overtaken(), { ifVersion }).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(VersionConflictError);
        expect(error).toMatchObject({ current, key: 'k', scope: TASK });
      }

      expect(await state.get('k')).toBe('theirs');
      expect(await objectsOf(parts.objectStore)).toEqual(before);

      await state.setStream('k', chunked(mixedBytes(2 * MIB)), { ifVersion: current });
      expect(told((await state.get('k')) as Uint8Array)).toBe(told(mixedBytes(2 * MIB)));
    });

    it('keep the order of the calls of one handle', async () => {
      const parts = await factory();
      const state = openOver(parts).task(TASK);
      let later: Promise<unknown> | undefined;
      async function* slow(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixedBytes(2 * MIB));
        later ??= state.set('k', 'later');
        await later;
      }

      await state.setStream('k', slow());

      expect(await state.get('k')).toBe('later');
      expect(await objectsOf(parts.objectStore)).toEqual([]);
    });

    it.each<[string, () => AsyncIterable<Uint8Array>]>([
      ['an array', () => Readable.from([Buffer.from('new')])],
      ['a file', () => createReadStream(import.meta.filename)],
      ['a generator', () => chunked(mixedBytes(MIB + 1))],
      ['the web', () => new Blob([mixedBytes(MIB + 1)]).stream()],
    ])('I1 of %s are not taken again after a put that failed: the old value stays', async (_what, source) => {
      const parts = await factory();
      let fails = true;
      const objectStore = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method !== 'put' || !fails) return proceed();
        const body = args[1] as AsyncIterable<Uint8Array>;
        if (!(body instanceof Uint8Array)) for await (const _ of body);
        throw new Error('503');
      });
      const state = openOver(parts, { objectStore, offloadThreshold: 0 }).task(TASK);
      fails = false;
      await state.set('k', 'good');
      fails = true;
      const body = source();

      await expect(state.setStream('k', body)).rejects.toMatchObject({ retryable: true });

      fails = false;
      const again = state.setStream('k', body);
      await expect(again).rejects.toThrow(/nobody has read.*a new one for each try/);
      await expect(again).rejects.toMatchObject({ option: 'body', key: 'k', scope: TASK });
      expect(await state.get('k')).toBe('good');

      await state.setStream('k', source());
      expect((await state.getEntry('k'))?.size).toBeGreaterThan(0);
    });

    it.each<[string, () => Readable, RegExp]>([
      ['read in part', () => Readable.from([Buffer.from('a'), Buffer.from('b')]), /was read/],
      ['destroyed', () => Readable.from([Buffer.from('a')]).destroy(), /was destroyed/],
      [
        'failed',
        () =>
          Readable.from([Buffer.from('a')])
            .on('error', () => undefined)
            .destroy(new Error('EIO')),
        /has failed/,
      ],
      ['ended', () => new Readable({ autoDestroy: false, read: () => undefined }).resume(), /has ended/],
    ])('are refused before any I/O where they were %s', async (what, source, why) => {
      const parts = await factory();
      const { calls, intercept } = recorder();
      const metastore = interceptMetastore(parts.metastore, intercept);
      const state = openOver(parts, { metastore, objectStore: interceptValues(parts.objectStore, intercept) }).task(TASK);
      const body = source();
      if (what === 'read in part') {
        await new Promise((resolve) => body.once('readable', resolve));
        body.read();
      }
      if (what === 'ended') {
        body.push(null);
        await until(() => body.readableEnded);
      }

      await expect(state.setStream('k', body)).rejects.toThrow(why);
      expect(calls).toEqual([]);
    });

    it('are taken again from what begins anew each time', async () => {
      const state = openOver(await factory()).task(TASK);
      const body = { [Symbol.asyncIterator]: () => chunked(mixedBytes(MIB + 1)) };

      for (const key of ['a', 'b']) {
        await state.setStream(key, body);
        expect(told((await state.get(key)) as Uint8Array)).toBe(told(mixedBytes(MIB + 1)));
      }
    });

    it('are refused before any I/O where key, body or options are wrong', async () => {
      const parts = await factory();
      const { calls, intercept } = recorder();
      const metastore = interceptMetastore(parts.metastore, intercept);
      const state = openOver(parts, { metastore, objectStore: interceptValues(parts.objectStore, intercept) }).task(TASK);
      let begun = 0;
      const body = { [Symbol.asyncIterator]: () => chunked(new Uint8Array((begun += 1))) };

      await expect(state.setStream('', body)).rejects.toThrow(InvalidKeyError);
      await expect(state.setStream('k', body, { retention: 0 })).rejects.toThrow(/retention/);
      await expect(state.setStream('k', body, { ifVersion: 'x' as never })).rejects.toThrow(/ifVersion/);

      for (const wrong of [undefined, null, 'text', new Uint8Array(3), [new Uint8Array(3)], {}]) {
        const error: unknown = await state.setStream('k', wrong as never).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(ConfigError);
        expect(error).toMatchObject({ option: 'body' });
      }

      await expect(state.getStream('.')).rejects.toThrow(InvalidKeyError);
      expect([calls, begun]).toEqual([[], 0]);
    });
  });
}
