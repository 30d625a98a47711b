import { describe, expect, test } from '@jest/globals';
import {
  all,
  attempt,
  begin,
  digest,
  openOn,
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

/** Orphans, and what operators see. */
export function operatorsContract(bench: Bench): void {
  const orphan = (job: string) => ({ name: RECORD, idDigest: digest(job), json: JSON.stringify({ externalId: job }) });

  describe('orphans', () => {
    test('an external job that no record holds is listed, with the time', async () => {
      const before = await bench.m.now({});

      expect(await bench.m.orphans.add(SCOPE, orphan('j1'), {})).toBe('listed');

      const [found] = (await bench.m.scopes.inspect(SCOPE, {})).orphans;
      expect(found).toMatchObject({ name: RECORD, idDigest: digest('j1') });
      expect(Number(found?.text.slice(0, 13))).toBeGreaterThanOrEqual(before);
      expect(found?.text.slice(14)).toBe('{"externalId":"j1"}');
    });

    test.each(['e', 'o', 'f'] as const)('† one that the record holds is not listed (%s)', async (letter) => {
      const who = attempt(1);
      await begin(bench.m, who);

      await recorded(bench.m, record(who, letter, { job: 'j1' }));

      expect(await bench.m.orphans.add(SCOPE, orphan('j1'), {})).toBe('held');
      expect(await bench.m.orphans.add(SCOPE, orphan('j2'), {})).toBe('listed');
      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toHaveLength(1);
    });

    test.each(['e', 'o', 'f'] as const)('† any write of an ID takes it off the list in the same script (%s)', async (letter) => {
      const who = attempt(1);
      await begin(bench.m, who);
      await bench.m.orphans.add(SCOPE, orphan('j1'), {});
      await bench.m.orphans.add(SCOPE, orphan('j2'), {});

      await recorded(bench.m, record(who, letter, { job: 'j1' }));

      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans.map((one) => one.idDigest)).toEqual([digest('j2')]);
    });

    test("so does a person's answer that adopts it", async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      const basis = await recorded(bench.m, record(who, 'a'));
      await bench.m.orphans.add(SCOPE, orphan('j1'), {});
      const { withdraw: _no, resent: _not, ...adopted } = record(tool(), 'e', { job: 'j1' });

      await bench.m.records.answer(SCOPE, { ...adopted, basis }, {});

      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toEqual([]);
    });

    test('listed again it keeps its first time', async () => {
      await bench.m.orphans.add(SCOPE, orphan('j1'), {});
      const [first] = (await bench.m.scopes.inspect(SCOPE, {})).orphans;
      await bench.advance(60_000);

      await bench.m.orphans.add(SCOPE, orphan('j1'), {});

      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toEqual([first]);
    });

    test('can be forgotten twice', async () => {
      await bench.m.orphans.add(SCOPE, orphan('j1'), {});
      const [found] = (await bench.m.scopes.inspect(SCOPE, {})).orphans;
      if (!found) throw new Error('none');
      await bench.m.orphans.forget(SCOPE, found, {});

      await bench.m.orphans.forget(SCOPE, found, {});

      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toEqual([]);
    });

    test('it outlives the record', async () => {
      const who = attempt(1);
      await begin(bench.m, who);
      await recorded(bench.m, record(who, 'e', { job: 'j2', retention: 60_000 }));
      await bench.m.orphans.add(SCOPE, orphan('j1'), {});

      await bench.advance(29 * 24 * 3_600_000);

      expect(await recordNow(bench.m)).toBeUndefined();
      expect((await bench.m.scopes.inspect(SCOPE, {})).orphans).toHaveLength(1);
    });
  });

  describe('scopes', () => {
    test('C68 are found by the beginning of their path, in this namespace alone', async () => {
      const paths = ['f/r/t1/-1', 'f/r/t1/0', 'f/r/t10/-1', 'g/r/t1/-1', 'assets/a', 'assets/ab'];
      for (const path of paths) await write(bench.m, tool(), put('k', 1), {}, { path });
      await write(openOn(bench.rig, `${bench.namespace}-other`), tool(), put('k', 1), {}, { path: 'f/r/t1/7' });
      const found = async (prefix: string): Promise<string[]> =>
        [...new Set(await all(bench.m.scopes.paths(prefix, {})))].toSorted();

      expect(await found('')).toEqual(paths.toSorted());
      expect(await found('f/r/t1/')).toEqual(['f/r/t1/-1', 'f/r/t1/0']);
      expect(await found('f/r/t1')).toEqual(['f/r/t1/-1', 'f/r/t1/0', 'f/r/t10/-1']);
    });

    test('hundreds are all found', async () => {
      const paths = Array.from({ length: 300 }, (_, at) => `flow/run/task/${at}`);

      await Promise.all(paths.map((path) => write(bench.m, tool(), put('k', 1), {}, { path })));

      expect([...new Set(await all(bench.m.scopes.paths('flow/run/', {})))].toSorted()).toEqual(paths.toSorted());
    });

    test('a scope is recorded where its path does not tell it', async () => {
      const scope = { path: 'sha256=aa/run/task/-1', recorded: '{"flow":"long"}' };

      await write(bench.m, tool(), put('k', 1), {}, scope);

      expect((await bench.m.scopes.inspect(scope, {})).recorded).toBe('{"flow":"long"}');
      expect((await bench.m.scopes.inspect(SCOPE, {})).recorded).toBeUndefined();
    });

    test('an operation on one namespace does not touch another', async () => {
      const other = openOn(bench.rig, `${bench.namespace}-other`);
      await write(bench.m, tool(), put('k', 1));
      await write(other, tool(), put('k', 2));

      await other.scopes.clear(SCOPE, tool().next(), {});

      expect(await value(bench.m, 'k')).toBe(1);
      expect(await value(other, 'k')).toBeUndefined();
    });
  });

  describe('a text of a newer format', () => {
    const foreign = '2? something that only a newer version reads';

    test('is handed out unchanged, for its reader to refuse', async () => {
      await write(bench.m, tool(), put('k', 1));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'e:k', foreign);

      await bench.rig.tamper(bench.namespace, SCOPE.path, `r:${RECORD}`, foreign);

      expect(await bench.m.values.read(SCOPE, ['k'], {})).toMatchObject([{ text: foreign }]);
      expect(await all(bench.m.values.list(SCOPE, {}))).toEqual([{ name: 'k', text: foreign }]);
      expect((await bench.m.scopes.inspect(SCOPE, {})).records).toEqual([{ name: RECORD, text: foreign }]);
    });

    test('is never overwritten, nor cleared', async () => {
      await write(bench.m, tool(), putRef('k', 'n/f/r/t/k/1.gz'));
      await bench.rig.tamper(bench.namespace, SCOPE.path, 'e:k', foreign);
      await bench.rig.tamper(bench.namespace, SCOPE.path, `r:${RECORD}`, foreign);
      const who = attempt(1);
      await begin(bench.m, who);
      const before = await bench.rig.stored(bench.namespace, SCOPE.path);
      const corrupt = { code: 'mooring.corrupt-entry', message: expect.stringContaining(SCOPE.path) };

      await expect(write(bench.m, tool(), put('k', 1))).rejects.toMatchObject(corrupt);
      await expect(bench.m.records.write(SCOPE, record(who, 's'), {})).rejects.toMatchObject(corrupt);
      await expect(bench.m.scopes.clear(SCOPE, tool().next(), {})).rejects.toMatchObject(corrupt);
      await expect(bench.m.orphans.add(SCOPE, orphan('j1'), {})).rejects.toMatchObject(corrupt);
      expect(await bench.rig.stored(bench.namespace, SCOPE.path)).toEqual(before);
    });
  });

  describe('a signal', () => {
    test('that has aborted stops a call before anything is sent', async () => {
      const reason = new Error('stop');
      const signal = AbortSignal.abort(reason);

      await expect(bench.m.values.read(SCOPE, ['k'], { signal })).rejects.toBe(reason);

      const id = tool().next();
      const request = { id, fenced: false, began: Date.now() + bench.rig.shift(), changes: [put('k', 1)], resent: false };
      await expect(bench.m.values.write(SCOPE, request, { signal })).rejects.toBe(reason);
      expect(await value(bench.m, 'k')).toBeUndefined();
    });
  });

  test('the time that is known without asking never runs ahead of the server', async () => {
    const known = await bench.m.now({});

    const reply = await write(bench.m, tool(), put('k', 1));

    expect((reply as { now: number }).now).toBeGreaterThanOrEqual(known);
    expect(await bench.m.now({})).toBeGreaterThanOrEqual((reply as { now: number }).now);
  });

  test('ready() resolves where the server can be used', async () => {
    await expect(bench.m.ready({})).resolves.toBeUndefined();
  });
}
