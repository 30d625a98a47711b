import { describe, expect, test } from '@jest/globals';
import {
  all,
  attempt,
  begin,
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
} from './metastore-parts.ts';

/** Values: what is read, the checks of a commit and their order, superseded objects, listing. */
export function valuesContract(bench: Bench): void {
  describe('values', () => {
    test('an inline value is read as it was written', async () => {
      const who = tool();

      const reply = await write(bench.m, who, put('k', { a: ['ä€😀', 1.5, null] }, { retention: HOUR }));
      if (reply.kind !== 'ok') throw new Error(reply.kind);

      expect(await value(bench.m, 'k')).toEqual({ a: ['ä€😀', 1.5, null] });

      const id = version({ ...who, sequence: 1 });
      expect((await rawEntry(bench.m, 'k'))?.text).toBe(`1i ${id} ${reply.now} ${reply.now + HOUR} {"type":"json","size":28}`);
    });

    test('bytes are read as they were written, also those that are no text', async () => {
      const body = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const change = { name: 'k', put: { meta: { type: 'bytes' as const, size: 256 }, body, retention: HOUR } };
      await write(bench.m, tool(), change);

      expect(Buffer.from((await rawEntry(bench.m, 'k'))?.body ?? []).equals(Buffer.from(body))).toBe(true);
    });

    test('an empty inline value is a value', async () => {
      await write(bench.m, tool(), {
        name: 'k',
        put: { meta: { type: 'bytes', size: 0 }, body: new Uint8Array(), retention: HOUR },
      });
      expect((await rawEntry(bench.m, 'k'))?.body).toHaveLength(0);
    });

    test('several keys are read in the order asked for, missing ones as nothing', async () => {
      await write(bench.m, tool(), [put('a', 1), put('b', 2)]);

      const entries = await bench.m.values.read(SCOPE, ['b', 'x', 'a'], {});
      const bodies = entries.map((entry) => entry && Buffer.from(entry.body ?? []).toString());

      expect(bodies).toEqual(['2', undefined, '1']);
    });

    test('C13 two processes see the same state', async () => {
      await write(bench.m, tool(), put('k', 1));
      expect(await value(bench.open(), 'k')).toBe(1);
    });

    test('several values are written together or not at all', async () => {
      const reply = await write(bench.m, tool(), [put('a', 1), put('b', 2, { expect: version({ ...tool(), sequence: 1 }) })]);

      expect(reply).toEqual({ kind: 'conflict', name: 'b', current: 'absent' });
      expect(await value(bench.m, 'a')).toBeUndefined();
    });

    test('C65 deleting what is not there succeeds', async () => {
      expect((await write(bench.m, tool(), { name: 'k' })).kind).toBe('ok');
    });

    test('a deleted value is gone', async () => {
      const who = tool();
      await write(bench.m, who, put('k', 1));

      await write(bench.m, who, { name: 'k' });

      expect(await value(bench.m, 'k')).toBeUndefined();
      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).has('v:k')).toBe(false);
    });

    test('a deleted value may be written again', async () => {
      const who = tool();
      await write(bench.m, who, put('k', 1));

      await write(bench.m, who, { name: 'k' });

      await write(bench.m, who, put('k', 2));

      expect(await value(bench.m, 'k')).toBe(2);
    });

    test('a value that moves to the object store leaves no inline body behind', async () => {
      const who = tool();
      await write(bench.m, who, put('k', 1));
      await write(bench.m, who, putRef('k', 'n/f/r/t/k/1.gz'));

      expect((await rawEntry(bench.m, 'k'))?.body).toBeUndefined();
    });

    describe('a resend', () => {
      test('† of a write that was applied is answered as the first time', async () => {
        const who = attempt(1);
        await begin(bench.m, who);
        const id = who.next();
        const first = await write(bench.m, who, put('k', 1, { retention: HOUR }), { id });
        await bench.advance(2 * HOUR);

        expect(await write(bench.m, who, put('k', 1, { retention: HOUR }), { id, resent: true, began: 0 })).toEqual(first);
      });

      test('† is recognised before the fence is looked at', async () => {
        const [old, next] = [attempt(1), attempt(2)];
        await begin(bench.m, old);
        const id = old.next();
        await write(bench.m, old, put('k', 1), { id });
        await begin(bench.m, next);

        expect((await write(bench.m, old, put('k', 1), { id, resent: true })).kind).toBe('ok');
      });

      test('of several values is recognised by any of them that is still there', async () => {
        const who = tool();
        const id = who.next();
        await write(bench.m, who, [put('a', 1), put('b', 1)], { id });
        await write(bench.m, who, put('a', 2));

        expect((await write(bench.m, who, [put('a', 1), put('b', 1)], { id, resent: true })).kind).toBe('ok');
        expect(await value(bench.m, 'a')).toBe(2);
      });

      test('of a delete is answered as the first time', async () => {
        const who = tool();
        const id = who.next();
        const first = await write(bench.m, who, { name: 'k' }, { id });

        expect(await write(bench.m, who, { name: 'k' }, { id })).toEqual(first);
      });

      test('† that is refused has an unknown outcome: its first copy may have been applied', async () => {
        const who = attempt(1);
        await begin(bench.m, attempt(2));
        const refused = write(bench.m, who, put('k', 1), { resent: true });

        await expect(refused).rejects.toMatchObject({ code: 'mooring.outcome-unknown', reason: 'no-answer' });
      });
    });

    describe('a late copy', () => {
      test('of an older write of the same run does not overwrite the newer one', async () => {
        const who = attempt(1);
        await begin(bench.m, who);
        const early = who.next();
        await write(bench.m, who, put('k', 'new'));

        expect(await write(bench.m, who, put('k', 'old'), { id: early })).toEqual({ kind: 'old' });
        expect(await value(bench.m, 'k')).toBe('new');
      });

      test('† does not bring back a deleted value: the tombstone has the write ID of the delete', async () => {
        const who = attempt(1);
        await begin(bench.m, who);
        const early = who.next();
        await write(bench.m, who, { name: 'k' });

        expect(await write(bench.m, who, put('k', 'old'), { id: early })).toEqual({ kind: 'old' });
        expect(await value(bench.m, 'k')).toBeUndefined();
      });

      test('† of a write that began longer ago than the lateness limit is refused, of a delete too', async () => {
        const who = tool();
        await write(bench.m, who, put('k', 1));
        const { now } = (await write(bench.m, who, put('other', 1))) as { now: number };
        const began = now - HOUR - 1_000;

        expect(await write(bench.m, who, put('k', 2), { began })).toEqual({ kind: 'late' });
        expect(await write(bench.m, who, { name: 'k' }, { began })).toEqual({ kind: 'late' });
        expect((await write(bench.m, who, put('k', 3), { began: now - HOUR + MINUTE })).kind).toBe('ok');
        expect(await value(bench.m, 'k')).toBe(3);
      });

      test('a tombstone lives longer than the lateness limit', async () => {
        await write(bench.m, tool(), { name: 'k' });

        const text = (await bench.rig.stored(bench.namespace, SCOPE.path)).get('e:k') ?? '';

        expect(Number(text.slice(70, 83)) - Number(text.slice(56, 69))).toBe(2 * HOUR);
      });
    });

    describe('comparison', () => {
      test('C81 of two writers that advance the same version exactly one succeeds', async () => {
        const [one, other] = [tool(), tool()];
        const id = one.next();
        await write(bench.m, one, put('k', 0), { id });
        const expected = version(id);

        const replies = await Promise.all(
          [one, other].map((who) => write(bench.m, who, put('k', who.nonce, { expect: expected }))),
        );
        expect(replies.map((reply) => reply.kind).toSorted()).toEqual(['conflict', 'ok']);

        const conflict = replies.find((reply) => reply.kind === 'conflict');
        const winner = version({ ...(replies[0]?.kind === 'ok' ? one : other), sequence: replies[0]?.kind === 'ok' ? 2 : 1 });
        expect(conflict).toEqual({ kind: 'conflict', name: 'k', current: winner });
      });

      test("'absent' is what is missing, deleted or expired", async () => {
        const who = tool();

        expect((await write(bench.m, who, put('k', 1, { expect: 'absent', retention: HOUR }))).kind).toBe('ok');
        expect((await write(bench.m, who, put('k', 2, { expect: 'absent' }))).kind).toBe('conflict');

        await bench.advance(2 * HOUR);
        expect((await write(bench.m, who, put('k', 3, { expect: 'absent' }))).kind).toBe('ok');

        await write(bench.m, who, { name: 'k' });
        expect((await write(bench.m, who, put('k', 4, { expect: 'absent' }))).kind).toBe('ok');
      });

      test('† lateness is looked at before the comparison, the sequence before lateness, the fence before the sequence', async () => {
        const [old, next] = [attempt(1), attempt(2)];
        await begin(bench.m, old);
        const early = old.next();
        await write(bench.m, old, put('k', 1));
        const wrong = put('k', 2, { expect: 'absent' });

        expect(await write(bench.m, old, wrong, { began: 0 })).toEqual({ kind: 'late' });
        expect(await write(bench.m, old, wrong, { began: 0, id: early })).toEqual({ kind: 'old' });

        await begin(bench.m, next);
        expect(await write(bench.m, old, wrong, { began: 0, id: early })).toMatchObject({ kind: 'stale' });
      });
    });

    describe('superseded objects', () => {
      const superseded = async (): Promise<Map<string, unknown>> => {
        const fields = [...(await bench.rig.stored(bench.namespace, SCOPE.path))].filter(([field]) => field.startsWith('s:'));
        return new Map(fields.map(([field, text]) => [field.slice(2), JSON.parse(text.slice(14))]));
      };
      const listed = { store: 's3:bucket/a b', storedSize: 70 };

      test('† the object of an overwritten value goes on the list in the same script', async () => {
        const who = tool();
        await write(bench.m, who, putRef('k', 'n/f/r/t/k/1.gz'));

        expect((await superseded()).size).toBe(0);

        await write(bench.m, who, putRef('k', 'n/f/r/t/k/2.gz'));
        await write(bench.m, who, put('k', 'small now'));
        expect(await superseded()).toEqual(
          new Map([
            ['n/f/r/t/k/1.gz', listed],
            ['n/f/r/t/k/2.gz', listed],
          ]),
        );
      });

      test('so does that of a deleted or expired value', async () => {
        const who = tool();
        await write(bench.m, who, [putRef('a', 'n/f/r/t/a/1.gz'), putRef('b', 'n/f/r/t/b/1.gz', { retention: HOUR })]);
        await write(bench.m, who, { name: 'a' });
        await bench.advance(2 * HOUR);
        await write(bench.m, who, put('b', 1));

        expect([...(await superseded()).keys()].toSorted()).toEqual(['n/f/r/t/a/1.gz', 'n/f/r/t/b/1.gz']);
      });

      test('a refused write supersedes nothing', async () => {
        await write(bench.m, tool(), putRef('k', 'n/f/r/t/k/1.gz'));
        await begin(bench.m, attempt(2));
        await write(bench.m, attempt(1), put('k', 1));

        expect((await superseded()).size).toBe(0);
      });

      test('an object that an entry refers to again is taken off the list', async () => {
        const who = tool();
        await write(bench.m, who, putRef('k', 'n/f/r/t/k/1.gz'));
        await write(bench.m, who, { name: 'k' });
        await write(bench.m, who, putRef('k', 'n/f/r/t/k/1.gz'));

        expect((await superseded()).size).toBe(0);
      });
    });

    describe('listing', () => {
      test("names users' entries once each, without values, tombstones, results and what has expired", async () => {
        const who = tool();
        await write(bench.m, who, [
          put('a', 1),
          put('b', 2),
          put('gone', 3),
          put('short', 4, { retention: HOUR }),
          put('result=job', 5),
        ]);
        await write(bench.m, who, { name: 'gone' });
        await bench.advance(2 * HOUR);

        const found = await all(bench.m.values.list(SCOPE, {}));

        expect(found.map(({ name }) => name).toSorted()).toEqual(['a', 'b']);
      });

      test('reaches every entry of a scope with thousands', async () => {
        const who = tool();
        const names = Array.from({ length: 2_500 }, (_, at) => `key-${at}`);
        for (let at = 0; at < names.length; at += 500)
          await write(
            bench.m,
            who,
            names.slice(at, at + 500).map((name) => put(name, 1)),
          );

        const found = await all(bench.m.values.list(SCOPE, {}));

        expect(found.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      });

      test('of a scope that is not there names nothing', async () => {
        expect(await all(bench.m.values.list({ path: 'no/such/task/-1' }, {}))).toEqual([]);
      });
    });
  });
}
