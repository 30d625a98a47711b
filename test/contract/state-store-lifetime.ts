import { describe, expect, it } from '@jest/globals';
import { taskPath } from '../../src/format/path.ts';
import { AmbiguousSubmitError, ConfigError, StaleAttemptError } from '../../src/model/errors/store.ts';
import { createWriter, drawNonce, orderedFence } from '../../src/format/write-id.ts';
import { scopePath } from '../../src/format/path.ts';
import { systemRandom } from '../../src/async/random.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { until } from '../support/until.ts';
import { attemptHandle, collected, objectsOf, openOver, personHandle, TASK, type PartsFactory } from './state-store-parts.ts';

const DAY = 86_400_000;

/** Retention, clearing and assets: cases 51-59, 67-77, 82, invariants I8 and I9. */
export function lifetimeContract(factory: PartsFactory): void {
  describe.each([
    ['inline', 65_536],
    ['offloaded', 0],
  ])('retention, %s', (_name, offloadThreshold) => {
    it('C51 C52 C53 C57 C58 C63 sets the end of an entry anew with each write', async () => {
      const store = openOver(await factory(), { offloadThreshold });
      const state = store.task(TASK);
      const kept = ({ updatedAt, expiresAt }: { updatedAt: Date; expiresAt: Date | undefined }): number | undefined =>
        expiresAt && expiresAt.getTime() - updatedAt.getTime();

      expect(kept(await state.set('k', 1))).toBe(30 * DAY);
      expect(kept(await state.set('k', 1, { retention: '90m' }))).toBe(90 * 60_000);
      expect(kept(await state.set('k', 1, { retention: JSON.parse('"forever"') as 'forever' }))).toBeUndefined();
      expect((await state.getEntry('k'))?.expiresAt).toBeUndefined();
      expect(kept(await state.set('k', 1))).toBe(30 * DAY);

      await state.update('k', () => 2, { retention: '1h' });
      expect(kept((await state.getEntry('k')) as never)).toBe(3_600_000);

      await state.update('k', () => 3);
      expect(kept((await collected(state.entries()))[0] as never)).toBe(30 * DAY);
      expect(kept(await store.asset({ name: 'a' }).set('k', 1))).toBeUndefined();
      expect(kept(await store.asset({ name: 'a' }).set('k', 1, { retention: '1h' }))).toBe(3_600_000);
    });

    it('C59 I8 has no value after its end: not for get, getMany, getEntry, entries, nor a comparison', async () => {
      const store = openOver(await factory(), { offloadThreshold });
      const state = store.task(TASK);
      await state.set('lasting', 1);
      await state.setMany({ l: 1 }, { retention: 40 });

      expect((await state.set('k', 'short-lived', { retention: 40 })).offloaded).toBe(offloadThreshold === 0);

      await until(async () => (await state.get('k')) === undefined);
      expect(await state.getEntry('k')).toBeUndefined();
      expect(await state.getMany(['k', 'l', 'lasting'])).toEqual({ lasting: 1 });
      expect((await collected(state.entries())).map(({ key }) => key)).toEqual(['lasting']);

      await state.set('k', 'anew', { ifVersion: 'absent' });
      expect(await state.getOrSet('l', () => Promise.resolve(2))).toBe(2);
    });

    it('I8 keeps a value whose retention a later write extended', async () => {
      const state = openOver(await factory(), { offloadThreshold }).task(TASK);
      await state.set('k', 'first', { retention: 40 });
      await state.set('k', 'second', { retention: 'forever' });
      await state.set('witness', 1, { retention: 40 });

      await until(async () => (await state.get('witness')) === undefined);

      expect(await state.get('k')).toBe('second');
    });
  });

  describe('retention, refused', () => {
    it.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '0s', '-1d', '1w', '', 1e15, null, new Date()])(
      'C55 C56 refuses %p before it writes',
      async (retention) => {
        const state = openOver(await factory()).task(TASK);
        const options = { retention: retention as number };

        await expect(state.set('k', 1, options)).rejects.toThrow(/retention must be/);
        await expect(state.setMany({ k: 1 }, options)).rejects.toThrow(/retention must be/);
        await expect(state.update('k', () => 1, options)).rejects.toThrow(/retention must be/);
        await expect(state.getOrSet('k', () => Promise.resolve(1), options)).rejects.toThrow(/retention must be/);
        expect(await state.get('k')).toBeUndefined();
      },
    );
  });

  describe('clear', () => {
    it('C67 C68 I9 clears just the mapped item, or the task, that it is told', async () => {
      const store = openOver(await factory(), { offloadThreshold: 0 });
      const item = (mapIndex: number) => store.task({ ...TASK, mapIndex });
      const named = store.task({ ...TASK, itemKey: 'é/1' });
      const long = store.task({ ...TASK, itemKey: 'é'.repeat(300) });
      const others = [
        store.task({ ...TASK, task: 'transcode2' }),
        store.task({ ...TASK, task: 'transcod' }),
        store.task({ ...TASK, run: '2026-11-23' }),
        store.task({ ...TASK, run: '2026-11-2' }),
        store.task({ ...TASK, flow: 'films2' }),
      ];
      const all = [store.task(TASK), item(0), item(1), item(2), named, long];
      for (const state of [...all, ...others]) await state.set('k', 1);
      const left = async (states: typeof all) =>
        (await Promise.all(states.map((state) => state.get('k')))).map((value) => value === 1);

      await item(1).clear();
      expect(await left(all)).toEqual([true, true, false, true, true, true]);
      await store.task(TASK).clear();
      expect(await left(all)).toEqual([false, true, false, true, true, true]);
      await store.task(TASK).clear({ allItems: true });
      expect(await left(all)).toEqual([false, false, false, false, false, false]);
      expect(await left(others)).toEqual(others.map(() => true));
      for (const state of all) await state.set('k', 1);
      await item(1).clear({ allItems: true });
      expect(await left(all)).toEqual([false, false, false, false, false, false]);
      expect(await left(others)).toEqual(others.map(() => true));
      await expect(store.asset({ name: 'a' }).clear({ allItems: true })).rejects.toThrow(ConfigError);
    });

    it('C68 clears asset `a` but not `ab`', async () => {
      const store = openOver(await factory());
      await store.asset({ name: 'a' }).set('k', 1);
      await store.asset({ name: 'ab' }).set('k', 2);

      await store.asset({ name: 'a' }).clear();

      expect(await store.asset({ name: 'a' }).get('k')).toBeUndefined();
      expect(await store.asset({ name: 'ab' }).get('k')).toBe(2);
    });

    it('C69 C70 C71 wipes a scope of 2,500 values under several codecs at once', async () => {
      const parts = await factory();
      const stores = (['none', 'gzip', 'snappy'] as const).map((codec) => openOver(parts, { codec, offloadThreshold: 2_000 }));

      for (const [index, store] of stores.entries()) {
        const values = Array.from({ length: 800 }, (_, at) => [`${index}-${at}`, at] as const);
        await store.task(TASK).setMany(Object.fromEntries(values));
        await store
          .task(TASK)
          .setMany(Object.fromEntries(values.slice(0, 34).map(([key]) => [`large-${key}`, 'abc'.repeat(1_000)])));
      }
      const state = openOver(parts).task(TASK);

      expect(await collected(state.entries())).toHaveLength(2_502);

      await state.clear();
      await state.clear();
      expect(await collected(state.entries())).toEqual([]);
      expect(await state.getMany(['0-1', 'large-1-1'])).toEqual({});
    });

    it('C72 keeps state for the next attempt until a person clears it', async () => {
      const store = openOver(await factory());
      const first = await attemptHandle(store, TASK, 1);

      await first.set('cursor', 7);
      const second = await attemptHandle(store, TASK, 2);

      expect(await second.get('cursor')).toBe(7);

      await store.task(TASK).clear();
      await expect(second.set('cursor', 8)).rejects.toThrow(StaleAttemptError);
      expect(await store.task(TASK).get('cursor')).toBeUndefined();

      const third = await attemptHandle(store, TASK, 3);
      expect(await third.get('cursor')).toBeUndefined();

      await third.set('cursor', 1);
    });

    it('refuses to clear a task from inside an attempt, also from a replaced one', async () => {
      const store = openOver(await factory());
      const old = await attemptHandle(store, TASK, 1);
      const current = await attemptHandle(store, TASK, 2);
      await current.set('k', 1);

      for (const attempt of [old, current]) await expect(attempt.clear()).rejects.toThrow(ConfigError);

      await current.set('k', 2);
      await current.asset({ name: 'a' }).clear();
    });

    it('refuses to clear only the items whose submit is unresolved', async () => {
      const store = openOver(await factory());
      const { metastore } = internalsOf(store);
      const scope = { ...TASK, mapIndex: 1 };
      const address = { path: scopePath(scope) };
      const fence = orderedFence([1, 1]);
      const writer = createWriter(fence, drawNonce('attempt', systemRandom));
      await metastore.fences.begin(
        address,
        { fence, nonce: writer.nonce, first: true, createdAt: Date.now(), drawn: false, holder: 'h', job: 'j', records: [] },
        {},
      );
      const record = {
        id: writer.next(),
        name: 'external_job_id',
        letter: 's' as const,
        submission: 3,
        idDigest: '0'.repeat(32),
        json: '{"idempotencyKey":"mkey","submitTimeout":60000,"findLag":0,"previous":[]}',
        retention: 'forever' as const,
        basis: undefined,
        withdraw: false,
        resent: false,
      };

      expect((await metastore.records.write(address, record, {})).kind).toBe('ok');

      await store.task(scope).set('k', 1);
      await store.task({ ...TASK, mapIndex: 2 }).set('k', 1);

      for (const [state, options] of [
        [store.task(scope), {}],
        [store.task(TASK), { allItems: true }],
      ] as const) {
        const error: unknown = await state.clear(options).catch((caught: unknown) => caught);
        expect(error).toBeInstanceOf(AmbiguousSubmitError);
        expect((error as AmbiguousSubmitError).message).toContain(`mooring adopt ${taskPath(scope)}`);
        expect(error).toMatchObject({ submission: 3, idempotencyKey: 'mkey', key: 'external_job_id', scope });
        expect(Math.abs(Date.now() - (error as AmbiguousSubmitError).since.getTime())).toBeLessThan(60_000);
      }

      expect(await store.task(scope).get('k')).toBe(1);
      expect(await store.task({ ...TASK, mapIndex: 2 }).get('k')).toBeUndefined();
    });

    it.each([0, 65_536])(
      'C75 C82 ends a set that races a clear in one of the two orders (threshold %d)',
      async (offloadThreshold) => {
        const parts = await factory();
        const store = openOver(parts, { offloadThreshold });

        for (let round = 0; round < 20; round += 1) {
          const scope = { name: `asset-${round}` };
          await store.asset(scope).set('k', 'old');
          await Promise.all([store.asset(scope).set('k', 'new'), personHandle(store, scope).clear()]);
          expect([undefined, 'new']).toContain(await store.asset(scope).get('k'));
        }
      },
    );

    it('C74 leaves each item its own state when the list is expanded in another order', async () => {
      const store = openOver(await factory());
      const run = (items: string[]) =>
        Promise.all(items.map((itemKey) => store.task({ ...TASK, itemKey }).getOrSet('owner', () => Promise.resolve(itemKey))));
      await run(['a', 'b', 'c']);

      expect(await run(['c', '0', 'a', 'b'])).toEqual(['c', '0', 'a', 'b']);
    });
  });

  describe('assets', () => {
    it('C76 refuses an asset without a name and a URI', async () => {
      const store = openOver(await factory());

      expect(() => store.asset({} as never)).toThrow(ConfigError);
      expect(() => store.asset({ flow: 'f', run: 'r', task: 't' } as never)).toThrow(ConfigError);
      expect(() => store.task({ name: 'a' } as never)).toThrow();
      expect(() => store.task({ ...TASK, mapIndex: 1, itemKey: 'a' } as never)).toThrow(ConfigError);
      for (const mapIndex of [-1, 1.5, Number.NaN]) expect(() => store.task({ ...TASK, mapIndex })).toThrow(/mapIndex/);
      for (const scope of [undefined, null, 'films']) {
        expect(() => store.task(scope as never)).toThrow(ConfigError);
        expect(() => store.asset(scope as never)).toThrow(ConfigError);
      }
    });

    it('C77 refuses an asset that is given a name and a URI, at once', async () => {
      const store = openOver(await factory());
      const both = { name: 'catalogue', uri: 's3://bucket/key' } as never;

      expect(() => store.asset(both)).toThrow(/^asset may have a name or a uri, not both/);
    });

    it('C77 keeps names and URIs apart, whatever they look like', async () => {
      const store = openOver(await factory());
      const text = 's3://bucket/key';
      await store.asset({ name: text }).set('k', 'name');
      await store.asset({ uri: text }).set('k', 'uri');

      await store.asset({ name: `uri=${text}` }).set('k', 'name that looks like a uri');
      expect(await store.asset({ name: text }).get('k')).toBe('name');
      expect(await store.asset({ uri: text }).get('k')).toBe('uri');

      await store.asset({ uri: text }).clear();
      expect(await store.asset({ name: text }).get('k')).toBe('name');
    });

    it('C82 shows nothing of a cleared asset again', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 0 });
      const asset = store.asset({ name: 'a' });
      await asset.setMany({ k: 1, l: 2 });
      const old = new Set(await objectsOf(parts.objectStore));
      await asset.clear();

      await asset.set('k', 3);

      expect(await asset.getMany(['k', 'l'])).toEqual({ k: 3 });
      expect((await objectsOf(parts.objectStore)).filter((object) => !old.has(object))).toHaveLength(1);
    });
  });
}
