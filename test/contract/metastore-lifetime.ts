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

/** Expiry of values, and the end of a scope after success. */
export function lifetimeContract(bench: Bench): void {
  describe('expiry', () => {
    test('C59 I8 an expired value is absent for every operation, inline and offloaded alike', async () => {
      await write(bench.m, tool(), [
        put('a', 1, { retention: HOUR }),
        putRef('b', 'n/f/r/t/b/1.gz', { retention: HOUR }),
        put('c', 1),
      ]);

      await bench.advance(HOUR - MINUTE);
      expect(await all(bench.m.values.list(SCOPE, {}))).toHaveLength(3);

      await bench.advance(2 * MINUTE);
      expect(await bench.m.values.read(SCOPE, ['a', 'b'], {})).toEqual([undefined, undefined]);
      expect(await all(bench.m.values.list(SCOPE, {}))).toHaveLength(1);
    });

    test("C53 'forever' does not end", async () => {
      await write(bench.m, tool(), put('k', 1, { retention: 'forever' }));

      await bench.advance(3_000 * DAY);

      expect(await value(bench.m, 'k')).toBe(1);
    });

    test('a value that does not end keeps its scope, not the other values in it', async () => {
      await write(bench.m, tool(), put('short', 1, { retention: HOUR }));
      await write(bench.m, tool(), put('long', 1, { retention: 'forever' }));

      await bench.advance(2 * HOUR);

      expect(await value(bench.m, 'short')).toBeUndefined();
      expect(await value(bench.m, 'long')).toBe(1);
    });

    test('C58 a second write counts its retention anew, also a shorter one', async () => {
      await write(bench.m, tool(), put('k', 1, { retention: DAY }));
      await write(bench.m, tool(), put('k', 2, { retention: HOUR }));

      await bench.advance(2 * HOUR);

      expect(await value(bench.m, 'k')).toBeUndefined();
    });

    test('a scope is forgotten when all in it has ended', async () => {
      await write(bench.m, tool(), put('k', 1, { retention: HOUR }));

      await bench.advance(2 * HOUR);

      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
    });

    test('a scope with a reference is kept a week longer, for the sweep that removes the object', async () => {
      await write(bench.m, tool(), putRef('k', 'n/f/r/t/k/1.gz', { retention: HOUR }));

      await bench.advance(6 * DAY);
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([SCOPE.path]);

      await bench.advance(2 * DAY);
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
    });

    test('a superseded object is known for a week, however soon its scope would have ended', async () => {
      await write(bench.m, tool(), putRef('k', 'n/f/r/t/k/1.gz', { retention: HOUR }));
      await bench.advance(6 * DAY);
      await write(bench.m, tool(), { name: 'k' });

      await bench.advance(6 * DAY);
      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).has('s:n/f/r/t/k/1.gz')).toBe(true);

      await bench.advance(2 * DAY);
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
    });

    test('the tombstone of a deleted value outlives the lateness limit', async () => {
      const who = tool();
      const early = who.next();
      await write(bench.m, who, { name: 'k' });
      await bench.advance(HOUR + 30 * MINUTE);

      expect(await write(bench.m, who, put('k', 1), { id: early })).toEqual({ kind: 'old' });
    });
  });

  describe('settling', () => {
    const settle = (who: { fence: string; nonce: string }, within: number, keepFence = false) =>
      bench.m.fences.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within, keepFence }, {});
    const finished = async (number = 1) => {
      const who = attempt(number);
      await begin(bench.m, who);
      await write(bench.m, who, put('k', 1));
      await recorded(bench.m, record(who, 'o', { job: 'j1' }));
      return who;
    };

    test('C73 after success the whole scope ends just then', async () => {
      await settle(await finished(), DAY);

      await bench.advance(DAY - MINUTE);
      expect(await value(bench.m, 'k')).toBe(1);
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'o' });

      await bench.advance(2 * MINUTE);
      expect(await value(bench.m, 'k')).toBeUndefined();
      expect(await all(bench.m.values.list(SCOPE, {}))).toEqual([]);
      expect(await recordNow(bench.m)).toBeUndefined();
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
    });

    test('only the attempt that holds the fence settles', async () => {
      const old = await finished(1);
      await begin(bench.m, attempt(2));
      await settle(old, HOUR);

      await bench.advance(12 * HOUR);

      expect(await value(bench.m, 'k')).toBe(1);
    });

    test('an attempt that begins before the end takes it away: a lost completion finds its result', async () => {
      await settle(await finished(1), DAY);

      const begun = await begin(bench.m, attempt(2), { records: [RECORD] });
      expect(begun.kind === 'ok' && begun.records[0]?.text.slice(0, 2)).toBe('1o');

      await bench.advance(10 * DAY);
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'o' });
    });

    test('one that begins after the end starts empty, with the fence where it was to be kept', async () => {
      await settle(await finished(3), DAY, true);

      await bench.advance(2 * DAY);
      expect(await value(bench.m, 'k')).toBeUndefined();
      expect(await begin(bench.m, attempt(2))).toMatchObject({ kind: 'stale' });

      const begun = await begin(bench.m, attempt(4), { records: [RECORD] });
      expect(begun).toMatchObject({ kind: 'ok', records: [undefined], lostAt: undefined });
      expect(await value(bench.m, 'k')).toBeUndefined();
      expect((await write(bench.m, tool(), put('k', 2, { expect: 'absent' }))).kind).toBe('ok');
      expect(await all(bench.m.values.list(SCOPE, {}))).toHaveLength(1);
    });

    test('state that was lost is no longer noted for the job that starts after the end', async () => {
      const who = attempt(3);

      expect(await begin(bench.m, who, { first: false, createdAt: 0 })).toMatchObject({ lostAt: expect.any(Number) });

      await settle(who, DAY, true);
      await bench.advance(2 * DAY);
      expect(await begin(bench.m, attempt(4), { first: false, createdAt: 0 })).toMatchObject({ lostAt: undefined });
    });

    test('a write that comes after the end starts empty too', async () => {
      await settle(await finished(3), DAY, true);
      await bench.advance(2 * DAY);

      await write(bench.m, tool(), put('other', 1));

      expect(await value(bench.m, 'k')).toBeUndefined();
      expect(await recordNow(bench.m)).toBeUndefined();
      expect(await value(bench.m, 'other')).toBe(1);
    });

    test('a write by the same process just after the end starts empty', async () => {
      await settle(await finished(3), 0, true);

      await write(bench.m, tool(), put('other', 1));

      expect(await value(bench.m, 'other')).toBe(1);
      expect(await value(bench.m, 'k')).toBeUndefined();
    });

    test('the fence of a scope that a refused write emptied is kept, also through a sweep', async () => {
      await settle(await finished(3), DAY, true);
      await bench.advance(2 * DAY);

      expect(await write(bench.m, tool(), put('k', 1), { began: 0 })).toEqual({ kind: 'late' });

      await bench.m.sweep.page(SCOPE, { nonce: 'sweep00000000001', cursor: '0', count: 100, grace: DAY, dryRun: false }, {});
      expect(await begin(bench.m, attempt(2))).toMatchObject({ kind: 'stale' });
    });

    test('objects of what ended are superseded by whoever comes next', async () => {
      const who = await finished(3);
      await write(bench.m, who, putRef('big', 'n/f/r/t/big/1.gz', { retention: 'forever' }));
      await settle(who, DAY);

      await bench.advance(5 * DAY);
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([SCOPE.path]);

      await begin(bench.m, attempt(4));
      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).has('s:n/f/r/t/big/1.gz')).toBe(true);
      expect(await value(bench.m, 'big')).toBeUndefined();
    });

    test('the fence of a short end is kept as long as a drawn one may be installed', async () => {
      const fence = await bench.m.fences.draw(SCOPE, {});
      const who = { ...attempt(1), fence: (BigInt(fence) + 1n).toString().padStart(24, '0') };
      await begin(bench.m, who, { drawn: true });
      await settle(who, MINUTE);
      await bench.advance(50 * MINUTE);

      expect(await begin(bench.m, { ...attempt(1), fence }, { drawn: true })).toMatchObject({ kind: 'stale' });
    });

    test('orphans outlive the end', async () => {
      const who = await finished();
      await bench.m.orphans.add(SCOPE, { name: RECORD, idDigest: '1'.repeat(32), json: '{"externalId":"j"}' }, {});
      await settle(who, DAY);

      await bench.advance(20 * DAY);
      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toHaveLength(1);

      await begin(bench.m, attempt(2));
      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toHaveLength(1);
    });

    test('state that was kept forever ends too', async () => {
      const who = await finished();
      await write(bench.m, who, put('long', 1, { retention: 'forever' }));
      await settle(who, DAY);

      await bench.advance(2 * DAY);
      expect(await value(bench.m, 'long')).toBeUndefined();

      await bench.advance(7 * DAY);
      expect(await all(bench.m.scopes.paths('', {}))).toEqual([]);
    });
  });
}
