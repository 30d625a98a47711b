import { describe, expect, test } from '@jest/globals';
import { CLEARED_JSON } from '../../src/format/record-head.ts';
import {
  all,
  attempt,
  begin,
  HOUR,
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

/** Clearing a scope, and declaring an asset. */
export function clearContract(bench: Bench): void {
  const clear = (scope = SCOPE) => bench.m.scopes.clear(scope, tool().next(), {});

  describe('clear', () => {
    test('removes every value of its scope alone', async () => {
      await write(bench.m, tool(), [put('a', 1), put('b', 2)]);
      await write(bench.m, tool(), put('a', 'other'), {}, { path: 'flow/run/task/1' });

      expect(await clear()).toEqual({ kind: 'ok' });
      expect(await all(bench.m.values.list(SCOPE, {}))).toEqual([]);
      expect(await value(bench.m, 'a', { path: 'flow/run/task/1' })).toBe('other');
    });

    test('C71 puts the objects of what it removes on the list of superseded ones', async () => {
      await write(bench.m, tool(), putRef('a', 'n/f/r/t/a/1.gz'));

      await clear();

      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).has('s:n/f/r/t/a/1.gz')).toBe(true);
    });

    test('of what is not there succeeds', async () => {
      expect(await clear({ path: 'no/such/task/-1' })).toEqual({ kind: 'ok' });
    });

    test('† supersedes the attempt that is running: same fence, another nonce', async () => {
      const who = attempt(5);
      await begin(bench.m, who);
      await write(bench.m, who, put('k', 1));
      await clear();

      expect(await write(bench.m, who, put('k', 2))).toMatchObject({ kind: 'stale' });
      expect((await bench.m.records.write(SCOPE, record(who, 's'), {})).kind).toBe('stale');
      expect(await value(bench.m, 'k')).toBeUndefined();
      expect((await begin(bench.m, attempt(6))).kind).toBe('ok');
    });

    test('† leaves the next submission number: no key is used twice', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'o', { job: 'j3', submission: 3 }));

      await clear();
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'n', submission: 4, json: CLEARED_JSON });

      await bench.advance(29 * 24 * HOUR);
      const next = attempt(2);
      const begun = await begin(bench.m, next, { records: [RECORD] });

      expect(begun.kind === 'ok' && begun.records[0]?.text.slice(117, 123)).toBe('000004');
    });

    test('† no late write of the job comes back', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const basis = await recorded(bench.m, record(who, 's'));
      const late = record(who, 'o', { job: 'j1' });
      await recorded(bench.m, record(who, 'e', { job: 'j1', basis }));
      await clear();

      expect((await bench.m.records.write(SCOPE, late, {})).kind).toBe('stale');
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'n' });
    });

    test('C82 † no late copy of a write that it wiped comes back: the tombstone keeps its write ID', async () => {
      const who = tool();
      const early = who.next();
      const id = who.next();
      await write(bench.m, who, put('k', 1), { id });
      await clear();

      expect((await write(bench.m, who, put('k', 1), { id, resent: true })).kind).toBe('ok');
      expect(await write(bench.m, who, put('k', 0), { id: early })).toEqual({ kind: 'old' });
      expect(await value(bench.m, 'k')).toBeUndefined();
      expect((await write(bench.m, who, put('k', 2))).kind).toBe('ok');
      expect(await value(bench.m, 'k')).toBe(2);
    });

    test('lists a job as an orphan only if it is active', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'running' }));
      await recorded(bench.m, record(who, 'o', { job: 'done', name: 'other' }));
      await clear();

      const { orphans } = await bench.m.scopes.inspect(SCOPE, {});

      expect(orphans).toHaveLength(1);
      expect(orphans[0]).toMatchObject({ name: RECORD, text: expect.stringMatching(/^\d{13} \{.*"externalId":"running"/) });
    });

    test.each(['s', 'a'] as const)('is refused while a submit is unresolved (%s)', async (letter) => {
      const who = attempt(1);
      await begin(bench.m, who);
      await write(bench.m, who, put('k', 1));
      await recorded(bench.m, record(who, letter));

      expect(await clear()).toMatchObject({ kind: 'ambiguous', name: RECORD, text: expect.stringMatching(`^1${letter} `) });
      expect(await value(bench.m, 'k')).toBe(1);
      expect((await write(bench.m, who, put('k', 2))).kind).toBe('ok');
    });

    test('sent again clears nothing that was written since', async () => {
      const id = tool().next();
      await bench.m.scopes.clear(SCOPE, id, {});
      await write(bench.m, tool(), put('k', 'new'));

      expect(await bench.m.scopes.clear(SCOPE, id, {})).toEqual({ kind: 'ok' });
      expect(await value(bench.m, 'k')).toBe('new');
    });

    test('keeps what was an orphan or a tombstone before', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await bench.m.orphans.add(SCOPE, { name: RECORD, idDigest: '1'.repeat(32), json: '{"externalId":"j"}' }, {});
      const early = who.next();
      await write(bench.m, who, { name: 'k' });
      const stored = await bench.rig.stored(bench.namespace, SCOPE.path);

      await clear();

      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toHaveLength(1);
      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).get('e:k')).toBe(stored.get('e:k'));
      expect(early.sequence).toBe(1);
    });
  });
}
