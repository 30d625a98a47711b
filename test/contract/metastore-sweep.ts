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
  record,
  recorded,
  RECORD,
  recordNow,
  SCOPE,
  tool,
  value,
  write,
  type Bench,
} from './metastore-parts.ts';
import { isDueIn, NONCE, O1, O2, pages, sweep } from './metastore-sweep-parts.ts';

/** What sweeping removes, and what it names. */
export function sweepContract(bench: Bench): void {
  const stored = () => bench.rig.stored(bench.namespace, SCOPE.path);

  describe('a sweep', () => {
    test('removes entries that have expired, inline and offloaded alike', async () => {
      await write(bench.m, tool(), [put('a', 1, { retention: 3 * HOUR }), putRef('k', O1, { retention: 3 * HOUR }), put('c', 1)]);
      await bench.advance(4 * HOUR);

      expect(await sweep(bench.m)).toMatchObject({ entries: ['a', 'k'], objects: [] });

      const fields = await stored();
      expect([...fields.keys()].filter((field) => /^[ev]:/.test(field)).toSorted()).toEqual(['e:c', 'v:c']);
      expect(fields.get(`s:${O1}`)).toMatch(/^\d{13} \{"store":"s3:bucket\/a b","storedSize":70\}$/);
      expect(await value(bench.m, 'c')).toBe(1);
    });

    test('names an object only after the grace', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 30 * DAY }));
      await write(bench.m, tool(), putRef('k', O2, { retention: 30 * DAY }));
      await bench.advance(DAY - MINUTE);

      expect(await sweep(bench.m)).toMatchObject({ objects: [] });
      expect(await isDueIn(bench, 0)).toBe(false);
      expect(await isDueIn(bench, 2 * MINUTE)).toBe(true);

      await bench.advance(2 * MINUTE);
      expect((await pages(bench.m)).objects).toEqual([{ store: 's3:bucket/a b', object: O1, storedSize: 70 }]);
      expect(await sweep(bench.m)).toMatchObject({ objects: [O1] });
      expect((await stored()).has(`s:${O1}`)).toBe(false);
      expect(await isDueIn(bench, 28 * DAY)).toBe(false);
      expect(await isDueIn(bench, 30 * DAY)).toBe(true);
    });

    test('an object that could not be deleted stays on the list for as long as the scope is swept', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: DAY }));
      await write(bench.m, tool(), put('k', 1, { retention: HOUR }));

      for (let week = 0; week < 4; week += 1) {
        await bench.advance(6 * DAY);
        expect(await pages(bench.m)).toMatchObject({ objects: [{ object: O1 }] });
        expect(await isDueIn(bench, 0)).toBe(true);
      }

      expect(await sweep(bench.m)).toMatchObject({ objects: [O1] });

      await bench.advance(8 * DAY);
      expect((await stored()).size).toBe(0);
    });

    test('a grace longer than a week keeps the scope for it', async () => {
      const grace = 20 * DAY;
      await write(bench.m, tool(), putRef('k', O1, { retention: DAY }));
      await write(bench.m, tool(), { name: 'k' });
      await bench.advance(2 * DAY);

      expect(await sweep(bench.m, { grace })).toMatchObject({ objects: [] });
      expect(await isDueIn(bench, 18 * DAY - MINUTE)).toBe(false);

      await bench.advance(19 * DAY);
      expect(await isDueIn(bench, 0)).toBe(true);
      expect(await sweep(bench.m, { grace })).toMatchObject({ objects: [O1] });
    });

    test('† I8 checks again in its step: what was written again since it was due stays', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 3 * HOUR }));

      await bench.advance(4 * HOUR);
      expect(await isDueIn(bench, 0)).toBe(true);

      await write(bench.m, tool(), putRef('k', O2, { retention: 3 * HOUR }));
      expect(await sweep(bench.m)).toMatchObject({ entries: [], objects: [] });
      expect((await rawEntry(bench.m, 'k'))?.text).toContain(O2);
      expect((await stored()).has(`s:${O2}`)).toBe(false);
    });

    test('† I5 never names a superseded object that the entry refers to again', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 30 * DAY }));
      const before = (await stored()).get('e:k');
      await write(bench.m, tool(), putRef('k', O2, { retention: 30 * DAY }));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'e:k', before);
      await bench.advance(2 * DAY);

      expect(await sweep(bench.m)).toMatchObject({ objects: [] });
      expect((await stored()).has(`s:${O1}`)).toBe(true);
    });

    test('I5 nor one that an entry may refer to which only a newer version reads', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 30 * DAY }));
      await write(bench.m, tool(), putRef('k', O2, { retention: 30 * DAY }));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'e:k', '2? something that only a newer version reads');
      await bench.advance(2 * DAY);

      expect(await sweep(bench.m)).toMatchObject({ entries: [], objects: [] });
      expect((await stored()).get('e:k')).toMatch(/^2/);
    });

    test('† what it removes leaves the write ID behind, for a late copy of an older write', async () => {
      const who = tool();
      const early = who.next();
      await write(bench.m, who, putRef('k', O1, { retention: MINUTE }));
      const late = who.next();
      await write(bench.m, who, putRef('k', O2, { retention: MINUTE }), { id: late });
      await bench.advance(50 * MINUTE);

      expect(await sweep(bench.m)).toMatchObject({ entries: ['k'] });
      expect(await write(bench.m, who, put('k', 1), { id: early })).toEqual({ kind: 'old' });
      expect((await write(bench.m, who, putRef('k', O2, { retention: MINUTE }), { id: late })).kind).toBe('ok');
      expect(await value(bench.m, 'k')).toBeUndefined();

      await bench.advance(2 * HOUR);
      expect(await isDueIn(bench, 0)).toBe(true);
      expect(await sweep(bench.m)).toMatchObject({ entries: [] });
      expect((await stored()).has('e:k')).toBe(false);
    });

    test('drops records and tombstones that are over', async () => {
      const who = attempt(1);
      await bench.m.fences.draw(SCOPE, {});
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j1', retention: HOUR }));
      await bench.m.orphans.add(SCOPE, { name: RECORD, idDigest: '1'.repeat(32), json: '{}' }, {});
      await write(bench.m, who, { name: 'k' });
      await bench.advance(HOUR + MINUTE);

      expect(await sweep(bench.m)).toMatchObject({ entries: [] });
      expect((await stored()).has(`r:${RECORD}`)).toBe(false);
      expect((await stored()).has('e:k')).toBe(true);

      await bench.advance(HOUR);
      expect(await isDueIn(bench, 0)).toBe(true);

      await sweep(bench.m);
      expect([...(await stored()).keys()].toSorted()).toEqual([
        'drawn',
        'fence',
        'holder',
        `o:${RECORD}:${'1'.repeat(32)}`,
        'until',
      ]);
      expect(await isDueIn(bench, 1_000 * DAY)).toBe(false);
    });

    test('leaves what counts or only a newer version reads', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j1' }));
      await write(bench.m, who, putRef('k', O1, { retention: HOUR }));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'r:other', '2? something that only a newer version reads');
      await bench.rig.tamper(bench.namespace, SCOPE.path, `s:${O2}`, 'since a while');
      await bench.advance(3 * DAY);

      expect(await sweep(bench.m)).toMatchObject({ entries: ['k'], objects: [] });
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'e' });
      expect((await stored()).has('r:other')).toBe(true);
      expect((await stored()).has(`s:${O2}`)).toBe(true);
    });

    test('is no write: it keeps no fence for longer', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, putRef('k', O1, { retention: HOUR }));
      await write(bench.m, who, { name: 'k' });
      await bench.advance(20 * DAY);
      await sweep(bench.m);

      await bench.advance(11 * DAY);

      expect((await stored()).size).toBe(0);
    });

    test('of a scope whose time after success is over names what ended', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, [put('a', 1), putRef('k', O1, { retention: 'forever' })]);
      await recorded(bench.m, record(who, 'o', { job: 'j1' }));
      await bench.m.fences.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within: HOUR, keepFence: false }, {});

      await bench.advance(2 * HOUR);
      expect(await isDueIn(bench, 0)).toBe(true);
      expect(await pages(bench.m, { dryRun: true })).toMatchObject({ entries: ['a', 'k'], objects: [] });
      expect(await sweep(bench.m)).toMatchObject({ entries: ['a', 'k'], objects: [] });
      expect([...(await stored()).keys()].toSorted()).toEqual(['fence', 'holder', `s:${O1}`, 'until']);

      await bench.advance(DAY);
      expect(await sweep(bench.m)).toMatchObject({ entries: [], objects: [O1] });

      await bench.advance(8 * DAY);
      expect((await stored()).size).toBe(0);
    });

    test('of such a scope leaves the fence as long as it was to be kept', async () => {
      const who = attempt(2);
      await begin(bench.m, who);
      await write(bench.m, who, put('a', 1));
      await bench.m.fences.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within: HOUR, keepFence: true }, {});
      await bench.advance(2 * HOUR);

      expect(await sweep(bench.m)).toMatchObject({ entries: ['a'], objects: [] });

      await bench.advance(25 * DAY);
      expect(await begin(bench.m, attempt(1))).toMatchObject({ kind: 'stale' });

      await bench.advance(6 * DAY);
      expect((await stored()).size).toBe(0);
    });

    test('of a scope that will end is due again at its end', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, [putRef('k', O1, { retention: 30 * DAY }), putRef('l', O2, { retention: HOUR })]);
      await bench.m.fences.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within: 10 * DAY, keepFence: false }, {});
      await bench.advance(3 * HOUR);
      await sweep(bench.m);
      await bench.advance(2 * DAY);

      expect(await sweep(bench.m)).toMatchObject({ objects: [O2] });
      expect(await isDueIn(bench, 7 * DAY)).toBe(false);
      expect(await isDueIn(bench, 8 * DAY)).toBe(true);
    });

    test('of a scope that never ends finds what expires in it', async () => {
      await write(bench.m, tool(), put('long', 1, { retention: 'forever' }));
      await write(bench.m, tool(), put('short', 1, { retention: HOUR }));
      await write(bench.m, tool(), put('later', 1, { retention: 5 * HOUR }));

      await bench.advance(3 * HOUR);
      expect(await isDueIn(bench, 0)).toBe(true);
      expect(await sweep(bench.m)).toMatchObject({ entries: ['short'] });
      expect(await isDueIn(bench, HOUR)).toBe(false);
      expect(await isDueIn(bench, 3 * HOUR)).toBe(true);

      await bench.advance(3 * HOUR);
      expect(await sweep(bench.m)).toMatchObject({ entries: ['later'], nextDue: undefined });

      await bench.advance(100 * DAY);
      expect(await value(bench.m, 'long')).toBe(1);

      await write(bench.m, tool(), { name: 'long' });
      await bench.advance(3 * HOUR);
      await sweep(bench.m);
      await bench.advance(31 * DAY);

      expect((await stored()).size).toBe(0);
    });

    test('of a scope whose hash is gone takes it off the index', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: HOUR }));

      await bench.advance(9 * DAY);

      expect(await isDueIn(bench, 0)).toBe(true);
      expect(await pages(bench.m, { dryRun: true })).toEqual({ pages: 1, entries: [], objects: [], nextDue: undefined });
      expect(await isDueIn(bench, 0)).toBe(true);
      expect(await pages(bench.m)).toEqual({ pages: 1, entries: [], objects: [], nextDue: undefined });
      expect(await isDueIn(bench, 0)).toBe(false);
    });

    test('a scope of 5,000 fields is swept in pages', async () => {
      for (let at = 0; at < 5_000; at += 500) {
        const changes = Array.from({ length: 500 }, (_, n) =>
          n % 2 === 0
            ? put(`k${at + n}`, n, { retention: 3 * HOUR })
            : putRef(`k${at + n}`, `n/f/r/t/k${at + n}/1.gz`, { retention: 3 * HOUR }),
        );
        await write(bench.m, tool(), changes);
      }
      await write(bench.m, tool(), put('stays', 1, { retention: 30 * DAY }));
      await bench.advance(4 * HOUR);

      const swept = await sweep(bench.m, { count: 200 });
      expect(swept.pages).toBeGreaterThan(10);
      expect(swept.entries).toHaveLength(5_000);
      expect(await all(bench.m.values.list(SCOPE, {}))).toHaveLength(1);

      await bench.advance(DAY);
      expect((await sweep(bench.m, { count: 200 })).objects).toHaveLength(2_500);
      expect([...(await stored()).keys()].toSorted()).toEqual(['e:stays', 'until', 'v:stays']);
    });

    test('that only looks says what a sweep would do', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, [
        put('a', 1, { retention: MINUTE }),
        putRef('k', O1, { retention: 2 * DAY }),
        putRef('l', 'n/f/r/t/l/1.gz'),
      ]);
      await write(bench.m, who, putRef('k', O2, { retention: DAY }));
      await recorded(bench.m, record(who, 'e', { job: 'j1', retention: HOUR }));

      for (const ms of [30 * MINUTE, 3 * HOUR, DAY, 2 * DAY]) {
        await bench.advance(ms);
        const before = await stored();

        const looked = await pages(bench.m, { dryRun: true });
        expect(await stored()).toEqual(before);

        const swept = await pages(bench.m);
        expect(Math.abs((looked.nextDue ?? 0) - (swept.nextDue ?? 0))).toBeLessThan(5_000);
        expect({ ...looked, nextDue: 0 }).toEqual({ ...swept, nextDue: 0 });
      }
    });

    test('by a signal that has aborted is not begun', async () => {
      const signal = AbortSignal.abort(new Error('stop'));
      const request = { nonce: NONCE, cursor: '0', count: 1, grace: DAY, dryRun: false };

      await expect(bench.m.sweep.page(SCOPE, request, { signal })).rejects.toThrow('stop');
      await expect(all(bench.m.sweep.due(0, { signal }))).rejects.toThrow('stop');
    });
  });
}
