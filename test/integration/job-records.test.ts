import { scopePath } from '../../src/format/path.ts';
import { describe, expect, test } from '@jest/globals';
import {
  ConfigError,
  CorruptEntryError,
  jobRecords,
  NotSubmittedError,
  VersionConflictError,
  type JobRecord,
  type Orphan,
  type StateStore,
  type TaskScope,
} from '../../src/index.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { fakeClock, memoryStateStore } from '../../src/testing.ts';
import { externalSystem, type ExternalSystemOptions } from '../support/external-system.ts';
import { TASK, testRuntime } from '../support/runtime.ts';

function setting(options: Partial<ExternalSystemOptions> = {}) {
  const clock = fakeClock();
  const store = memoryStateStore({ clock });
  return {
    clock,
    store,
    system: externalSystem({ clock, activeLooks: 1, ...options }),
    task: testRuntime(store),
    records: jobRecords(store),
  };
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}

async function get(store: StateStore, scope: TaskScope = TASK): Promise<JobRecord> {
  const record = await jobRecords(store).get(scope);
  if (!record) throw new Error('there is no record');
  return record;
}

/** A record whose submit is unresolved, by an attempt that was killed. */
async function unresolved(options: Partial<ExternalSystemOptions> = {}) {
  const parts = setting(options);
  await parts.task.attempt((ctx) => ctx.run(parts.system.job(), 'clip'), { killAt: 'G5' }).catch(() => undefined);
  return parts;
}

/** A record that waits for a person. */
async function ambiguous() {
  const parts = await unresolved();
  await parts.task.attempt((ctx) => ctx.run(parts.system.job(), 'clip')).catch(() => undefined);
  parts.clock.advance('10s');
  return parts;
}

