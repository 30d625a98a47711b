import { describe, expect, test } from '@jest/globals';
import type { IndexedJob, IndexedState } from '../../src/format/jobs/members.ts';
import { writeIdText } from '../../src/format/write-id.ts';
import { attempt, begin, digest, record, recorded, RECORD, SCOPE, tool, type Bench } from './metastore-parts.ts';

const ALL: readonly IndexedState[] = ['submitting', 'submitted', 'ambiguous', 'failed', 'orphan'];
const OTHER = { path: 'flow/run/other/-1' };

/** The index of jobs, and what was not run twice. */
export function jobsContract(bench: Bench): void {
  const open = async (states: readonly IndexedState[] = ALL): Promise<IndexedJob[]> => {
    const found: IndexedJob[] = [];
    for await (const page of bench.m.jobs.open(states, {})) found.push(...page);
    return found;
  };
  const states = async (): Promise<string[]> => (await open()).map(({ state }) => state);

  describe('the index of jobs', () => {
    test.each([
      ['s', 'submitting'],
      ['e', 'submitted'],
      ['a', 'ambiguous'],
      ['f', 'failed'],
    ] as const)('a record with the letter %s is %s', async (letter, state) => {
      const who = attempt(1);
      await begin(bench.m, who);

      await recorded(bench.m, record(who, letter, letter === 's' || letter === 'a' ? {} : { job: 'j1' }));

      expect(await open()).toEqual([{ path: SCOPE.path, name: RECORD, state, since: expect.any(Number) }]);
    });

    test('a job moves with its record until it has succeeded', async () => {
      const who = attempt(1);
      await begin(bench.m, who);

      const sent = await recorded(bench.m, record(who, 's'));
      expect(await states()).toEqual(['submitting']);
      const held = await recorded(bench.m, record(who, 'e', { job: 'j1', basis: sent }));
      expect(await states()).toEqual(['submitted']);
      await recorded(bench.m, record(who, 'o', { job: 'j1', basis: held }));

      expect(await states()).toEqual([]);
    });

    test('a submission that was withdrawn leaves', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const basis = await recorded(bench.m, record(who, 's'));

      await recorded(bench.m, record(who, 'n', { basis, withdraw: true }));

      expect(await states()).toEqual([]);
    });

    test('it tells the time that the write names, or when it was written', async () => {
      const who = attempt(1);
      await begin(bench.m, who, {}, OTHER);
      await begin(bench.m, who);
      const before = await bench.m.now({});
      const json = JSON.stringify({ idempotencyKey: 'm0', previous: [], firstSentAt: before - 5_000 });

      await recorded(bench.m, record(who, 's', { json, since: before - 5_000 }));
      await recorded(bench.m, record(who, 's'), OTHER);

      const since = new Map((await open()).map((job) => [job.path, job.since]));
      expect(since.get(SCOPE.path)).toBe(before - 5_000);
      expect(since.get(OTHER.path)).toBeGreaterThanOrEqual(before);
    });

    test('only the states that are asked for come', async () => {
      const who = attempt(1);
      await begin(bench.m, who, {}, OTHER);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 's'));
      await recorded(bench.m, record(who, 'f', { job: 'j1' }), OTHER);

      expect(await open(['submitted', 'ambiguous'])).toEqual([]);
      expect((await open(['failed'])).map(({ path }) => path)).toEqual([OTHER.path]);
      expect(await open([])).toEqual([]);
    });

    test('an orphan is there from the step that lists it until it is forgotten', async () => {
      const orphan = { name: RECORD, idDigest: digest('j1') };
      await bench.m.orphans.add(SCOPE, { ...orphan, json: '{"externalId":"j1"}' }, {});
      expect(await open()).toMatchObject([{ path: SCOPE.path, name: `${RECORD}:${digest('j1')}`, state: 'orphan' }]);

      await bench.m.orphans.forget(SCOPE, orphan, {});

      expect(await open()).toEqual([]);
    });

    test('a job that a submission replaces is an orphan in the same step', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const basis = await recorded(bench.m, record(who, 'e', { job: 'j1' }));
      const replaces = { idDigest: digest('j1'), json: '{"externalId":"j1"}' };

      await recorded(bench.m, record(who, 's', { basis, replaces, submission: 2 }));

      expect((await states()).sort()).toEqual(['orphan', 'submitting']);
    });

    test('an orphan that a record holds again leaves', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await bench.m.orphans.add(SCOPE, { name: RECORD, idDigest: digest('j1'), json: '{"externalId":"j1"}' }, {});

      await recorded(bench.m, record(who, 'e', { job: 'j1' }));

      expect(await states()).toEqual(['submitted']);
    });

    test("a person's answer moves the job", async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const basis = await recorded(bench.m, record(who, 'a'));
      const { withdraw: _no, resent: _not, ...adopted } = record(tool(), 'e', { job: 'j1' });

      await bench.m.records.answer(SCOPE, { ...adopted, basis }, {});

      expect(await states()).toEqual(['submitted']);
    });

    test('a wiped scope leaves its running job as an orphan', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j1' }));

      await bench.m.scopes.clear(SCOPE, tool().next(), {});

      expect(await states()).toEqual(['orphan']);
    });

    test('what was refused changes no place', async () => {
      const [old, newer] = [attempt(1), attempt(2)];
      await begin(bench.m, old);
      const basis = await recorded(bench.m, record(old, 'e', { job: 'j1' }));
      await begin(bench.m, newer);

      const reply = await bench.m.records.write(SCOPE, record(old, 'f', { job: 'j1', basis }), {});

      expect([reply.kind, await states()]).toEqual(['stale', ['submitted']]);
    });

    test('a record that expired is not there once the scope was indexed again', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j1', retention: 60_000 }));
      await bench.advance(61_000);

      await bench.m.jobs.index(SCOPE, [RECORD], {});

      expect(await states()).toEqual([]);
    });

    test('indexing a scope again changes nothing that is right', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j1' }));
      await bench.m.orphans.add(SCOPE, { name: RECORD, idDigest: digest('j2'), json: '{"externalId":"j2"}' }, {});
      const before = (await open()).map((job) => JSON.stringify(job)).sort();

      await bench.m.jobs.index(SCOPE, [RECORD, `${RECORD}:${digest('j2')}`, 'none'], {});

      expect((await open()).map((job) => JSON.stringify(job)).sort()).toEqual(before);
    });
  });

  describe('the history of a record', () => {
    const json = JSON.stringify({ idempotencyKey: 'm0', externalId: 'a "quoted",\u2028 text', previous: [] });
    const first = '{"events":[[1,"submitted",1,1]]}';

    test.each(['a first one', 'another one'])('%s is written without another version of the record', async (which) => {
      const who = attempt(1);
      await begin(bench.m, who);
      const start = which === 'a first one' ? json : `${json.slice(0, -1)},\n"history":${first}}`;
      const basis = await recorded(bench.m, record(who, 'e', { job: 'j1', json: start }));
      const history = '{"events":[],"poll":{"at":2,"state":"active","count":1,"progress":{"history":"x"}}}';

      await bench.m.records.refresh(SCOPE, { name: RECORD, basis, retention: 60_000, history }, {});

      const [raw] = (await bench.m.scopes.inspect(SCOPE, {})).records;
      const text = raw?.text ?? '';
      expect(text).toContain(basis);
      // It takes the place of an earlier one: a record does not grow with each poll.
      expect(text.split('"poll"')).toHaveLength(2);
      expect(text).not.toContain('submitted');
      expect(JSON.parse(text.slice(text.indexOf('{')))).toEqual({ ...JSON.parse(json), history: JSON.parse(history) });
    });

    test('a record that was written again keeps its own', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const stale = writeIdText(who.next());
      await recorded(bench.m, record(who, 'e', { job: 'j1', json }));

      await bench.m.records.refresh(SCOPE, { name: RECORD, basis: stale, retention: 60_000, history: first }, {});

      expect((await bench.m.scopes.inspect(SCOPE, {})).records[0]?.text).not.toContain('history');
    });
  });

  describe('what was not run twice', () => {
    test('is summed by day and by currency', async () => {
      await bench.m.savings.add('2026-12-01', { time: 1_000, cost: { amount: 0.25, currency: 'EUR' } }, {});
      await bench.m.savings.add('2026-12-01', { time: 500.4, cost: { amount: 1, currency: 'EUR' } }, {});
      await bench.m.savings.add('2026-12-01', { time: 0, cost: { amount: 2, currency: 'USD' } }, {});
      await bench.m.savings.add('2026-12-02', { time: 7 }, {});

      expect(await bench.m.savings.read('2026-12-01', {})).toEqual({ reconnects: 3, time: 1_500, costs: { EUR: 1.25, USD: 2 } });
      expect(await bench.m.savings.read('2026-12-02', {})).toEqual({ reconnects: 1, time: 7, costs: {} });
      expect(await bench.m.savings.read('2026-12-03', {})).toEqual({ reconnects: 0, time: 0, costs: {} });
    });
  });
}
