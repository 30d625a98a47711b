import { describe, expect, test } from '@jest/globals';
import { attempt, begin, DAY, digest, record, recorded, RECORD, SCOPE, tool, write, put, type Bench } from './metastore-parts.ts';

/** What a metastore keeps for the ends of attempts: requests of cancellation, items, replaced jobs, and who holds the fence. */
export function endsContract(bench: Bench): void {
  describe('a request of cancellation', () => {
    const request = { job: 'job@1', reason: 'not wanted' };

    test('is told to the job that it names when an attempt of it begins', async () => {
      await bench.m.tasks.requestCancel(SCOPE, request, {});
      expect(await begin(bench.m, attempt(1))).toMatchObject({ kind: 'ok', cancelRequest: 'not wanted' });
    });

    test('is not told to another job of the scope', async () => {
      await bench.m.tasks.requestCancel(SCOPE, request, {});

      const reply = await begin(bench.m, attempt(1), { job: 'job@2' });

      expect(reply).not.toHaveProperty('cancelRequest');
    });

    test('hides no loss: it holds no fence', async () => {
      await bench.m.tasks.requestCancel(SCOPE, request, {});

      const reply = await begin(bench.m, attempt(2), { first: false, createdAt: 0 });

      expect(reply).toMatchObject({ kind: 'ok', lostAt: expect.any(Number) });
    });

    test('goes with clear(): what runs next is a new job', async () => {
      await bench.m.tasks.requestCancel(SCOPE, request, {});
      await bench.m.scopes.clear(SCOPE, tool().next(), {});

      expect(await begin(bench.m, attempt(1))).not.toHaveProperty('cancelRequest');
    });
  });

  describe('items', () => {
    const add = ({ fence, nonce }: ReturnType<typeof attempt>, ...items: string[]) =>
      bench.m.tasks.addItems(SCOPE, { items, fence, nonce, retention: DAY }, {});

    test('are listed once each', async () => {
      const who = attempt(1);

      expect(await add(who, 'key=a', '7')).toEqual({ kind: 'ok' });
      expect(await add(who, '7')).toEqual({ kind: 'ok' });
      expect((await bench.m.scopes.inspect(SCOPE, {})).items.toSorted()).toEqual(['7', 'key=a']);
    });

    test('stay listed after clear(): they have state of their own', async () => {
      await add(attempt(1), '7');

      await bench.m.scopes.clear(SCOPE, tool().next(), {});

      expect((await bench.m.scopes.inspect(SCOPE, {})).items).toEqual(['7']);
    });

    test('are not noted for an attempt that a newer one, or clear(), has superseded', async () => {
      const [older, newer] = [attempt(1), attempt(2)];
      await begin(bench.m, older);
      await begin(bench.m, newer, { holder: 'attempt 2' });

      expect(await add(older, '7')).toEqual({ kind: 'stale', holder: 'attempt 2' });
      expect(await add(newer, '8')).toEqual({ kind: 'ok' });

      await bench.m.scopes.clear(SCOPE, tool().next(), {});
      expect(await add(newer, '9')).toMatchObject({ kind: 'stale' });
      expect((await bench.m.scopes.inspect(SCOPE, {})).items).toEqual(['8']);
    });

    test('are forgotten with the scope, once its time after success is over', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, put('k', 1));
      await add(who, '7');
      await bench.m.fences.settle(SCOPE, { fence: who.fence, nonce: who.nonce, within: DAY, keepFence: true }, {});

      await bench.advance(2 * DAY);
      expect((await bench.m.scopes.inspect(SCOPE, {})).items).toEqual([]);

      await begin(bench.m, attempt(2));
      expect((await bench.m.scopes.inspect(SCOPE, {})).items).toEqual([]);
    });
  });

  describe('the job that a submission replaces', () => {
    const replaces = { idDigest: digest('j1'), json: '{"externalId":"j1"}' };

    test('is an orphan from the write on that opens the next submission', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 's'));
      const basis = await recorded(bench.m, record(who, 'e', { job: 'j1' }));

      await recorded(bench.m, record(who, 's', { submission: 2, basis, replaces }));

      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toMatchObject([{ name: RECORD, idDigest: digest('j1') }]);
    });

    test('is none, if that write is refused', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 's'));
      await recorded(bench.m, record(who, 'e', { job: 'j1' }));
      const refused = record(who, 's', { submission: 2, replaces });

      expect(await bench.m.records.write(SCOPE, refused, {})).toMatchObject({ kind: 'changed' });
      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toEqual([]);
    });
  });

  describe('who holds the fence', () => {
    test('is told to whoever is refused', async () => {
      const [old, next] = [attempt(1), attempt(2)];
      await begin(bench.m, old, { holder: 'the first' });
      await begin(bench.m, next, { holder: 'the second' });
      const refusal = { kind: 'stale', holder: 'the second' };

      expect(await begin(bench.m, old, { holder: 'the first' })).toEqual(refusal);
      expect(await write(bench.m, old, put('k', 1))).toEqual(refusal);
      expect(await bench.m.records.write(SCOPE, record(old, 's'), {})).toEqual(refusal);
    });

    test('stays the same when an attempt begins again', async () => {
      const who = attempt(1);
      await begin(bench.m, who, { holder: 'since noon' });

      await begin(bench.m, who, { holder: 'since one' });

      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).get('holder')).toBe('since noon');
    });
  });
}
