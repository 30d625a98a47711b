import { describe, expect, test } from '@jest/globals';
import { all, attempt, begin, DAY, HOUR, NAME, put, SCOPE, tool, write, type Bench } from './metastore-parts.ts';

/** What a metastore knows of its own past. */
export function lineageContract(bench: Bench): void {
  const lineage = () => bench.m.lineage.read({});

  describe('the birth', () => {
    test('is made known by no tool', async () => {
      const nonce = 'sweep00000000001';
      await bench.m.sweep.page(SCOPE, { nonce, cursor: '0', count: 10, grace: DAY, dryRun: false }, {});
      await bench.m.sweep.forget(SCOPE, ['n/f/r/t/k/1.gz'], {});
      await bench.m.sweep.end(SCOPE, { nonce, nextDue: 1 }, {});

      await bench.m.lineage.raise(3, {});

      expect(await all(bench.m.sweep.due(Date.now() + DAY, {}))).toEqual([]);
      expect(await lineage()).toMatchObject({ bornAt: undefined });
    });

    test('is made known for all shards, once', async () => {
      const before = await bench.m.now({});
      await bench.m.lineage.bear(NAME, {});

      const { bornAt } = await lineage();
      expect(bornAt).toBeGreaterThanOrEqual(before);

      await bench.advance(HOUR);
      await bench.m.lineage.bear(NAME, {});
      expect((await lineage()).bornAt).toBe(bornAt);
    });

    test('is what an attempt asks about: what was born before its job is not lost', async () => {
      await bench.m.lineage.bear(NAME, {});
      const later = { first: false, createdAt: (await bench.m.now({})) + HOUR };

      expect(await begin(bench.m, attempt(1), later)).toMatchObject({ lostAt: undefined });

      const earlier = { first: false, createdAt: (await bench.m.now({})) - HOUR };
      expect(await begin(bench.m, attempt(1), earlier, { path: 'f/r/t/2' })).toMatchObject({ lostAt: expect.any(Number) });
    });

    test('of a namespace that was written to is the time of its first write, in all shards', async () => {
      const first = await write(bench.m, tool(), put('k', 1));

      await bench.m.lineage.bear(NAME, {});

      expect((await lineage()).bornAt).toBe((first as { now: number }).now);
    });
  });

  describe('the name', () => {
    test('is not known of a metastore that was only written to', async () => {
      await write(bench.m, tool(), put('k', 1));
      expect(await lineage()).toMatchObject({ name: undefined });
    });

    test('is given with the birth, once, whoever comes at the same time', async () => {
      const names = ['aaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbb', 'cccccccccccccccc'];
      await Promise.all(names.map((name) => bench.open().lineage.bear(name, {})));

      const { bornAt, name } = await lineage();
      expect(names).toContain(name);

      await bench.advance(1_000 * DAY);
      await bench.m.lineage.bear(NAME, {});
      expect(await lineage()).toMatchObject({ bornAt, name });
    });

    test('comes later to a metastore that has a birth', async () => {
      await write(bench.m, tool(), put('k', 1));
      await bench.advance(HOUR);
      const { bornAt } = await lineage();

      await bench.m.lineage.bear(NAME, {});

      expect(await lineage()).toMatchObject({ bornAt, name: NAME });
    });
  });

  describe('the generation', () => {
    test('is 0 until it is raised, in every shard', async () => {
      expect((await lineage()).generation).toEqual({ lowest: 0, highest: 0 });

      await bench.m.lineage.raise(0, {});
      expect((await lineage()).generation).toEqual({ lowest: 0, highest: 0 });

      await bench.m.lineage.raise(1, {});
      expect((await lineage()).generation).toEqual({ lowest: 1, highest: 1 });
    });

    test('† is only ever raised', async () => {
      await bench.m.lineage.raise(12, {});

      await bench.m.lineage.raise(9, {});
      expect((await lineage()).generation).toEqual({ lowest: 12, highest: 12 });

      await Promise.all([bench.m.lineage.raise(20, {}), bench.open().lineage.raise(19, {}), bench.open().lineage.raise(21, {})]);
      expect((await lineage()).generation).toEqual({ lowest: 21, highest: 21 });
    });

    test('does not end', async () => {
      await bench.m.lineage.raise(2, {});

      await bench.advance(1_000 * DAY);

      expect((await lineage()).generation).toEqual({ lowest: 2, highest: 2 });
    });

    test('is no scope', async () => {
      await bench.m.lineage.raise(2, {});
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
    });
  });

  test('a signal that has aborted stops any request', async () => {
    const signal = AbortSignal.abort(new Error('stop'));

    await expect(bench.m.lineage.read({ signal })).rejects.toThrow('stop');
    await expect(bench.m.lineage.bear(NAME, { signal })).rejects.toThrow('stop');
    await expect(bench.m.lineage.raise(1, { signal })).rejects.toThrow('stop');
    expect(await lineage()).toEqual({ bornAt: undefined, generation: { lowest: 0, highest: 0 } });
  });
}
