import { describe, expect, test } from '@jest/globals';
import type { OpenMetastore, SweptPage } from '../../src/metastore/metastore.ts';
import { shardOf } from '../../src/metastore/layout.ts';
import {
  all,
  attempt,
  begin,
  DAY,
  HOUR,
  MINUTE,
  openOn,
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

/** What sweeping removes, what it names, and when a scope is looked at again. */

interface SweepOptions {
  nonce?: string;
  grace?: number;
  count?: number;
  dryRun?: boolean;
}

const NONCE = 'sweep00000000001';

/** All pages of a sweep, without its end. */
async function pages(m: OpenMetastore, options: SweepOptions = {}, scope = SCOPE) {
  const { nonce = NONCE, grace = DAY, count = 100, dryRun = false } = options;
  const found: SweptPage[] = [];
  let cursor = '0';
  do {
    found.push(await m.sweepPage(scope, { nonce, cursor, count, grace, dryRun }, {}));
    cursor = found.at(-1)?.cursor ?? '0';
  } while (cursor !== '0');
  const dues = found.flatMap(({ nextDue }) => nextDue ?? []);
  return {
    pages: found.length,
    entries: [...new Set(found.flatMap(({ entries }) => entries))].toSorted(),
    objects: [...new Map(found.flatMap(({ objects }) => objects).map((one) => [one.object, one])).values()],
    nextDue: dues.length > 0 ? Math.min(...dues) : undefined,
  };
}

/** A whole sweep of a scope, whose objects are all deleted. */
async function sweep(m: OpenMetastore, options: SweepOptions = {}, scope = SCOPE) {
  const found = await pages(m, options, scope);
  const objects = found.objects.map(({ object }) => object);
  await m.forgetObjects(scope, objects, {});
  await m.sweepEnd(scope, { nonce: options.nonce ?? NONCE, nextDue: found.nextDue }, {});
  return { ...found, objects };
}

const O1 = 'n/f/r/t/k/1.gz';
const O2 = 'n/f/r/t/k/2.gz';

/** What is swept, and what is not. */
export function sweepContract(bench: Bench): void {
  const stored = () => bench.rig.stored(bench.namespace, SCOPE.path);
  const isDueIn = async (ms: number, path = SCOPE.path): Promise<boolean> =>
    (await all(bench.m.due(Date.now() + bench.rig.shift() + ms, {}))).includes(path);

  describe('what is due', () => {
    test('a scope is, when a reference in it expires', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: HOUR }));
      expect(await isDueIn(HOUR - MINUTE)).toBe(false);
      expect(await isDueIn(HOUR + MINUTE)).toBe(true);
    });

    test('a scope is, when a superseded object has waited for a day, and when a tombstone ends', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 30 * DAY }));
      await write(bench.m, tool(), putRef('k', O2, { retention: 30 * DAY }));
      expect(await isDueIn(DAY - MINUTE)).toBe(false);
      expect(await isDueIn(DAY + MINUTE)).toBe(true);
      await write(bench.m, tool(), { name: 'other' });
      expect(await isDueIn(2 * HOUR + MINUTE)).toBe(true);
    });

    test('one with inline values alone never is', async () => {
      await write(
        bench.m,
        tool(),
        [put('k', 1, { retention: MINUTE }), put('l', 1, { retention: 'forever' })],
        {},
        { path: 'f/a' },
      );
      await write(bench.m, tool(), put('k', 1, { retention: MINUTE }));
      expect(await isDueIn(1_000 * DAY)).toBe(false);
    });

    test('the longest due come first within a shard, and each once', async () => {
      const shard = shardOf('f/r/t/0');
      const paths: string[] = [];
      for (let at = 0; paths.length < 5; at += 1) if (shardOf(`f/r/t/${at}`) === shard) paths.push(`f/r/t/${at}`);
      const retentions = [5, 1, 4, 2, 3];
      for (const [at, path] of paths.entries()) {
        const retention = (retentions[at] ?? 0) * HOUR;
        await write(bench.m, tool(), putRef('k', O1, { retention }), {}, { path });
      }
      const due = await all(bench.m.due(Date.now() + 3 * HOUR + MINUTE, {}));
      expect(due).toEqual([paths[1], paths[3], paths[4]]);
    });

    test('no path comes twice, also where its time changes meanwhile', async () => {
      const paths = Array.from({ length: 20 }, (_, at) => `f/r/t/${at}`);
      for (const path of paths) await write(bench.m, tool(), putRef('k', O1, { retention: MINUTE }), {}, { path });
      const until = Date.now() + DAY;
      const seen: string[] = [];
      for await (const path of bench.m.due(until, {})) {
        seen.push(path);
        const nonce = NONCE;
        await bench.m.sweepPage({ path }, { nonce, cursor: '0', count: 100, grace: DAY, dryRun: false }, {});
        await bench.m.sweepEnd({ path }, { nonce, nextDue: until - 1 }, {});
      }
      expect(seen.toSorted()).toEqual(paths.toSorted());
    });

    test('hundreds are all found, across pages', async () => {
      const shard = shardOf('f/r/t/0');
      const paths: string[] = [];
      for (let at = 0; paths.length < 300; at += 1) if (shardOf(`f/r/t/${at}`) === shard) paths.push(`f/r/t/${at}`);
      await Promise.all(paths.map((path) => write(bench.m, tool(), putRef('k', O1, { retention: MINUTE }), {}, { path })));
      expect((await all(bench.m.due(Date.now() + HOUR, {}))).toSorted()).toEqual(paths.toSorted());
    });

    test('those of another namespace do not', async () => {
      await write(openOn(bench.rig, `${bench.namespace}-other`), tool(), putRef('k', O1, { retention: MINUTE }));
      expect(await isDueIn(DAY)).toBe(false);
    });
  });

  describe('a sweep', () => {
    test('removes entries that have expired, inline and offloaded alike, and supersedes their objects in the same step', async () => {
      await write(bench.m, tool(), [put('a', 1, { retention: 3 * HOUR }), putRef('k', O1, { retention: 3 * HOUR }), put('c', 1)]);
      await bench.advance(4 * HOUR);
      expect(await sweep(bench.m)).toMatchObject({ entries: ['a', 'k'], objects: [] });
      const fields = await stored();
      expect([...fields.keys()].filter((field) => /^[ev]:/.test(field)).toSorted()).toEqual(['e:c', 'v:c']);
      expect(fields.get(`s:${O1}`)).toMatch(/^\d{13} \{"store":"s3:bucket\/a b","storedSize":70\}$/);
      expect(await value(bench.m, 'c')).toBe(1);
    });

    test('names an object only after the grace, and the scope is due for it then', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 30 * DAY }));
      await write(bench.m, tool(), putRef('k', O2, { retention: 30 * DAY }));
      await bench.advance(DAY - MINUTE);
      expect(await sweep(bench.m)).toMatchObject({ objects: [] });
      expect(await isDueIn(0)).toBe(false);
      expect(await isDueIn(2 * MINUTE)).toBe(true);
      await bench.advance(2 * MINUTE);
      expect((await pages(bench.m)).objects).toEqual([{ store: 's3:bucket/a b', object: O1, storedSize: 70 }]);
      expect(await sweep(bench.m)).toMatchObject({ objects: [O1] });
      expect((await stored()).has(`s:${O1}`)).toBe(false);
      expect(await isDueIn(28 * DAY)).toBe(false);
      expect(await isDueIn(30 * DAY)).toBe(true);
    });

    test('an object that could not be deleted stays on the list, and keeps the scope, for as long as it is swept', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: DAY }));
      await write(bench.m, tool(), put('k', 1, { retention: HOUR }));
      for (let week = 0; week < 4; week += 1) {
        await bench.advance(6 * DAY);
        expect(await pages(bench.m)).toMatchObject({ objects: [{ object: O1 }] });
        expect(await isDueIn(0)).toBe(true);
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
      expect(await isDueIn(18 * DAY - MINUTE)).toBe(false);
      await bench.advance(19 * DAY);
      expect(await isDueIn(0)).toBe(true);
      expect(await sweep(bench.m, { grace })).toMatchObject({ objects: [O1] });
    });

    test('† I8 checks again in its step: what was written again since it was due stays', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 3 * HOUR }));
      await bench.advance(4 * HOUR);
      expect(await isDueIn(0)).toBe(true);
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
      expect(await isDueIn(0)).toBe(true);
      expect(await sweep(bench.m)).toMatchObject({ entries: [] });
      expect((await stored()).has('e:k')).toBe(false);
    });

    test('drops records and tombstones that are over, and leaves fence, draws and orphans', async () => {
      const who = attempt(1);
      await bench.m.draw(SCOPE, {});
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j1', retention: HOUR }));
      await bench.m.listOrphan(SCOPE, { name: RECORD, idDigest: '1'.repeat(32), json: '{}' }, {});
      await write(bench.m, who, { name: 'k' });
      await bench.advance(HOUR + MINUTE);
      expect(await sweep(bench.m)).toMatchObject({ entries: [] });
      expect((await stored()).has(`r:${RECORD}`)).toBe(false);
      expect((await stored()).has('e:k')).toBe(true);
      await bench.advance(HOUR);
      expect(await isDueIn(0)).toBe(true);
      await sweep(bench.m);
      expect([...(await stored()).keys()].toSorted()).toEqual(['drawn', 'fence', `o:${RECORD}:${'1'.repeat(32)}`, 'until']);
      expect(await isDueIn(1_000 * DAY)).toBe(false);
    });

    test('leaves records that count, and what only a newer version reads', async () => {
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
      await bench.m.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within: HOUR, keepFence: false }, {});
      await bench.advance(2 * HOUR);
      expect(await isDueIn(0)).toBe(true);
      expect(await pages(bench.m, { dryRun: true })).toMatchObject({ entries: ['a', 'k'], objects: [] });
      expect(await sweep(bench.m)).toMatchObject({ entries: ['a', 'k'], objects: [] });
      expect([...(await stored()).keys()].toSorted()).toEqual(['fence', `s:${O1}`, 'until']);
      await bench.advance(DAY);
      expect(await sweep(bench.m)).toMatchObject({ entries: [], objects: [O1] });
      await bench.advance(8 * DAY);
      expect((await stored()).size).toBe(0);
    });

    test('of a scope that never ends finds what expires in it, and lets it go when nothing is left', async () => {
      await write(bench.m, tool(), put('long', 1, { retention: 'forever' }));
      await write(bench.m, tool(), put('short', 1, { retention: HOUR }));
      await bench.advance(3 * HOUR);
      expect(await isDueIn(0)).toBe(true);
      expect(await sweep(bench.m)).toMatchObject({ entries: ['short'], nextDue: undefined });
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
      expect(await isDueIn(0)).toBe(true);
      expect(await pages(bench.m, { dryRun: true })).toEqual({ pages: 1, entries: [], objects: [], nextDue: undefined });
      expect(await isDueIn(0)).toBe(true);
      expect(await pages(bench.m)).toEqual({ pages: 1, entries: [], objects: [], nextDue: undefined });
      expect(await isDueIn(0)).toBe(false);
    });

    test('of another name of an asset goes through what lies there', async () => {
      const scope = { path: 'assets/uri=u' };
      await write(bench.m, tool(), putRef('k', O1), {}, scope);
      await write(bench.m, tool(), { name: 'k' }, {}, scope);
      expect(await bench.m.declare('assets/uri=u', 'assets/n', {})).toBe('ok');
      await bench.advance(2 * DAY);
      expect(await isDueIn(0, scope.path)).toBe(true);
      expect(await sweep(bench.m, {}, scope)).toMatchObject({ entries: [], objects: [O1] });
      expect(await isDueIn(1_000 * DAY, scope.path)).toBe(false);
      expect(await bench.m.read(scope, ['k'], {})).toEqual({ moved: 'assets/n' });
    });

    test('C64 a scope of 5,000 fields is swept in pages', async () => {
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
      expect(await all(bench.m.list(SCOPE, {}))).toHaveLength(1);
      await bench.advance(DAY);
      expect((await sweep(bench.m, { count: 200 })).objects).toHaveLength(2_500);
      expect([...(await stored()).keys()].toSorted()).toEqual(['e:stays', 'until', 'v:stays']);
    }, 60_000);

    test('that only looks changes nothing, and says what a sweep would', async () => {
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
      await expect(bench.m.sweepPage(SCOPE, request, { signal })).rejects.toThrow('stop');
      await expect(all(bench.m.due(0, { signal }))).rejects.toThrow('stop');
    });
  });

  describe('the end of a sweep', () => {
    const expired = async (): Promise<void> => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 3 * HOUR }));
      await bench.advance(4 * HOUR);
    };
    const end = (nonce = NONCE) => bench.m.sweepEnd(SCOPE, { nonce, nextDue: undefined }, {});

    test('takes the scope off the index, or puts it there for its next time', async () => {
      await expired();
      await pages(bench.m);
      await bench.m.sweepEnd(SCOPE, { nonce: NONCE, nextDue: Date.now() + bench.rig.shift() + 3 * DAY }, {});
      expect(await isDueIn(3 * DAY - MINUTE)).toBe(false);
      expect(await isDueIn(3 * DAY + MINUTE)).toBe(true);
      await pages(bench.m);
      await end();
      expect(await isDueIn(1_000 * DAY)).toBe(false);
      expect((await stored()).has('sweep')).toBe(false);
    });

    test.each([
      ['an overwritten reference', putRef('l', O2)],
      ['a deleted value', { name: 'l' }],
      ['a reference that expires', putRef('m', 'n/f/r/t/m/1.gz', { retention: HOUR })],
    ])('† a time that is set while the sweep goes on is not lost: %s', async (_what, change) => {
      await write(bench.m, tool(), putRef('l', 'n/f/r/t/l/1.gz', { retention: 30 * DAY }));
      await expired();
      await pages(bench.m);
      await write(bench.m, tool(), change);
      await end();
      expect(await isDueIn(0)).toBe(true);
      await sweep(bench.m, { nonce: 'sweep00000000002' });
      expect(await isDueIn(0)).toBe(false);
      expect(await isDueIn(DAY + MINUTE)).toBe(true);
    });

    test('† nor one in a scope that never ends', async () => {
      await write(bench.m, tool(), put('long', 1, { retention: 'forever' }));
      await expired();
      await pages(bench.m);
      await write(bench.m, tool(), put('short', 1, { retention: HOUR }));
      await end();
      expect(await isDueIn(0)).toBe(true);
    });

    test('of a sweep that another one has overtaken changes nothing', async () => {
      await expired();
      await pages(bench.m);
      await pages(bench.m, { nonce: 'sweep00000000002' });
      await end();
      expect(await isDueIn(0)).toBe(true);
      await end('sweep00000000002');
      expect(await isDueIn(0)).toBe(false);
    });

    test('† what an overtaken sweep still supersedes is not lost on the one that overtook it', async () => {
      const changes = Array.from({ length: 40 }, (_, at) => putRef(`k${at}`, `n/f/r/t/k${at}/1.gz`, { retention: 3 * HOUR }));
      await write(bench.m, tool(), changes);
      const request = { nonce: NONCE, count: 5, grace: DAY, dryRun: false };
      let { cursor } = await bench.m.sweepPage(SCOPE, { ...request, cursor: '0' }, {});
      expect(cursor).not.toBe('0');
      await pages(bench.m, { nonce: 'sweep00000000002' });
      await bench.advance(4 * HOUR);
      while (cursor !== '0') ({ cursor } = await bench.m.sweepPage(SCOPE, { ...request, cursor }, {}));
      await end('sweep00000000002');
      expect(await isDueIn(0)).toBe(true);
    });

    test('goes on over pages that supersede objects themselves', async () => {
      const changes = Array.from({ length: 600 }, (_, at) => putRef(`k${at}`, `n/f/r/t/k${at}/1.gz`, { retention: 3 * HOUR }));
      await write(bench.m, tool(), changes);
      await bench.advance(4 * HOUR);
      const swept = await sweep(bench.m, { count: 100 });
      expect(swept.pages).toBeGreaterThan(2);
      expect(await isDueIn(DAY - MINUTE)).toBe(false);
      expect(await isDueIn(DAY + MINUTE)).toBe(true);
    });

    test('of a scope whose hash is gone meanwhile takes it off the index', async () => {
      await expired();
      await pages(bench.m);
      await bench.advance(9 * DAY);
      expect(await isDueIn(0)).toBe(true);
      await end();
      expect(await isDueIn(0)).toBe(false);
    });

    test('that nobody began changes nothing', async () => {
      await expired();
      await end();
      expect(await isDueIn(0)).toBe(true);
    });
  });
}
