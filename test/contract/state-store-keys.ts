import { describe, expect, it } from '@jest/globals';
import { InvalidKeyError } from '../../src/model/errors/store.ts';
import { scopePath } from '../../src/format/path.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { interceptMetastore, interceptValues, recorder } from '../support/intercept.ts';
import { collected, objectsOf, openOver, TASK, type PartsFactory } from './state-store-parts.ts';

/** Keys and paths: cases 1-15, and the listing. */
export function keysContract(factory: PartsFactory): void {
  describe('keys', () => {
    it('C1 puts the objects of a task without a map index under flow/run/task/-1/key', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0 });
      await store.task(TASK).set('job_id', 'j-1');

      const [object] = await objectsOf(parts.objectStore);

      expect(object).toMatch(new RegExp(`^${parts.namespace}/films/2026-11-22/transcode/-1/job_id/[^/]+$`));
    });

    it('C2 keeps map index 0 apart from no map index', async () => {
      const store = openOver(await factory());
      await store.task(TASK).set('k', 'none');

      await store.task({ ...TASK, mapIndex: 0 }).set('k', 'zero');

      expect(await store.task(TASK).get('k')).toBe('none');
      expect(await store.task({ ...TASK, mapIndex: 0 }).get('k')).toBe('zero');
    });

    it.each([0, 65_536])('C3 C4 gives each strange key and scope a value of its own (threshold %d)', async (offloadThreshold) => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold });
      const texts = [
        'a/b',
        'a_b',
        'a%2Fb',
        'a\\b',
        'a b',
        '*',
        '?',
        '[x]',
        'ü',
        '日本',
        '😀',
        'a:b',
        '{a}',
        "'()!",
        '...',
        '-1',
        '~',
      ];

      for (const text of texts) {
        await store.task(TASK).set(text, text);
        await store.task({ flow: text, run: text, task: text, itemKey: text }).set('k', text);
      }
      const again = openOver(parts, { offloadThreshold });

      for (const text of texts) {
        expect(await again.task(TASK).get(text)).toBe(text);
        expect(await again.task({ flow: text, run: text, task: text, itemKey: text }).get('k')).toBe(text);
      }

      const listed = await collected(again.task(TASK).entries());
      expect(listed.map(({ key }) => key)).toEqual([...texts].sort());
    });

    it.each([
      ['C5 empty', ''],
      ['C5 a dot', '.'],
      ['C5 two dots', '..'],
      ['C6 a number', 7 as unknown as string],
      ['C6 undefined', undefined as unknown as string],
      ['C7 a lone surrogate', 'a\ud800'],
      ['C8 a path that is too long', 'x'.repeat(190)],
    ])('refuses a key or a part of a scope that is %s, before any I/O', async (_name, key) => {
      const parts = await factory();
      const { calls, intercept } = recorder();
      const store = openOver(parts, {
        metastore: interceptMetastore(parts.metastore, intercept),
        objectStore: interceptValues(parts.objectStore, intercept),
      });
      const long = key?.length === 190 ? { flow: key, run: key, task: key, itemKey: key } : TASK;
      const state = store.task(long);

      await expect(state.get(key)).rejects.toThrow(InvalidKeyError);
      await expect(state.getMany(['a', key])).rejects.toThrow(InvalidKeyError);
      await expect(state.set(key, 1)).rejects.toThrow(InvalidKeyError);
      await expect(state.getOrSet(key, () => Promise.resolve(1))).rejects.toThrow(InvalidKeyError);
      await expect(state.update(key, () => 1)).rejects.toThrow(InvalidKeyError);
      await expect(state.delete(key)).rejects.toThrow(InvalidKeyError);
      if (long === TASK) {
        for (const part of ['flow', 'run', 'task', 'itemKey']) {
          if (part !== 'itemKey' || key !== undefined)
            expect(() => store.task({ ...TASK, [part]: key })).toThrow(InvalidKeyError);
        }
        if (key !== undefined) expect(() => store.asset({ name: key })).toThrow(InvalidKeyError);
        if (key !== undefined) expect(() => store.asset({ uri: key })).toThrow(InvalidKeyError);
      }
      expect(calls).toEqual([]);
    });

    it('C8 stores a long key and a long scope under digests', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0 });
      const scope = { ...TASK, itemKey: '長'.repeat(300) };
      const keys = ['ä'.repeat(300), `${'ä'.repeat(300)}b`];

      for (const key of keys) await store.task(scope).set(key, key);

      expect(await store.task(scope).getMany(keys)).toEqual(Object.fromEntries(keys.map((key) => [key, key])));
      expect((await collected(store.task(scope).entries())).map(({ key }) => key)).toEqual(keys);
      for (const object of await objectsOf(parts.objectStore)) {
        expect(Buffer.byteLength(object)).toBeLessThanOrEqual(900);
        for (const segment of object.split('/')) expect(segment.length).toBeLessThanOrEqual(255);
      }
    });

    it('C8 records the scope only where its path does not tell it', async () => {
      const store = openOver(await factory());
      const { metastore } = internalsOf(store);
      const long = { ...TASK, itemKey: '長'.repeat(300) };

      for (const scope of [TASK, long]) await store.task(scope).set('k', 1);

      expect((await metastore.scopes.inspect({ path: scopePath(TASK) }, {})).recorded).toBeUndefined();
      expect(JSON.parse((await metastore.scopes.inspect({ path: scopePath(long) }, {})).recorded as string)).toEqual(long);
    });

    it('C9 keeps keys apart that differ in case only, also where file names do not', async () => {
      const parts = await factory();
      const state = openOver(parts, { offloadThreshold: 0 }).task(TASK);
      await state.set('A', 'upper');

      await state.set('a', 'lower');
      expect([await state.get('A'), await state.get('a')]).toEqual(['upper', 'lower']);

      const names = (await objectsOf(parts.objectStore)).map((object) => object.toLowerCase());
      expect(new Set(names).size).toBe(2);
    });

    it('C10 keeps a flow that is named as the assets are apart from them', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0 });
      await store.task({ flow: 'assets', run: 'k', task: 'k' }).set('k', 'task');
      await store.asset({ name: 'k' }).set('k', 'asset');

      await store.asset({ name: 'k' }).clear();
      expect(await store.task({ flow: 'assets', run: 'k', task: 'k' }).get('k')).toBe('task');
      expect(await store.asset({ name: 'k' }).get('k')).toBeUndefined();

      const objects = await objectsOf(parts.objectStore);
      expect(objects.filter((object) => object.startsWith(`${parts.namespace}/assets/`))).toHaveLength(1);
    });

    it('C11 C12 never takes a key for a compressed file', async () => {
      const parts = await factory();
      const plain = openOver(parts, { offloadThreshold: 0, codec: 'none' }).task(TASK);
      const packed = openOver(parts, { offloadThreshold: 0, codec: 'gzip' }).task(TASK);
      const value = 'abc'.repeat(2_000);
      const keys = ['r', 'r.gz', 'r.GZ', 'r.zip', 'r.xz', 'r.bz2', 'r.lzma', 'r.zst', 'r.lz4', 'r.json.gz'];

      for (const [index, key] of keys.entries()) await (index % 2 === 0 ? packed : plain).set(key, value + key);

      for (const key of keys) {
        expect(await plain.get(key)).toBe(value + key);
        expect(await packed.get(key)).toBe(value + key);
      }
    });

    it('C13 leads equal scopes of two stores to the same state', async () => {
      const parts = await factory();

      await openOver(parts).task({ flow: 'f', run: 'r', task: 't', itemKey: 'é' }).set('k', { a: 1 });

      expect(await openOver(parts).task({ task: 't', run: 'r', flow: 'f', itemKey: 'é' }).get('k')).toEqual({ a: 1 });
    });

    it('keeps namespaces apart', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0 });
      const other = openOver(parts, { offloadThreshold: 0, namespace: `${parts.namespace}-b` });

      await store.task(TASK).set('k', 1);
      expect(await other.task(TASK).get('k')).toBeUndefined();

      await other.task(TASK).set('k', 2);
      await other.task(TASK).clear();
      expect(await store.task(TASK).get('k')).toBe(1);
    });

    it('C14 holds user keys that look like bookkeeping', async () => {
      const store = openOver(await factory());
      const keys = [
        'alias',
        'drawn',
        'e:k',
        'ends',
        'fence',
        'lost',
        'o:k:1',
        'r:external_job_id',
        'result=external_job_id',
        's:k',
        'scope',
        'until',
        'v:k',
      ];
      const state = store.task(TASK);

      for (const key of keys) await state.set(key, `value of ${key}`);

      expect(await state.getMany(keys)).toEqual(Object.fromEntries(keys.map((key) => [key, `value of ${key}`])));
      expect((await collected(state.entries())).map(({ key }) => key)).toEqual(keys);
    });

    it('C15 lists the keys of a prefix, sorted, each once, however many there are', async () => {
      const state = openOver(await factory()).task(TASK);
      const many = Array.from({ length: 1_500 }, (_, index) => `p/${index}`);
      for (let at = 0; at < many.length; at += 500) {
        await state.setMany(Object.fromEntries(many.slice(at, at + 500).map((key) => [key, key])));
      }

      await state.setMany({ q: 1, p: 1, 'p%2F': 1 });

      expect((await collected(state.entries({ prefix: 'p/' }))).map(({ key }) => key)).toEqual([...many].sort());
      expect((await collected(state.entries({ prefix: 'nothing' }))).length).toBe(0);
      expect(await collected(state.entries())).toHaveLength(many.length + 3);
    });
  });
}