describe('what is shown', () => {
  test('a record in each state', async () => {
    const { clock, store, system, task } = await unresolved();
    const { key } = system.jobs[0]!;
    const job = `flow/run/task/-1@${task.createdAt.getTime()}`;
    const shared = {
      scope: TASK,
      externalIdKey: 'external_job_id',
      name: undefined,
      job,
      submission: 1,
      idempotencyKey: key,
      previous: [],
      description: undefined,
      holder: expect.stringMatching(/^attempt 1, host .+, process \d+, since /),
      lastPoll: undefined,
    };
    const events = (...kinds: readonly string[]) => ({
      history: kinds.map((kind): unknown => expect.objectContaining({ kind })),
    });
    const sentAt = new Date(clock.now());
    const deadline = new Date(clock.now() + 60_000);
    expect(await get(store)).toEqual({
      ...shared,
      ...events('submitted'),
      state: 'submitting',
      deadline,
      since: sentAt,
      version: expect.any(String),
    });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(() => undefined);
    expect(await get(store)).toEqual({
      ...shared,
      ...events('submitted', 'ambiguous'),
      holder: expect.stringContaining('attempt 2'),
      state: 'ambiguous',
      since: sentAt,
      version: expect.any(String),
    });
    clock.advance('10s');
    await jobRecords(store).adopt(await get(store), 'job-1');
    expect(await get(store)).toEqual({
      ...shared,
      ...events('submitted', 'ambiguous', 'adopted'),
      holder: expect.stringContaining('attempt 2'),
      state: 'submitted',
      externalId: 'job-1',
      since: new Date(clock.now()),
      version: expect.any(String),
    });
    system.end('job-1', { state: 'failed', reason: 'oom', retryable: false });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(() => undefined);
    expect(await get(store)).toMatchObject({
      ...shared,
      ...events('submitted', 'ambiguous', 'adopted', 'reconnected', 'failed'),
      holder: expect.stringContaining('attempt 3'),
      lastPoll: { state: 'failed', count: 1 },
      state: 'failed',
      externalId: 'job-1',
      reason: 'oom',
    });
    await jobRecords(store).reopen(await get(store));
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await get(store)).toMatchObject({
      state: 'succeeded',
      externalId: 'job-2',
      submission: 2,
      previous: [{ submission: 1, externalId: 'job-1', idempotencyKey: key }],
    });
  });

  test('nothing where there is no record, or none is open', async () => {
    const { store, task, system, records } = setting();
    expect(await records.get(TASK)).toBeUndefined();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
    expect(await records.get(TASK, 'another')).toBeUndefined();
    await store.task(TASK).clear();

    expect(await records.get(TASK)).toBeUndefined();
    expect(await all(records.list())).toEqual([]);
  });

  test('lists by state, flow and age', async () => {
    const { clock, store, system, records } = setting();
    const long = 'k'.repeat(300);
    const scopes: TaskScope[] = [
      { flow: 'a', run: '1', task: 't' },
      { flow: 'ab', run: 'r'.repeat(300), task: 't', itemKey: 'x' },
    ];
    for (const [index, scope] of scopes.entries()) {
      const attempt = await testRuntime(store).start({ scope });
      await attempt.context.run(system.job({ externalIdKey: long }), `input ${index}`);
      await attempt.context.submit(system.job(), `input ${index}`);
      clock.advance('1h');
    }
    const shown = async (options: Parameters<typeof records.list>[0]) =>
      (await all(records.list(options)))
        .map(({ scope, externalIdKey, state }) => [scope.flow, externalIdKey.length, state])
        .sort((a, b) => (a.join() < b.join() ? -1 : 1));
    const every = [
      ['a', 15, 'submitted'],
      ['a', 300, 'succeeded'],
      ['ab', 15, 'submitted'],
      ['ab', 300, 'succeeded'],
    ];

    expect(await shown({})).toEqual(every);
    expect(await shown({ state: 'submitted' })).toEqual([every[0], every[2]]);
    expect(await shown({ flow: 'a' })).toEqual([every[0], every[1]]);
    expect(await shown({ olderThan: '90m' })).toEqual([every[0], every[1]]);
  });

  test('names that became digests come back whole', async () => {
    const { clock, store, system, records } = setting();
    const long = 'k'.repeat(300);
    const scopes: TaskScope[] = [
      { flow: 'a', run: '1', task: 't' },
      { flow: 'ab', run: 'r'.repeat(300), task: 't', itemKey: 'x' },
    ];
    for (const [index, scope] of scopes.entries()) {
      const attempt = await testRuntime(store).start({ scope });
      await attempt.context.run(system.job({ externalIdKey: long }), `input ${index}`);
      await attempt.context.submit(system.job(), `input ${index}`);
      clock.advance('1h');
    }
    const digest = (await all(records.list({ flow: 'ab', state: 'succeeded' })))[0]!;

    expect(digest.scope).toEqual(scopes[1]);
    expect(await records.get(digest.scope, digest.externalIdKey)).toEqual(digest);
  });

  test('a record of a newer format, or a damaged one, is a typed error', async () => {
    const { store, system, task } = setting();
    await (await task.start()).context.submit(system.job(), 'clip');
    const { metastore } = internalsOf(store);
    const { inspect } = metastore.scopes;

    for (const spoil of [(text: string) => `2${text.slice(1)}`, (text: string) => text.slice(0, 130)]) {
      metastore.scopes.inspect = async (...args) => {
        const seen = await inspect(...args);
        return { ...seen, records: seen.records.map(({ name, text }) => ({ name, text: spoil(text) })) };
      };
      await expect(jobRecords(store).get(TASK)).rejects.toBeInstanceOf(CorruptEntryError);
    }
  });
});

