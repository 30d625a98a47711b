import { describe, expect, test } from '@jest/globals';
import {
  all,
  attempt,
  begin,
  DAY,
  HOUR,
  MINUTE,
  put,
  putRef,
  rawEntry,
  SCOPE,
  tool,
  value,
  version,
  write,
  type Bench,
  type Hand,
} from './metastore-parts.ts';
import type { Restoration } from '../../src/metastore/restore.ts';

/** What tools ask about objects, and put back. */

const NAMED = 'n/f/r/t/k/';
const O1 = `${NAMED}1.gz`;
const O2 = `${NAMED}2.gz`;

/** What a scope needs, and what of it comes back when it was lost. */
export function restoreContract(bench: Bench): void {
  const stored = (path = SCOPE.path) => bench.rig.stored(bench.namespace, path);
  const holds = (...objects: string[]) =>
    bench.m.references.held(
      SCOPE,
      objects.map((object) => ({ name: 'k', object })),
      {},
    );

  describe('holding an object', () => {
    test('I5 what an entry or the superseded list names is held', async () => {
      expect(await holds(O1, O2)).toEqual([false, false]);

      await write(bench.m, tool(), putRef('k', O1));
      expect(await holds(O1, O2)).toEqual([true, false]);

      await write(bench.m, tool(), putRef('k', O2));
      expect(await holds(O1, O2, `${NAMED}3.gz`)).toEqual([true, true, false]);

      await bench.m.sweep.forget(SCOPE, [O1], {});
      expect(await holds(O1, O2)).toEqual([false, true]);

      await write(bench.m, tool(), { name: 'k' });
      expect(await holds(O1, O2)).toEqual([false, true]);
    });

    test('I5 also by an entry that has expired, until it is swept', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: HOUR }));
      await bench.advance(2 * HOUR);

      expect(await holds(O1)).toEqual([true]);
    });

    test('I5 also in a scope whose time after success is over', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, putRef('k', O1));
      await bench.m.fences.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within: MINUTE, keepFence: false }, {});
      await bench.advance(HOUR);

      expect(await holds(O1, O2)).toEqual([true, false]);
    });

    test('I5 an entry that only a newer version reads may need any object of its name', async () => {
      await write(bench.m, tool(), put('other', 1));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'e:k', '2? something that only a newer version reads');
      const objects = [
        { name: 'k', object: O1 },
        { name: 'l', object: O2 },
      ];

      expect(await bench.m.references.held(SCOPE, objects, {})).toEqual([true, false]);
    });

    test('thousands are answered in the order of the question', async () => {
      await write(bench.m, tool(), putRef('k', `${NAMED}1999.gz`));

      const held = await holds(...Array.from({ length: 2_500 }, (_, at) => `${NAMED}${at}.gz`));

      expect(held).toHaveLength(2_500);
      expect((held as boolean[]).flatMap((one, at) => (one ? [at] : []))).toEqual([1_999]);
    });

    test('asking changes nothing', async () => {
      await holds(O1);

      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
      expect((await bench.m.lineage.read({})).bornAt).toBeUndefined();
    });
  });

  describe('restoring', () => {
    const lost = (who: Hand, more: Partial<Restoration> & { object?: string } = {}): Restoration => {
      const { object = O1, ...rest } = more;
      const meta = putRef('k', object).put?.meta;
      if (!meta) throw new Error('no reference');
      return { id: who.next(), name: 'k', meta, retention: 3 * DAY, instead: undefined, apply: true, ...rest };
    };
    const restore = (entry: Restoration, scope: { path: string; recorded?: string } = SCOPE) =>
      bench.m.references.restore(scope, entry, {});

    test('puts an entry back with the write ID of its object, for its retention from now', async () => {
      const entry = lost(attempt(7));

      expect(await restore(entry, { ...SCOPE, recorded: '{"flow":"f"}' })).toBe('restored');

      const text = (await rawEntry(bench.m, 'k'))?.text ?? '';
      expect(text.slice(0, 55)).toBe(`1r ${version(entry.id)}`);
      expect(Number(text.slice(70, 83)) - Number(text.slice(56, 69))).toBe(3 * DAY);
      expect(JSON.parse(text.slice(84))).toEqual(entry.meta);

      const fields = await stored();
      expect([...fields.keys()].toSorted()).toEqual(['e:k', 'scope', 'until']);
      expect(await all(bench.m.sweep.due(Date.now() + 3 * DAY + MINUTE, {}))).toEqual([SCOPE.path]);

      await bench.advance(4 * DAY);
      expect(await rawEntry(bench.m, 'k')).toBeUndefined();
    });

    test('an entry that is there stays, whatever it is', async () => {
      for (const change of [put('k', 1), putRef('k', O2), put('k', 2, { retention: MINUTE })]) {
        await write(bench.m, tool(), change);
        const before = await stored();
        expect(await restore(lost(attempt(7)))).toBe('there');
        expect(await stored()).toEqual(before);
      }

      await bench.advance(2 * MINUTE);
      expect(await restore(lost(attempt(7)))).toBe('there');

      await bench.rig.tamper(bench.namespace, SCOPE.path, 'e:k', '2? something that only a newer version reads');
      expect(await restore(lost(attempt(7), { instead: O1 }))).toBe('there');
    });

    test('† never over a tombstone, also one that is over', async () => {
      await write(bench.m, tool(), put('other', 1));
      await write(bench.m, tool(), { name: 'k' });

      for (const instead of [undefined, O1]) expect(await restore(lost(attempt(7), { instead }))).toBe('there');

      await bench.advance(3 * HOUR);
      expect(await restore(lost(attempt(7)))).toBe('there');
      expect(await rawEntry(bench.m, 'k')).toBeUndefined();
    });

    test('† never from an object on the superseded list', async () => {
      await write(bench.m, tool(), putRef('k', O1));
      await write(bench.m, tool(), { name: 'k' });
      await bench.advance(3 * HOUR);

      await bench.m.sweep.page(SCOPE, { nonce: 's'.repeat(16), cursor: '0', count: 100, grace: DAY, dryRun: false }, {});

      expect((await stored()).has('e:k')).toBe(false);
      expect(await restore(lost(attempt(7)))).toBe('there');
      expect(await restore(lost(attempt(7), { object: O2 }))).toBe('restored');
    });

    test('only an entry whose object is gone is replaced', async () => {
      await write(bench.m, tool(), putRef('k', O2));

      expect(await restore(lost(attempt(7), { instead: `${NAMED}3.gz` }))).toBe('there');
      expect(await restore(lost(attempt(7), { instead: O2 }))).toBe('restored');
      expect((await rawEntry(bench.m, 'k'))?.text).toContain(O1);
      expect((await stored()).has(`s:${O2}`)).toBe(true);
    });

    test('the answer without apply is the same', async () => {
      expect(await restore(lost(attempt(7), { apply: false }))).toBe('restored');
      expect((await bench.m.lineage.read({})).bornAt).toBeUndefined();
      expect(await stored()).toEqual(new Map());

      await write(bench.m, tool(), put('k', 1));
      const before = await stored();
      expect(await restore(lost(attempt(7), { apply: false }))).toBe('there');
      expect(await stored()).toEqual(before);
    });

    test('sets no fence: write IDs decide, as for any entry', async () => {
      await restore(lost(attempt(7)));

      expect((await stored()).has('fence')).toBe(false);
      expect(await write(bench.m, attempt(6), put('k', 1))).toMatchObject({ kind: 'stale' });

      await begin(bench.m, attempt(8));
      expect((await write(bench.m, attempt(9), put('k', 2))).kind).toBe('ok');
      expect(await value(bench.m, 'k')).toBe(2);
    });

    test('of an asset that is kept for ever does not end', async () => {
      expect(await restore(lost(tool(), { retention: 'forever' }), { path: 'assets/n' })).toBe('restored');

      await bench.advance(1_000 * DAY);
      expect(await rawEntry(bench.m, 'k', { path: 'assets/n' })).toBeDefined();
    });
  });
}
