import { describe, expect, test } from '@jest/globals';
import { shardOf } from '../../src/format/redis-keys.ts';
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
  record,
  recorded,
  tool,
  write,
  type Bench,
} from './metastore-parts.ts';
import { isDueIn, NONCE, O1, O2 } from './metastore-sweep-parts.ts';

/** In what something is due, and when. */
export function dueContract(bench: Bench): void {
  describe('what is due', () => {
    test('a scope is, when a reference in it expires', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: HOUR }));

      expect(await isDueIn(bench, HOUR - MINUTE)).toBe(false);
      expect(await isDueIn(bench, HOUR + MINUTE)).toBe(true);
    });

    test('a scope is, when a superseded object has waited for a day', async () => {
      await write(bench.m, tool(), putRef('k', O1, { retention: 30 * DAY }));

      await write(bench.m, tool(), putRef('k', O2, { retention: 30 * DAY }));

      expect(await isDueIn(bench, DAY - MINUTE)).toBe(false);
      expect(await isDueIn(bench, DAY + MINUTE)).toBe(true);
    });

    test('a scope is, when a tombstone ends', async () => {
      await write(bench.m, tool(), { name: 'other' });
      expect(await isDueIn(bench, 2 * HOUR + MINUTE)).toBe(true);
    });

    test('a scope that never ends is, when a record in it expires', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, put('k', 1, { retention: 'forever' }));

      await recorded(bench.m, record(who, 's', { retention: HOUR }));

      expect(await isDueIn(bench, HOUR + MINUTE)).toBe(true);
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

      expect(await isDueIn(bench, 1_000 * DAY)).toBe(false);
    });

    test('the longest due come first within a shard', async () => {
      const shard = shardOf('f/r/t/0');
      const paths: string[] = [];
      for (let at = 0; paths.length < 5; at += 1) if (shardOf(`f/r/t/${at}`) === shard) paths.push(`f/r/t/${at}`);
      const retentions = [5, 1, 4, 2, 3];
      for (const [at, path] of paths.entries()) {
        const retention = (retentions[at] ?? 0) * HOUR;
        await write(bench.m, tool(), putRef('k', O1, { retention }), {}, { path });
      }

      const due = await all(bench.m.sweep.due(Date.now() + 3 * HOUR + MINUTE, {}));

      expect(due).toEqual([paths[1], paths[3], paths[4]]);
    });

    test('no path comes twice, also where its time changes meanwhile', async () => {
      const paths = Array.from({ length: 20 }, (_, at) => `f/r/t/${at}`);
      for (const path of paths) await write(bench.m, tool(), putRef('k', O1, { retention: MINUTE }), {}, { path });
      const until = Date.now() + DAY;
      const seen: string[] = [];

      for await (const path of bench.m.sweep.due(until, {})) {
        seen.push(path);
        const nonce = NONCE;
        await bench.m.sweep.page({ path }, { nonce, cursor: '0', count: 100, grace: DAY, dryRun: false }, {});
        await bench.m.sweep.end({ path }, { nonce, nextDue: until - 1 }, {});
      }

      expect(seen.toSorted()).toEqual(paths.toSorted());
    });

    test('hundreds are all found, across pages', async () => {
      const shard = shardOf('f/r/t/0');
      const paths: string[] = [];
      for (let at = 0; paths.length < 300; at += 1) if (shardOf(`f/r/t/${at}`) === shard) paths.push(`f/r/t/${at}`);

      await Promise.all(paths.map((path) => write(bench.m, tool(), putRef('k', O1, { retention: MINUTE }), {}, { path })));

      expect((await all(bench.m.sweep.due(Date.now() + HOUR, {}))).toSorted()).toEqual(paths.toSorted());
    });

    test('those of another namespace do not', async () => {
      await write(openOn(bench.rig, `${bench.namespace}-other`), tool(), putRef('k', O1, { retention: MINUTE }));
      expect(await isDueIn(bench, DAY)).toBe(false);
    });
  });
}
