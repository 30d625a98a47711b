import { describe, expect, test } from '@jest/globals';
import {
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
  version,
  type Bench,
  type Hand,
} from './metastore-parts.ts';

/** Records of external jobs: every check of a write, and the order that they are made in. */
export function recordsContract(bench: Bench): void {
  const begun = async (number: number): Promise<Hand> => {
    const who = attempt(number);
    await begin(bench.m, who);
    return who;
  };
  const submitting = async (who: Hand, basis?: Parameters<typeof record>[2]): Promise<ReturnType<typeof version>> =>
    recorded(bench.m, record(who, 's', basis));
  const write = (write: ReturnType<typeof record>) => bench.m.records.write(SCOPE, write, {});

  describe('records', () => {
    test('the text of a record is what its writer said, at fixed places', async () => {
      const who = await begun(1);
      const reply = await write(record(who, 's', { submission: 12, json: '{"a":"ä"}', retention: DAY }));
      if (reply.kind !== 'ok') throw new Error(reply.kind);

      const text = (await bench.m.scopes.inspect(SCOPE, {})).records[0]?.text;
      const id = version({ ...who, sequence: 1 });

      expect(text).toBe(`1s ${id} ${reply.updatedAt} ${reply.updatedAt + DAY} ${'0'.repeat(32)} 000012 {"a":"ä"}`);
      expect(reply).toEqual({
        kind: 'ok',
        now: reply.updatedAt,
        version: id,
        updatedAt: reply.updatedAt,
        expiresAt: reply.updatedAt + DAY,
      });
    });

    test('from submitting to submitted to finished, with the result in the same step', async () => {
      const who = await begun(1);
      await submitting(who);
      await recorded(bench.m, record(who, 'e', { job: 'j1' }));

      await recorded(bench.m, record(who, 'o', { job: 'j1', result: put(`result=${RECORD}`, 42) }));

      expect(await value(bench.m, `result=${RECORD}`)).toBe(42);
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'o', submission: 1 });
    });

    test('a result that replaces an offloaded one supersedes its object', async () => {
      const who = await begun(1);
      await recorded(bench.m, record(who, 'o', { job: 'j1', result: putRef(`result=${RECORD}`, 'n/f/r/t/result/1.gz') }));

      await recorded(bench.m, record(who, 'o', { job: 'j1', result: put(`result=${RECORD}`, 1) }));

      expect((await bench.rig.stored(bench.namespace, SCOPE.path)).has('s:n/f/r/t/result/1.gz')).toBe(true);
    });

    test('records of different keys are independent', async () => {
      const who = await begun(1);
      await submitting(who);

      await submitting(who, { name: 'other', submission: 5 });

      expect(await recordNow(bench.m)).toMatchObject({ letter: 's', submission: 1 });
      expect(await recordNow(bench.m, 'other')).toMatchObject({ letter: 's', submission: 5 });
    });

    describe('the same write ID', () => {
      test('† is a resend: it is answered as the first time, also after the attempt was replaced', async () => {
        const who = await begun(1);
        const write1 = record(who, 's');
        const first = await write(write1);
        await begun(2);

        const again = await write({ ...write1, resent: true });

        expect(again).toEqual({ ...first, now: (again as { now: number }).now });
      });

      test('† a refusal after a resend leaves the outcome unknown', async () => {
        const who = await begun(1);
        await begun(2);

        await expect(write(record(who, 's', { resent: true }))).rejects.toMatchObject({ code: 'mooring.outcome-unknown' });
      });
    });

    describe('the fence', () => {
      test('C95 † an attempt that was replaced cannot open a submission', async () => {
        const who = await begun(1);
        await begun(2);

        expect(await write(record(who, 's'))).toMatchObject({ kind: 'stale' });
        expect(await recordNow(bench.m)).toBeUndefined();
      });

      test('† nor can another run of the same attempt', async () => {
        await begun(1);
        expect(await write(record(attempt(1), 's'))).toMatchObject({ kind: 'stale' });
      });

      test('a record of a newer attempt is not overwritten, even where the fence is gone', async () => {
        const [old, next] = [attempt(1), await begun(2)];
        await submitting(next);
        await bench.rig.tamper(bench.namespace, SCOPE.path, 'fence', undefined);

        expect(await write(record(old, 'e', { job: 'j1' }))).toMatchObject({ kind: 'stale' });
      });

      test('† the exception: submitted is accepted while the record is still the very submitting of this attempt', async () => {
        const who = await begun(1);
        await submitting(who);
        await begun(2);

        expect(await write(record(who, 'e', { job: 'j1' }))).toMatchObject({ kind: 'ok' });
        expect(await recordNow(bench.m)).toMatchObject({ letter: 'e' });
      });

      test('the exception does not hold for finished', async () => {
        const who = await begun(1);
        await submitting(who);
        await begun(2);

        expect(await write(record(who, 'o', { job: 'j1' }))).toMatchObject({ kind: 'stale' });
      });

      test('the exception ends when the newer attempt has written', async () => {
        const who = await begun(1);
        const basis = await submitting(who);
        const next = await begun(2);
        await submitting(next, { basis });

        expect(await write(record(who, 'e', { job: 'j1' }))).toMatchObject({ kind: 'stale' });
      });

      test('the exception leaves the fence of the newer attempt in place', async () => {
        const who = await begun(1);
        await submitting(who);
        const next = await begun(2);
        const basis = await recorded(bench.m, record(who, 'e', { job: 'j1' }));

        expect(await write(record(who, 's', { basis, submission: 2 }))).toMatchObject({ kind: 'stale' });
        expect((await write(record(next, 'o', { job: 'j1' }))).kind).toBe('ok');
      });
    });

    test('† a late copy of an older write of this attempt does not take the record back', async () => {
      const who = await begun(1);
      const early = record(who, 's');
      await write(early);
      const late = record(who, 'f', { job: 'j1' });
      await recorded(bench.m, record(who, 'e', { job: 'j1' }));
      await recorded(bench.m, record(who, 'o', { job: 'j1' }));

      expect(await write(late)).toEqual({ kind: 'old' });
      expect(await write({ ...early, basis: (await recordNow(bench.m))?.version as never })).toEqual({ kind: 'old' });
      expect(await recordNow(bench.m)).toMatchObject({ letter: 'o' });
    });

    describe('what was decided on', () => {
      test.each(['s', 'a'] as const)('† %s is refused when the record is not the one that was decided on', async (letter) => {
        const who = await begun(1);
        const basis = await submitting(who);
        const next = await begun(2);
        await recorded(bench.m, record(who, 'e', { job: 'j1' }));

        expect(await write(record(next, letter, { basis }))).toEqual({ kind: 'changed' });
        expect(await write(record(next, letter, { basis: undefined }))).toEqual({ kind: 'changed' });
        expect(await recordNow(bench.m)).toMatchObject({ letter: 'e' });
      });

      test.each(['s', 'a'] as const)('%s is accepted on the record that was decided on', async (letter) => {
        const basis = await submitting(await begun(1));
        expect((await write(record(await begun(2), letter, { basis }))).kind).toBe('ok');
      });

      test('an expired record is none', async () => {
        const who = await begun(1);
        await submitting(who, { retention: HOUR });

        await bench.advance(2 * HOUR);

        expect(await recordNow(bench.m)).toBeUndefined();
        expect((await write(record(who, 's', { basis: undefined }))).kind).toBe('ok');
      });
    });

    describe('the ID', () => {
      test.each(['e', 'o', 'f'] as const)('† %s is refused when the record holds another ID', async (letter) => {
        const who = await begun(1);
        await recorded(bench.m, record(who, 'e', { job: 'j1' }));

        expect(await write(record(who, letter, { job: 'j2' }))).toEqual({ kind: 'changed' });
        expect((await write(record(who, letter, { job: 'j1' }))).kind).toBe('ok');
      });

      test.each(['o', 'f'] as const)('† submitted is refused when the record is finished (%s)', async (letter) => {
        const who = await begun(1);
        await recorded(bench.m, record(who, letter, { job: 'j1' }));

        expect(await write(record(who, 'e', { job: 'j1' }))).toEqual({ kind: 'changed' });
      });

      test('submitted is accepted over an ambiguous record as over none', async () => {
        const who = await begun(1);

        expect((await write(record(who, 'a'))).kind).toBe('ok');
        expect((await write(record(who, 'e', { job: 'j1' }))).kind).toBe('ok');
        expect((await write(record(who, 'e', { job: 'j1', name: 'other' }))).kind).toBe('ok');
      });
    });

    describe('the fence that is gone', () => {
      test('† submitting is refused when the state was lost meanwhile', async () => {
        const who = attempt(1);

        expect(await write(record(who, 's'))).toEqual({ kind: 'gone' });

        await begun(1);
        const basis = await submitting(await begun(2));
        expect(await write(record(attempt(3), 's', { basis }))).toEqual({ kind: 'gone' });
      });

      test('submitted installs the fence again: the ID is not lost', async () => {
        expect((await write(record(attempt(2), 'e', { job: 'j1' }))).kind).toBe('ok');
        expect(await begin(bench.m, attempt(1))).toMatchObject({ kind: 'stale' });
      });
    });

    describe('withdrawing', () => {
      test('takes back the submitting that this attempt wrote', async () => {
        const who = await begun(1);
        await submitting(who);

        expect((await write(record(who, 'n', { withdraw: true }))).kind).toBe('ok');
        expect(await recordNow(bench.m)).toMatchObject({ letter: 'n', submission: 1 });
      });

      test('† is accepted from an attempt that was replaced, as long as nobody else wrote', async () => {
        const who = await begun(1);
        await submitting(who);
        await begun(2);

        expect((await write(record(who, 'n', { withdraw: true }))).kind).toBe('ok');
      });

      test('† is refused when there is nothing of ours to take back', async () => {
        const who = await begun(1);

        expect(await write(record(who, 'n', { withdraw: true }))).toMatchObject({ kind: 'stale' });

        await submitting(who);
        await recorded(bench.m, record(who, 'e', { job: 'j1' }));
        expect(await write(record(who, 'n', { withdraw: true }))).toMatchObject({ kind: 'stale' });

        const next = await begun(2);
        expect(await write(record(next, 's', { withdraw: true }))).toMatchObject({ kind: 'stale' });
      });

      test('a late copy of the submitting does not undo it', async () => {
        const who = await begun(1);
        const early = record(who, 's');
        await write(early);
        await write(record(who, 'n', { withdraw: true }));

        expect(await write({ ...early, id: { ...early.id } })).toEqual({ kind: 'old' });
      });
    });

    describe('waiting', () => {
      test('C93 a record that an attempt waits on is kept', async () => {
        const who = await begun(1);
        const basis = await recorded(bench.m, record(who, 'e', { job: 'j1', retention: DAY }));
        const before = await recordNow(bench.m);

        for (let day = 0; day < 40; day += 1) {
          await bench.advance(DAY - MINUTE);
          await bench.m.records.refresh(SCOPE, { name: RECORD, basis, retention: DAY }, {});
        }

        expect(await recordNow(bench.m)).toEqual(before);
        expect(await begin(bench.m, attempt(1))).toMatchObject({ kind: 'stale' });
      });

      test('refreshing never shortens', async () => {
        const who = await begun(1);
        const basis = await recorded(bench.m, record(who, 'e', { job: 'j1', retention: 10 * DAY }));
        const text = async (): Promise<string | undefined> =>
          (await bench.rig.stored(bench.namespace, SCOPE.path)).get(`r:${RECORD}`);
        const before = await text();

        await bench.m.records.refresh(SCOPE, { name: RECORD, basis, retention: HOUR }, {});

        expect(await text()).toBe(before);
      });

      test('refreshing leaves a record alone that has changed', async () => {
        const who = await begun(1);
        await recorded(bench.m, record(who, 'e', { job: 'j1', retention: 10 * DAY }));
        const text = async (): Promise<string | undefined> =>
          (await bench.rig.stored(bench.namespace, SCOPE.path)).get(`r:${RECORD}`);
        const before = await text();

        await bench.m.records.refresh(
          SCOPE,
          { name: RECORD, basis: version({ ...attempt(9), sequence: 1 }), retention: 20 * DAY },
          {},
        );

        expect(await text()).toBe(before);
      });
    });

    describe("a person's answer", () => {
      const answer = (letter: 'n' | 'e', basis: string, job?: string) => {
        const {
          basis: _none,
          withdraw: _no,
          resent: _not,
          ...rest
        } = record(tool(), letter, { submission: 2, ...(job !== undefined && { job }) });
        return { ...rest, basis: basis as never };
      };

      test('is decided by the write ID of the record alone, whatever the fence', async () => {
        const who = await begun(1);
        await submitting(who);
        const basis = await recorded(bench.m, record(who, 'a', { basis: (await recordNow(bench.m))?.version as never }));

        expect(await bench.m.records.answer(SCOPE, answer('n', basis), {})).toEqual({ kind: 'ok' });
        expect(await recordNow(bench.m)).toMatchObject({ letter: 'n', submission: 2 });

        const next = await begun(2);
        expect(
          (await write(record(next, 's', { basis: (await recordNow(bench.m))?.version as never, submission: 2 }))).kind,
        ).toBe('ok');
      });

      test('is refused with the record that is there, when that has changed', async () => {
        const who = await begun(1);
        const basis = await submitting(who);
        const current = await recorded(bench.m, record(who, 'e', { job: 'j1' }));

        expect(await bench.m.records.answer(SCOPE, answer('n', basis), {})).toEqual({ kind: 'conflict', current });
        expect(await bench.m.records.answer({ path: 'no/such/task/-1' }, answer('n', basis), {})).toEqual({
          kind: 'conflict',
          current: 'absent',
        });
      });

      test('may be sent again', async () => {
        const basis = await submitting(await begun(1));
        const said = answer('e', basis, 'j1');

        expect(await bench.m.records.answer(SCOPE, said, {})).toEqual({ kind: 'ok' });
        expect(await bench.m.records.answer(SCOPE, said, {})).toEqual({ kind: 'ok' });
      });
    });
  });
}