test('a record or an orphan that cannot be read is logged and left out of the lists', async () => {
  const lines: unknown[] = [];
  const say = (fields: object): void => void lines.push(fields);
  const clock = fakeClock();
  const store = memoryStateStore({ clock, logger: { debug: say, info: say, warn: say, error: say } });
  const system = externalSystem({ clock, activeLooks: 1 });
  const scopes = ['p', 'q', 'r'].map((task) => ({ ...TASK, task }));
  for (const scope of scopes) {
    const { context } = await testRuntime(store).start({ scope });
    await context.submit(system.job(), 'clip');
    await context.submit(system.job({ externalIdKey: 'cleared' }), 'clip');
  }
  const { metastore } = internalsOf(store);
  const { inspect } = metastore.scopes;
  metastore.scopes.inspect = async (address, call) => {
    const seen = await inspect(address, call);
    if (!address.path.includes('/q/'))
      return { ...seen, orphans: seen.records.map((raw) => ({ ...raw, idDigest: '', text: '5 {"externalId":1}' })) };
    const spoilt = seen.records.map((raw) => ({ ...raw, idDigest: '', text: `2${raw.text.slice(1)}` }));
    return { ...seen, records: spoilt, orphans: spoilt };
  };
  metastore.jobs.open = async function* () {
    yield scopes.map((scope) => ({ path: scopePath(scope), name: 'external_job_id:', state: 'orphan', since: 5 }) as const);
  };
  const tasksOf = (listed: readonly { scope: TaskScope }[]): string[] =>
    [...new Set(listed.map(({ scope }) => scope.task))].sort();
  expect(tasksOf(await all(jobRecords(store).list()))).toEqual(['p', 'r']);
  expect(tasksOf(await all(jobRecords(store).orphans()))).toEqual(['p', 'r']);
  const told = lines.filter((line) => (line as { code?: string }).code === 'mooring.corrupt-entry');

  expect(told).toHaveLength(4);
  expect(told[0]).toMatchObject({ path: 'flow/run/q/-1', key: 'external_job_id' });
});

describe('a person’s answer', () => {
  test('adopted: the next attempt reconnects to that job', async () => {
    const { store, system, task, records } = await ambiguous();
    await records.adopt(await get(store), 'job-1');

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
  });

  test('adopted: the attempt that waits for the job describes it', async () => {
    const { store, system, task, records } = await ambiguous();
    await records.adopt(await get(store), 'job-1');
    const job = { ...system.job(), describe: (id: string) => ({ title: `Clip ${id}` }) };

    await task.attempt((ctx) => ctx.run(job, 'clip'));

    expect((await get(store)).description).toEqual({ title: 'Clip job-1' });
  });

  test('not submitted: the next attempt opens the next submission, which keeps the unresolved key', async () => {
    const { store, system, task, records } = await ambiguous();
    const { idempotencyKey } = await get(store);
    await records.markNotSubmitted(await get(store));
    expect(await records.get(TASK)).toBeUndefined();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(await get(store)).toMatchObject({
      submission: 2,
      previous: [{ submission: 1, idempotencyKey, externalId: undefined }],
    });
  });

  test('not submitted is believed where the state was lost, too', async () => {
    const { clock, store, system, records } = setting();
    const task = testRuntime(store, { createdAt: new Date(clock.now()) });
    await task.start();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip')).catch(() => undefined);
    clock.advance('70s');
    await records.markNotSubmitted(await get(store));

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });

  test('holds for every submission that comes after it', async () => {
    const { clock, store, system, records } = setting();
    const task = testRuntime(store, { createdAt: new Date(clock.now()) });
    await task.start();
    const attempt = (overrides: Parameters<typeof system.job>[0] = {}) =>
      task.attempt((ctx) => ctx.run(system.job(overrides), 'clip')).catch((error: unknown) => (error as { code: string }).code);
    const busy = { submit: () => Promise.reject(new NotSubmittedError('429')) };
    const failing = { getStatus: async () => ({ state: 'failed', reason: 'oom' }) as const };
    expect(await attempt()).toBe('mooring.ambiguous-submit');
    clock.advance('70s');
    await records.markNotSubmitted(await get(store));

    expect(await attempt(busy)).toBe('mooring.not-submitted');
    expect(await attempt(failing)).toBe('mooring.external-job-failed');
    expect(await attempt(busy)).toBe('mooring.not-submitted');
    expect(await attempt(failing)).toBe('mooring.external-job-failed');
    expect(await attempt()).toBe('result of job-3');
  });

  test('is waited for however long', async () => {
    const { clock, system, task } = await ambiguous();

    clock.advance('400d');

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toMatchObject({
      code: 'mooring.ambiguous-submit',
    });
  });

  test('goes on in a record that is kept as long as others', async () => {
    const { clock, store, records } = await ambiguous();
    clock.advance('400d');
    await records.adopt(await get(store), 'job-1');
    clock.advance('31d');

    expect(await records.get(TASK)).toBeUndefined();
  });

  test.each([
    ['submitting', () => unresolved()],
    [
      'ambiguous after a loss',
      async () => {
        const parts = setting();
        const task = testRuntime(parts.store, { createdAt: new Date(parts.clock.now()) });
        await task.start();
        await task.attempt((ctx) => ctx.run(parts.system.job(), 'clip')).catch(() => undefined);
        return parts;
      },
    ],
  ])('is refused before the deadline and the lag: %s', async (_name, make) => {
    const { clock, store, records } = await make();
    const record = await get(store);
    await expect(records.adopt(record, 'job-1')).rejects.toBeInstanceOf(ConfigError);
    clock.advance(69_999);
    await expect(records.markNotSubmitted(record)).rejects.toBeInstanceOf(ConfigError);
    expect(await get(store)).toEqual(record);
    clock.advance(1);
    await records.adopt(record, 'job-1');

    expect(await get(store)).toMatchObject({ state: 'submitted' });
  });

  test('is refused where the record changed meanwhile', async () => {
    const { store, records } = await ambiguous();
    const record = await get(store);
    await records.adopt(record, 'job-1');
    const current = await get(store);
    await expect(records.markNotSubmitted(record)).rejects.toMatchObject({
      code: 'mooring.version-conflict',
      current: current.version,
    });
    await expect(records.adopt(record, 'job-2')).rejects.toBeInstanceOf(VersionConflictError);
    expect(await get(store)).toEqual(current);
    await store.task(TASK).clear();

    await expect(records.adopt(record, 'job-2')).rejects.toBeInstanceOf(VersionConflictError);
  });

  test('is refused where it makes no sense, before anything is read', async () => {
    const { store, system, task, records } = setting();
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
    const succeeded = await get(store);
    await expect(records.adopt(succeeded, 'x')).rejects.toMatchObject({ code: 'mooring.config', option: 'record' });
    await expect(records.markNotSubmitted(succeeded)).rejects.toBeInstanceOf(ConfigError);
    await expect(records.reopen(succeeded)).rejects.toBeInstanceOf(ConfigError);
    const { store: other, records: others } = await ambiguous();

    await expect(others.adopt(await get(other), null)).rejects.toMatchObject({ option: 'externalId' });
    await expect(others.reopen(await get(other))).rejects.toBeInstanceOf(ConfigError);
  });
});

