import { describe, expect, it } from '@jest/globals';
import { InvalidValueError, ValueTooLargeError } from '../../src/model/errors/store.ts';
import { interceptMetastore, interceptValues, recorder } from '../support/intercept.ts';
import { noise, objectsOf, openOver, openWithEvents, storedMeta, TASK, type PartsFactory } from './state-store-parts.ts';

/** Values, the threshold and compression: cases 16-35, 43-50. */
export function valuesContract(factory: PartsFactory): void {
  describe.each([
    ['inline', 65_536],
    ['offloaded', 0],
  ])('values, %s', (_name, offloadThreshold) => {
    it('C16 C18 C22 C23 C24 C26 returns what was stored', async () => {
      const parts = await factory();
      const state = openOver(parts, { offloadThreshold }).task(TASK);
      const values: Record<string, unknown> = {
        text: 'grüße, 日本, 😀, \u2028 and \u0000',
        lone: '\ud800',
        int: 7,
        float: 1.5e-9,
        large: 2 ** 60,
        zero: 0,
        empty: '',
        no: false,
        list: [],
        object: {},
        deep: { a: [1, { b: null }, [[]]] },
        envelope: {
          type: 'json',
          size: 3,
          ref: { store: 'memory', object: 'a/b/c/d/e', codec: 'none', storedSize: 3, sha256: '0' },
        },
        url: `file:///${parts.namespace}/films/2026-11-22/transcode/-1/text/x`,
        bytes: new Uint8Array([0, 255, 10, 13]),
        none: new Uint8Array(),
        own: JSON.parse('{"__proto__": {"polluted": true}, "constructor": 1}') as object,
      };

      for (const [key, value] of Object.entries(values)) await state.set(key, value);

      for (const [key, value] of Object.entries(values)) expect([key, await state.get(key)]).toEqual([key, value]);
      expect(await state.getMany(Object.keys(values))).toEqual(values);
      expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
      expect(Object.getPrototypeOf(await state.get('own'))).toBe(Object.prototype);
    });

    it('C26 holds a key named __proto__ without polluting what getMany returns', async () => {
      const state = openOver(await factory(), { offloadThreshold }).task(TASK);
      await state.setMany(JSON.parse('{"__proto__": {"polluted": true}, "a": 1}') as object);

      const read = await state.getMany(['__proto__', 'a', 'b']);

      expect(Object.keys(read).sort()).toEqual(['__proto__', 'a']);
      expect((read as { polluted?: boolean }).polluted).toBeUndefined();
    });

    it('C17 C20 C21 C27 refuses what JSON would change, before any I/O', async () => {
      const parts = await factory();
      const { calls, intercept } = recorder();
      const state = openOver(parts, {
        offloadThreshold,
        metastore: interceptMetastore(parts.metastore, intercept),
        objectStore: interceptValues(parts.objectStore, intercept),
      }).task(TASK);
      await state.set('k', 'old');
      calls.length = 0;
      const cycle: Record<string, unknown> = {};
      cycle['self'] = cycle;
      const refused: [unknown, string][] = [
        [null, '$'],
        [undefined, '$'],
        [Number.NaN, '$'],
        [{ a: { b: [1, Number.POSITIVE_INFINITY] } }, '$.a.b[1]'],
        [{ at: new Date() }, '$.at'],
        [new Map(), '$'],
        [{ s: new Set() }, '$.s'],
        [{ n: 2n ** 60n }, '$.n'],
        [[() => 1], '$[0]'],
        [cycle, '$.self'],
        [[1, undefined], '$[1]'],
        [{ bytes: new Uint8Array(1) }, '$.bytes'],
        [Promise.resolve(1), '$'],
      ];

      for (const [value, at] of refused) {
        const error: unknown = await state.set('k', value).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(InvalidValueError);
        expect(error).toMatchObject({ at, key: 'k', scope: TASK });
        if (value !== undefined) await expect(state.setMany({ other: 1, k: value })).rejects.toThrow(InvalidValueError);
      }

      expect(calls).toEqual([]);
      expect(await state.getMany(['k', 'other'])).toEqual({ k: 'old' });
    });

    it('C21 leaves out an undefined property, as JSON does', async () => {
      const state = openOver(await factory(), { offloadThreshold }).task(TASK);

      await state.set('k', { page: 1, nextToken: undefined });
      expect(Object.keys((await state.get('k')) as object)).toEqual(['page']);

      await state.setMany({ k: undefined, other: 2 });
      expect(await state.getMany(['k', 'other'])).toEqual({ k: { page: 1 }, other: 2 });
    });

    it('C19 has no value for a missing key', async () => {
      const state = openOver(await factory(), { offloadThreshold }).task(TASK);

      expect(await state.get('k')).toBeUndefined();
      expect(await state.getEntry('k')).toBeUndefined();
      expect(await state.getMany(['k', 'l'])).toEqual({});
      expect(await state.getMany([])).toEqual({});
    });

    it('C25 replaces value, time and expiry together', async () => {
      const state = openOver(await factory(), { offloadThreshold }).task(TASK);
      const first = await state.set('k', 'a', { retention: '1h' });
      const second = await state.set('k', 'bb', { retention: '2h' });

      const entry = await state.getEntry('k');

      expect(entry).toEqual({ ...second, value: 'bb' });
      expect(second).toMatchObject({ key: 'k', size: 4, offloaded: offloadThreshold === 0 });
      expect(second.version).not.toBe(first.version);
      expect(second.updatedAt.getTime()).toBeGreaterThanOrEqual(first.updatedAt.getTime());
      expect((second.expiresAt?.getTime() ?? 0) - (first.expiresAt?.getTime() ?? 0)).toBeGreaterThanOrEqual(3_600_000);
    });

    it('keeps what was written when the caller changes it afterwards, or changes what it read', async () => {
      const state = openOver(await factory(), { offloadThreshold, codec: 'none' }).task(TASK);
      const bytes = new Uint8Array([1, 2, 3]);
      const writing = state.set('k', bytes);
      bytes.fill(9);
      await writing;

      const read = (await state.get('k')) as Uint8Array;
      expect(read).toEqual(new Uint8Array([1, 2, 3]));

      read.fill(9);
      expect(await state.get('k')).toEqual(new Uint8Array([1, 2, 3]));
    });
  });

  describe('limits and the threshold', () => {
    it('C28 refuses a value over the limit before any write, saying size, limit and remedy', async () => {
      const parts = await factory();
      const { calls, intercept } = recorder();
      const metastore = interceptMetastore(parts.metastore, intercept);
      const state = openOver(parts, { metastore, maxValueBytes: 10 }).task(TASK);
      await state.set('k', '12345678');
      calls.length = 0;

      const error: unknown = await state.set('k', '123456789').catch((caught: unknown) => caught);

      expect(error).toBeInstanceOf(ValueTooLargeError);
      expect(error).toMatchObject({ bytes: 11, limit: 10, key: 'k' });
      await expect(state.set('k', new Uint8Array(11))).rejects.toThrow(ValueTooLargeError);
      expect(calls).toEqual([]);
    });

    it('C28 limits values to 1 MiB without an object store', async () => {
      const parts = await factory();
      const { objectStore: _none, ...rest } = parts;
      const state = openOver(rest as typeof parts, {}).task(TASK);
      await state.set('k', new Uint8Array(2 ** 20));

      await expect(state.set('k', new Uint8Array(2 ** 20 + 1))).rejects.toThrow(/objectStore/);
      expect(((await state.get('k')) as Uint8Array).length).toBe(2 ** 20);
    });

    it('C29 C30 offloads at the threshold and above', async () => {
      const parts = await factory();
      const at = openOver(parts, { offloadThreshold: 10 }).task(TASK);

      expect(await at.set('below', '1234567')).toMatchObject({ size: 9, offloaded: false });
      expect(await at.set('equal', '12345678')).toMatchObject({ size: 10, offloaded: true });
      expect(await openOver(parts, { offloadThreshold: 0 }).task(TASK).set('k', 0)).toMatchObject({ size: 1, offloaded: true });
      expect(await openOver(parts).task(TASK).set('k', new Uint8Array(65_535))).toMatchObject({ offloaded: false });
      expect(await openOver(parts).task(TASK).set('k', new Uint8Array(65_536))).toMatchObject({ offloaded: true });
    });

    it('C31 counts the bytes of UTF-8 before compression', async () => {
      const state = openOver(await factory(), { offloadThreshold: 2_000 }).task(TASK);

      expect(await state.set('k', 'é'.repeat(998))).toMatchObject({ size: 1_998, offloaded: false });
      expect(await state.set('k', 'é'.repeat(999))).toMatchObject({ size: 2_000, offloaded: true });
      expect((await state.getEntry('k'))?.size).toBe(2_000);
    });

    it('C33 keeps an inline value as plain JSON next to its entry', async () => {
      const parts = await factory();
      const store = openOver(parts);

      await store.task(TASK).set('k', { cursor: 3 });

      expect(await storedMeta(store, TASK, 'k')).toEqual({ type: 'json', size: 12, inline: '{"cursor":3}' });
    });

    it('C34 serves the newest value, whichever of the two is the large one', async () => {
      const parts = await factory();
      const state = openOver(parts, { offloadThreshold: 100 }).task(TASK);

      for (const value of [noise(200), 'small', noise(300)]) {
        await state.set('k', value);
        expect(await state.get('k')).toBe(value);
      }
    });

    it('C41 refers by store, object, codec, sizes and digest', async () => {
      const parts = await factory();
      const store = openWithEvents(parts, { offloadThreshold: 0 });
      await store.task(TASK).set('k', 'a'.repeat(5_000));
      const [object] = await objectsOf(parts.objectStore);
      const { ref, size } = await storedMeta(store, TASK, 'k');

      const body = await parts.objectStore.get(object as string);

      expect(size).toBe(5_002);
      expect(ref).toEqual({
        store: parts.objectStore.alias,
        object,
        codec: 'gzip',
        storedSize: body?.length,
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      });
      expect(store.events).toEqual([{ type: 'offload', bytes: 5_002, storedBytes: body?.length }]);
    });

    it.each(['none', 'gzip', 'snappy'] as const)('C43 C44 C46 round-trips large values with the codec %s', async (codec) => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0, codec });
      const value = { rows: Array.from({ length: 5_000 }, (_, index) => ({ index, text: `row ${index % 10}` })) };

      await store.task(TASK).set('k', value);

      expect(await store.task(TASK).get('k')).toEqual(value);
      expect((await storedMeta(store, TASK, 'k')).ref?.codec).toBe(codec);
    });

    it('C50 stores raw what is small or does not become smaller', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0, codec: 'gzip' });
      const random = crypto.getRandomValues(new Uint8Array(5_000));

      await store.task(TASK).setMany({ small: 'a'.repeat(500), random });

      expect((await storedMeta(store, TASK, 'small')).ref?.codec).toBe('none');
      expect((await storedMeta(store, TASK, 'random')).ref).toMatchObject({ codec: 'none', storedSize: 5_000 });
      expect(await store.task(TASK).getMany(['small', 'random'])).toEqual({ small: 'a'.repeat(500), random });
    });
  });
}
