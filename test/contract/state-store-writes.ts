import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, StaleAttemptError, VersionConflictError } from '../../src/model/errors/store.ts';
import type { Version } from '../../src/format/write-id.ts';
import { interceptMetastore, interceptValues, recorder } from '../support/intercept.ts';
import {
  attemptHandle,
  collected,
  noise,
  objectsOf,
  openOver,
  openWithEvents,
  personHandle,
  TASK,
  type PartsFactory,
} from './state-store-parts.ts';

/** Writes of one key and of several, compared and not: cases 36, 65-66, 80-81, 95, invariants I1 and I3, round trips. */
export function writesContract(factory: PartsFactory): void {
  describe('writes', () => {
    it('writes several keys, all or none, as one version', async () => {
      const parts = await factory();
      const state = openOver(parts, { offloadThreshold: 20 }).task(TASK);
      await state.setMany({ a: 1, b: 'x'.repeat(30), c: new Uint8Array(30) });

      const versions = (await collected(state.entries())).map(({ version }) => version);
      expect(new Set(versions).size).toBe(1);
      expect(await state.getMany(['a', 'b', 'c'])).toEqual({ a: 1, b: 'x'.repeat(30), c: new Uint8Array(30) });

      await state.setMany({});
      await expect(state.setMany('text' as never)).rejects.toThrow(ConfigError);
    });

    it('C81 lets exactly one of two writers advance over the same version', async () => {
      const store = openOver(await factory());
      const asset = { name: 'watermark' };
      const { version } = await store.asset(asset).set('at', 1);
      const tries = [2, 3, 4, 5].map((at) => store.asset(asset).set('at', at, { ifVersion: version }));

      const done = await Promise.allSettled(tries);
      const won = done.filter(({ status }) => status === 'fulfilled');
      const lost = done.flatMap((result) => (result.status === 'rejected' ? [result.reason as VersionConflictError] : []));

      expect(won).toHaveLength(1);

      const entry = await store.asset(asset).getEntry('at');
      for (const error of lost) {
        expect(error).toBeInstanceOf(VersionConflictError);
        expect(error).toMatchObject({ current: entry?.version, key: 'at', scope: asset });
      }
      expect(entry?.value).toBe(2 + done.findIndex(({ status }) => status === 'fulfilled'));
    });

    it("writes over 'absent' only where there is none, also after a delete", async () => {
      const state = openOver(await factory()).task(TASK);
      await state.set('k', 1, { ifVersion: 'absent' });

      await expect(state.set('k', 2, { ifVersion: 'absent' })).rejects.toThrow(VersionConflictError);

      await state.delete('k');
      await state.set('k', 3, { ifVersion: 'absent' });
      expect(await state.get('k')).toBe(3);
      for (const ifVersion of [undefined, '', 'latest', 3]) {
        await expect(state.set('k', 4, { ifVersion: ifVersion as Version })).rejects.toThrow(/ifVersion/);
      }
      expect(await state.get('k')).toBe(3);
    });

    it('leaves no object of a write that lost the comparison', async () => {
      const parts = await factory();
      const state = openOver(parts, { offloadThreshold: 0 }).task(TASK);
      await state.set('k', 1);
      const before = await objectsOf(parts.objectStore);

      await expect(state.set('k', 2, { ifVersion: 'absent' })).rejects.toThrow(VersionConflictError);
      expect(await objectsOf(parts.objectStore)).toEqual(before);
    });

    it('decides two writes of one handle to one key in the order they were called', async () => {
      const parts = await factory();
      const slow = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method === 'put' && (args[1] as Uint8Array).length > 100) await second;
        return proceed();
      });
      const state = openOver(parts, { objectStore: slow, offloadThreshold: 10, codec: 'none' }).task(TASK);
      let second: Promise<unknown> = Promise.resolve();
      const first = state.set('k', noise(200));
      second = state.set('k', 'short');

      const [entry] = await Promise.all([first, second]);

      expect(entry).toMatchObject({ key: 'k', size: 202, offloaded: true });
      expect(await state.get('k')).toBe('short');
      expect(await objectsOf(parts.objectStore)).toEqual([]);
    });

    it('does not lose the other keys of a setMany of which one was overwritten meanwhile', async () => {
      const parts = await factory();
      const slow = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        if (method === 'put') await second;
        return proceed();
      });
      const state = openOver(parts, { objectStore: slow, offloadThreshold: 10, codec: 'none' }).task(TASK);
      let second: Promise<unknown> = Promise.resolve();
      const first = state.setMany({ a: 1, b: 'b', large: noise(20) });
      second = state.set('a', 2);

      await Promise.all([first, second]);

      expect(await state.getMany(['b', 'large'])).toEqual({ b: 'b', large: noise(20) });
      expect([1, 2]).toContain(await state.get('a'));
    });

    it.each([0, 65_536])('getOrSet gives everyone the value that was stored first (threshold %d)', async (offloadThreshold) => {
      const store = openOver(await factory(), { offloadThreshold });
      let created = 0;
      const racers = Array.from({ length: 5 }, () => personHandle(store, TASK));
      const values = await Promise.all(racers.map((state) => state.getOrSet('k', () => Promise.resolve({ n: (created += 1) }))));

      const stored = await store.task(TASK).get('k');
      for (const value of values) expect(value).toEqual(stored);

      const before = created;
      expect(await store.task(TASK).getOrSet('k', () => Promise.reject(new Error('not called')))).toEqual(stored);
      expect(created).toBe(before);
      await expect(store.task(TASK).getOrSet('l', () => Promise.reject(new Error('create failed')))).rejects.toThrow(
        'create failed',
      );
      expect(await store.task(TASK).get('l')).toBeUndefined();
    });

    it.each([0, 65_536])(
      'update loses nothing of 20 at the same time, of one handle or of several (threshold %d)',
      async (offloadThreshold) => {
        const store = openOver(await factory(), { offloadThreshold });
        const one = store.task(TASK);
        const add = (current: unknown): number => ((current as number | undefined) ?? 0) + 1;

        await Promise.all(
          Array.from({ length: 20 }, (_, index) => (index % 2 ? one : personHandle(store, TASK)).update('n', add)),
        );

        expect(await one.get('n')).toBe(20);
      },
    );

    it('update, getOrSet and a compared set lose nothing to a later write of their own handle that came first', async () => {
      const parts = await factory();
      let later: (() => Promise<unknown>) | undefined;
      const slow = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        const first = later;
        later = undefined;
        if (method === 'put') await first?.();
        return proceed();
      });
      const state = openOver(parts, { objectStore: slow, offloadThreshold: 0 }).task(TASK);
      const add = (current: unknown): number => ((current as number | undefined) ?? 0) + 1;
      later = () => state.update('n', add);

      await state.update('n', add);
      expect(await state.get('n')).toBe(2);

      later = () => state.set('made', 'winner');
      expect(await state.getOrSet('made', () => Promise.resolve('loser'))).toBe('winner');

      later = () => state.set('k', 'winner');
      const error: unknown = await state.set('k', 'loser', { ifVersion: 'absent' }).catch((caught: unknown) => caught);
      expect(error).toBeInstanceOf(VersionConflictError);
      expect(error).toMatchObject({ current: (await state.getEntry('k'))?.version, key: 'k' });
      expect(await state.get('k')).toBe('winner');
    });

    it('getOrSet makes no second value where the winner of a lost race is gone again', async () => {
      const parts = await factory();
      const other = openOver(parts).task(TASK);
      let reads = 0;
      const raced = interceptMetastore(parts.metastore, async ({ method }, proceed) => {
        if (method === 'values.write' && reads === 1) await other.set('k', 'winner');
        if (method === 'values.read' && (reads += 1) === 2) await other.delete('k');
        return proceed();
      });
      let created = 0;

      const made = openOver(parts, { metastore: raced })
        .task(TASK)
        .getOrSet('k', () => Promise.resolve(`made ${(created += 1)}`));

      expect(await made).toBe('made 1');
      expect(await other.get('k')).toBe('made 1');
    });

    it('update deletes where the change has no value', async () => {
      const parts = await factory();
      const store = openOver(parts);
      const state = store.task(TASK);

      expect(await state.update('k', () => undefined)).toBeUndefined();

      await state.set('k', 1);
      expect(await state.update('k', () => undefined)).toBeUndefined();
      expect(await state.getEntry('k')).toBeUndefined();
    });

    it('update gives up where others always come first', async () => {
      const parts = await factory();
      const store = openOver(parts);
      const state = store.task(TASK);

      const other = personHandle(store, TASK);
      let writes = 0;
      const outrun = interceptMetastore(parts.metastore, async ({ method }, proceed) => {
        if (method === 'values.write') await other.set('k', `theirs ${(writes += 1)}`);
        return proceed();
      });
      const clock = { now: () => Date.now(), sleep: () => setImmediate() };
      const losing = openOver(parts, { metastore: outrun, clock })
        .task(TASK)
        .update('k', () => 'mine');

      await expect(losing).rejects.toThrow(VersionConflictError);
      expect(await state.get('k')).toBe(`theirs ${writes}`);
      expect(writes).toBeLessThan(200);
    });

    it('C65 deletes a missing key without an error', async () => {
      const state = openOver(await factory()).task(TASK);
      await state.delete('k');
      await state.set('k', 1);
      await state.delete('k');

      await state.delete('k');

      expect(await state.get('k')).toBeUndefined();
      expect(await collected(state.entries())).toEqual([]);
    });

    it('C66 I9 a delete leaves the object to the sweep', async () => {
      const parts = await factory();
      const { calls, intercept } = recorder();
      const store = openOver(parts, { objectStore: interceptValues(parts.objectStore, intercept), offloadThreshold: 0 });
      await store.task(TASK).set('k', 1);

      await store.task(TASK).delete('k');

      expect(await store.task(TASK).get('k')).toBeUndefined();
      expect(calls).toEqual(['put']);
    });

    it('C80 records the task that wrote', async () => {
      const parts = await factory();
      const store = openOver(parts);
      const attempt = await attemptHandle(store, TASK, 1);

      expect((await attempt.set('k', 1)).writer).toEqual(TASK);

      await attempt.asset({ name: 'a' }).set('k', 1);
      expect((await store.task(TASK).getEntry('k'))?.writer).toEqual(TASK);
      expect((await store.asset({ name: 'a' }).getEntry('k'))?.writer).toEqual(TASK);
      expect((await store.asset({ name: 'a' }).set('k', 2)).writer).toBeUndefined();
      expect((await collected(store.asset({ name: 'a' }).entries()))[0]?.writer).toBeUndefined();
    });

    it('C95 I3 refuses every write of an attempt that a newer one replaced', async () => {
      const parts = await factory();
      const store = openWithEvents(parts, { offloadThreshold: 10, codec: 'none' });
      const old = await attemptHandle(store, TASK, 1);
      await old.setMany({ k: 'theirs', n: 1 });
      const current = await attemptHandle(store, TASK, 2);
      const writes: [string, () => Promise<unknown>][] = [
        ['k', () => old.set('k', 'mine')],
        ['large', () => old.set('large', noise(50))],
        ['fresh', () => old.set('fresh', 1, { ifVersion: 'absent' })],
        ['m', () => old.setMany({ m: noise(50), n: noise(60) })],
        ['made', () => old.getOrSet('made', () => Promise.resolve(1))],
        ['n', () => old.update('n', () => 2)],
        ['k', () => old.delete('k')],
      ];

      for (const [key, attempt] of writes) {
        const error: unknown = await attempt().catch((caught: unknown) => caught);

        expect(error).toBeInstanceOf(StaleAttemptError);
        expect(error).toMatchObject({ scope: TASK, retryable: true });
        expect(old.refusals.at(-1)).toBe(error);
        expect(store.events.at(-1)).toEqual({ type: 'stale-write', scope: TASK, key });
      }

      expect(await current.getMany(['k', 'large', 'fresh', 'm', 'made', 'n'])).toEqual({ k: 'theirs', n: 1 });
      expect(await objectsOf(parts.objectStore)).toEqual([]);

      await current.set('k', 'newer');
      expect(await old.get('k')).toBe('newer');
    });

    it('I3 fences the state of a task only: an asset is open to a replaced attempt', async () => {
      const store = openOver(await factory());
      const old = await attemptHandle(store, TASK, 1);
      const current = await attemptHandle(store, TASK, 2);
      await current.asset({ name: 'a' }).set('k', 2);

      await old.asset({ name: 'a' }).set('k', 1);

      expect(await store.asset({ name: 'a' }).get('k')).toBe(1);
    });

    it('lets people write during a running attempt', async () => {
      const store = openOver(await factory());
      const attempt = await attemptHandle(store, TASK, 1);
      await attempt.set('k', 1);

      await store.task(TASK).set('k', 2);
      expect(await attempt.get('k')).toBe(2);

      await attempt.set('k', 3);
      expect(await store.task(TASK).get('k')).toBe(3);
    });

    it('needs one round trip for each operation', async () => {
      const parts = await factory();
      const meta = recorder();
      const objects = recorder();
      const store = openOver(parts, {
        metastore: interceptMetastore(parts.metastore, ({ method, args }, proceed) =>
          // The time is asked for once per store at most; that is counted where it happens, in the metastore.
          method === 'now' ? proceed() : meta.intercept({ method, args }, proceed),
        ),
        objectStore: interceptValues(parts.objectStore, objects.intercept),
        offloadThreshold: 100,
      });
      const state = store.task(TASK);
      const counted = async (work: () => Promise<unknown>): Promise<string> => {
        meta.calls.length = 0;
        objects.calls.length = 0;
        await work();
        return [...meta.calls, ...objects.calls].join(' ');
      };

      // The first object of a process is preceded by what the stores tell each other, once.
      await state.set('first', noise(200));

      expect(await counted(() => state.set('small', 1))).toBe('values.write');
      expect(await counted(() => state.set('large', noise(200)))).toBe('values.write put');
      expect(await counted(() => state.get('small'))).toBe('values.read');
      expect(await counted(() => state.get('large'))).toBe('values.read get');
      expect(await counted(() => state.getEntry('small'))).toBe('values.read');
      expect(await counted(() => state.getMany(['small', 'other', 'more']))).toBe('values.read');
      expect(await counted(() => state.getMany(['small', 'large', 'large']))).toBe('values.read get');
      expect(await counted(() => state.setMany({ a: 1, b: 2, c: noise(200) }))).toBe('values.write put');
      expect(await counted(() => state.getOrSet('new', () => Promise.resolve(1)))).toBe('values.read values.write');
      expect(await counted(() => state.getOrSet('new', () => Promise.resolve(1)))).toBe('values.read');
      expect(await counted(() => state.update('new', () => 2))).toBe('values.read values.write');
      expect(await counted(() => state.delete('new'))).toBe('values.write');
      expect(await counted(() => collected(state.entries()))).toBe('values.list');
      expect(await counted(() => state.clear())).toBe('scopes.clear');
    });
  });
}