describe('orphans', () => {
  test('are listed with their scope and key', async () => {
    const { store, system, task, records } = setting();
    const long = 'k'.repeat(300);
    const attempt = await task.start();
    await attempt.context.submit(system.job(), 'a');
    await attempt.context.submit(
      system.job({ externalIdKey: long, submit: async () => ({ b: 1, a: 2 }) as unknown as string }),
      'b',
    );
    await store.task(TASK).clear();
    const byKey = (a: Orphan, b: Orphan): number => a.externalIdKey.length - b.externalIdKey.length;

    const orphans = (await all(records.orphans())).sort(byKey);

    expect(orphans).toEqual([
      { scope: TASK, externalIdKey: 'external_job_id', externalId: 'job-1', since: expect.any(Date) },
      { scope: TASK, externalIdKey: long, externalId: { a: 2, b: 1 }, since: expect.any(Date) },
    ]);
  });

  test('are forgotten one by one', async () => {
    const { store, system, task, records } = setting();
    const long = 'k'.repeat(300);
    const attempt = await task.start();
    await attempt.context.submit(system.job(), 'a');
    await attempt.context.submit(
      system.job({ externalIdKey: long, submit: async () => ({ b: 1, a: 2 }) as unknown as string }),
      'b',
    );
    await store.task(TASK).clear();
    const byKey = (a: Orphan, b: Orphan): number => a.externalIdKey.length - b.externalIdKey.length;
    const orphans = (await all(records.orphans())).sort(byKey);
    await records.forget(orphans[1]!);
    expect(await all(records.orphans())).toEqual([orphans[0]]);
    await records.forget(orphans[0]!);
    await records.forget(orphans[0]!);

    expect(await all(records.orphans())).toEqual([]);
  });
});
