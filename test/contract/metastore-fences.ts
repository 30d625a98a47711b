import { describe, expect, test } from '@jest/globals';
import {
  attempt,
  begin,
  DAY,
  HOUR,
  LATER,
  MINUTE,
  put,
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

/** Fences: who may write, drawing, lost state. */
export function fencesContract(bench: Bench): void {
  describe('fences', () => {
    test('C95 † the newest attempt holds the fence', async () => {
      const [old, next] = [attempt(1), attempt(2)];

      expect((await begin(bench.m, old)).kind).toBe('ok');
      expect((await begin(bench.m, next)).kind).toBe('ok');
      expect(await begin(bench.m, old)).toMatchObject({ kind: 'stale' });
      expect(await write(bench.m, old, put('k', 'zombie'))).toMatchObject({ kind: 'stale' });
      expect((await write(bench.m, next, put('k', 'owner'))).kind).toBe('ok');
      expect(await value(bench.m, 'k')).toBe('owner');
    });

    test('† two runs of one attempt are told apart by their nonce: the first to begin holds the fence', async () => {
      const [one, other] = [attempt(7), attempt(7)];
      await begin(bench.m, one);

      expect(await begin(bench.m, other)).toMatchObject({ kind: 'stale' });
      expect(await write(bench.m, other, put('k', 1))).toMatchObject({ kind: 'stale' });
    });

    test('beginning again with the same fence and nonce is a resend', async () => {
      const who = attempt(1);

      expect(await begin(bench.m, who)).toMatchObject({ kind: 'ok', held: false });
      expect(await begin(bench.m, who)).toMatchObject({ kind: 'ok', held: true });
    });

    test('an entry of a newer attempt is not overwritten by an older one, even where the fence is gone', async () => {
      const [old, next] = [attempt(1), attempt(2)];
      await write(bench.m, next, put('k', 'newer'));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'fence', undefined);

      expect(await write(bench.m, old, put('k', 'older'))).toMatchObject({ kind: 'stale' });
    });

    test('a write by an attempt whose fence is gone installs it again', async () => {
      const [one, two] = [attempt(1), attempt(2)];
      await write(bench.m, two, put('k', 1));

      expect(await begin(bench.m, one)).toMatchObject({ kind: 'stale' });
    });

    test('people and tools write past the fence', async () => {
      const who = attempt(3);
      await begin(bench.m, who);

      expect((await write(bench.m, tool(), put('k', 'person'))).kind).toBe('ok');
      expect((await write(bench.m, who, put('k', 'attempt'))).kind).toBe('ok');
      expect((await write(bench.m, tool(), put('k', 'person'))).kind).toBe('ok');
    });

    test('fences on both sides of 2^53 are told apart', async () => {
      const edge = 2n ** 53n;
      for (const number of [edge - 1n, edge, edge + 1n, edge + 2n]) {
        expect((await begin(bench.m, attempt(number))).kind).toBe('ok');
        expect(await begin(bench.m, attempt(number - 1n))).toMatchObject({ kind: 'stale' });
      }
    });

    test('64 writers with random fences at once leave the value of the highest one', async () => {
      const fences = Array.from({ length: 64 }, (_, at) => 2 ** 52 + ((at * 37) % 64));

      const outcomes = await Promise.all(
        fences.map(async (number) => {
          const who = attempt(number);
          const begun = await begin(bench.m, who);
          return begun.kind === 'ok' ? (await write(bench.m, who, put('k', number))).kind : begun.kind;
        }),
      );

      expect(new Set(outcomes)).toEqual(new Set(['ok', 'stale']));
      expect(await value(bench.m, 'k')).toBe(Math.max(...fences));
    });

    describe('drawing', () => {
      test('gives a fence that is higher than any drawn before', async () => {
        const before = (await bench.m.now({})) * 1_000;

        const drawn = await Promise.all(Array.from({ length: 20 }, () => bench.m.fences.draw(SCOPE, {})));

        expect(new Set(drawn).size).toBe(20);
        for (const fence of drawn) {
          expect(fence).toMatch(/^\d{24}$/);
          expect(Number(fence)).toBeGreaterThanOrEqual(before);
        }
        expect((await bench.m.fences.draw(SCOPE, {})) > (drawn.toSorted().at(-1) ?? '')).toBe(true);
      });

      test.each([
        ['000000009007199254740993', '000000009007199254740994'],
        ['000009999999999999999999', '000010000000000000000000'],
        ['123456789012999999999999', '123456789013000000000000'],
      ])('goes on from the last draw where that is ahead of the time (%s)', async (last, next) => {
        await bench.m.fences.draw(SCOPE, {});
        await bench.rig.tamper(bench.namespace, SCOPE.path, 'drawn', last);

        expect(await bench.m.fences.draw(SCOPE, {})).toBe(next);
      });

      test('† installs nothing: an attempt that cannot prove its lock harms nobody', async () => {
        const fence = await bench.m.fences.draw(SCOPE, {});
        const who = { ...attempt(1), fence };
        await begin(bench.m, who, { drawn: true });
        await bench.m.fences.draw(SCOPE, {});

        expect((await write(bench.m, who, put('k', 1), { id: { fence, nonce: who.nonce, sequence: 1 } })).kind).toBe('ok');
      });

      test('a fence that was drawn longer ago than the lateness limit cannot be installed any more', async () => {
        const fence = await bench.m.fences.draw(SCOPE, {});
        const who = { ...attempt(1), fence };
        const other = { ...attempt(1), fence: await bench.m.fences.draw({ path: 'flow/run/other/-1' }, {}) };
        await begin(bench.m, other, { drawn: true }, { path: 'flow/run/other/-1' });
        await bench.advance(HOUR + MINUTE);

        expect(await begin(bench.m, who, { drawn: true })).toMatchObject({ kind: 'stale' });
        expect((await begin(bench.m, other, { drawn: true }, { path: 'flow/run/other/-1' })).kind).toBe('ok');
      });
    });

    describe('lost state', () => {
      const created = async (ago: number): Promise<number> => (await bench.m.now({})) - ago;

      test('† is noted where a later attempt finds no fence and the namespace is younger than its job', async () => {
        const begun = await begin(bench.m, attempt(2), { first: false, createdAt: await created(2 * MINUTE) });
        expect(begun).toMatchObject({ kind: 'ok', lostAt: (begun as { now: number }).now });
      });

      test('† stays noted for every attempt, as long as the fence', async () => {
        const begun = await begin(bench.m, attempt(2), { first: false, createdAt: await created(2 * MINUTE) });
        const { lostAt } = begun as { lostAt: number };
        await bench.advance(29 * DAY);

        expect(await begin(bench.m, attempt(3), { first: false })).toMatchObject({ lostAt });
        expect(await begin(bench.m, attempt(4), { first: true })).toMatchObject({ lostAt });
      });

      test('is not noted by a first attempt', async () => {
        expect(await begin(bench.m, attempt(1), { first: true, createdAt: 0 })).toMatchObject({ lostAt: undefined });
      });

      test('is not noted where an earlier attempt left its fence', async () => {
        await begin(bench.m, attempt(1), { first: true, createdAt: 0 });
        expect(await begin(bench.m, attempt(2), { first: false, createdAt: 0 })).toMatchObject({ lostAt: undefined });
      });

      test('is not noted in any shard of a namespace that was born before the job was created', async () => {
        await write(bench.m, tool(), put('k', 1));
        await bench.advance(HOUR);
        const createdAt = await created(0);

        for (let at = 0; at < 40; at += 1) {
          const scope = { path: `flow/run/unused-${at}/-1` };
          expect(await begin(bench.open(), attempt(2), { first: false, createdAt }, scope)).toMatchObject({ lostAt: undefined });
        }
      });

      test('a job that was created less than a minute after the namespace was born counts as older', async () => {
        await write(bench.m, tool(), put('k', 1));
        const now = await bench.m.now({});

        expect(await begin(bench.m, attempt(2), { first: false, createdAt: now + 30_000 })).toHaveProperty(
          'lostAt',
          expect.any(Number),
        );

        const scope = { path: 'flow/run/other/-1' };
        expect(await begin(bench.m, attempt(2), { first: false, createdAt: now + 90_000 }, scope)).toMatchObject({
          lostAt: undefined,
        });
      });
    });

    test('beginning reads records, each with its result, in the order asked for', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const basis = await recorded(bench.m, record(who, 's'));
      await recorded(bench.m, record(who, 'e', { job: 'j1', basis }));
      await recorded(bench.m, record(who, 'o', { job: 'j1', result: put(`result=${RECORD}`, { size: 'ä' }) }));

      const begun = await begin(bench.m, attempt(2), { records: ['missing', RECORD] });
      if (begun.kind !== 'ok') throw new Error('stale');

      expect(begun.records[0]).toBeUndefined();
      expect(begun.records[1]?.text.slice(0, 2)).toBe('1o');
      expect(Buffer.from(begun.records[1]?.result?.body ?? []).toString()).toBe('{"size":"ä"}');
      expect((await recordNow(bench.m))?.letter).toBe('o');
    });

    test('the fence outlives a pause of a month', async () => {
      await begin(bench.m, attempt(2));
      await bench.advance(29 * DAY);

      expect(await write(bench.m, attempt(1), put('k', 1))).toMatchObject({ kind: 'stale' });
      expect(await begin(bench.m, attempt(1), { createdAt: LATER })).toMatchObject({ kind: 'stale' });
    });
  });
}
