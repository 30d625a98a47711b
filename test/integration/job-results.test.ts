import { describe, expect, jest, test } from '@jest/globals';
import {
  CorruptEntryError,
  externalJob,
  jobRecords,
  MissingObjectError,
  type Logger,
  type ObjectStore,
} from '../../src/index.ts';
import { fakeClock, memoryMetastore, memoryObjectStore, memoryStateStore } from '../../src/testing.ts';
import { gcm } from '../contract/state-store-stream-parts.ts';
import { externalSystem } from '../support/external-system.ts';
import { interceptObjectStore } from '../support/intercept.ts';
import { TASK, testRuntime } from '../support/runtime.ts';

/** What becomes of results: stored with the record, asked for again, or nothing. */

function setting(options: Parameters<typeof memoryStateStore>[0] = {}) {
  const clock = fakeClock();
  const store = memoryStateStore({ clock, ...options });
  return { clock, store, system: externalSystem({ clock, activeLooks: 1 }), task: testRuntime(store) };
}

async function twice(result: unknown, overrides: object = {}, options: Parameters<typeof memoryStateStore>[0] = {}) {
  const { system, task, store } = setting(options);
  const getResult = jest.fn(async () => result);
  const job = system.job({ getResult, ...overrides });
  const results = [await task.attempt((ctx) => ctx.run(job, 'clip')), await task.attempt((ctx) => ctx.run(job, 'clip'))];
  return { results, asked: getResult.mock.calls.length, store };
}

describe('a result', () => {
  test.each([[{ url: 'x', seconds: 3 }], ['text'], [0], [false], [''], [[]], [new Uint8Array([1, 2])]])(
    '%p is stored once and returned again',
    async (result) => {
      const { results, asked } = await twice(result);

      expect(results).toEqual([result, result]);
      expect(asked).toBe(1);
    },
  );

  test.each([0, 200_000])('of a Buffer comes back as one: of %i bytes', async (size) => {
    const { results, asked } = await twice(Buffer.alloc(size, 'video'), {}, { objectStore: memoryObjectStore() });

    expect(results.map((result) => Buffer.isBuffer(result))).toEqual([true, true]);
    expect(Buffer.compare(results[0] as Buffer, results[1] as Buffer)).toBe(0);
    expect(asked).toBe(1);
  });

  test('of a Uint8Array does not become a Buffer', async () => {
    const { results } = await twice(new Uint8Array([1, 2]));

    expect(results.map((result) => Buffer.isBuffer(result))).toEqual([false, false]);
  });

  test('of a job that has no getResult is written down, also if the run is stopped just then', async () => {
    const stop = new AbortController();
    const { system, task, store } = setting({
      onEvent: (event) => void (event.type === 'decision' && event.decision === 'already-succeeded' && stop.abort()),
    });
    const { getResult: _none, ...job } = system.job({ getStatus: async () => ({ state: 'succeeded' }) });
    await task.attempt((ctx) => ctx.submit(job, 'clip'));

    await expect(task.attempt((ctx) => ctx.run(job, 'clip', { signal: stop.signal }))).resolves.toBeUndefined();
    expect(await jobRecords(store).get(TASK)).toMatchObject({ state: 'succeeded' });
  });

  test('of undefined is one, too', async () => {
    const { results, asked } = await twice(undefined);

    expect(results).toEqual([undefined, undefined]);
    expect(asked).toBe(1);
  });

  test.each([
    ['null', null],
    ['a Date', new Date(0)],
    ['a Map', new Map([[1, 2]])],
    ['NaN', { rate: Number.NaN }],
  ])('of %s is not JSON: asked for again rather than changed on the way', async (_name, result) => {
    const { results, asked } = await twice(result);

    expect(results).toEqual([result, result]);
    expect(asked).toBe(2);
  });

  test('above maxValueBytes is asked for again', async () => {
    const { results, asked } = await twice('x'.repeat(200), {}, { maxValueBytes: 100 });

    expect(results).toEqual(['x'.repeat(200), 'x'.repeat(200)]);
    expect(asked).toBe(2);
  });

  test('with rememberResult false is asked for again', async () => {
    expect(await twice('x', { rememberResult: false })).toMatchObject({ results: ['x', 'x'], asked: 2 });
  });

  test('there is none where getResult is left out', async () => {
    const { task } = setting();
    const job = externalJob({ submit: async (_: string) => 1, getStatus: async () => ({ state: 'succeeded' }) });

    expect(await task.attempt((ctx) => ctx.run(job, 'x'))).toBeUndefined();
    expect(await task.attempt((ctx) => ctx.run(job, 'x'))).toBeUndefined();
  });

  test('that is large is offloaded out of reach of the task’s own keys', async () => {
    const objectStore = memoryObjectStore();
    const large = { text: 'x'.repeat(100_000) };
    const { results, asked, store } = await twice(large, {}, { objectStore });
    expect(results).toEqual([large, large]);
    expect(asked).toBe(1);
    expect(store.events.map(({ type }) => type)).toContain('offload');
    const keys: string[] = [];
    for await (const { key } of store.task(TASK).entries()) keys.push(key);

    expect(keys).toEqual([]);
  });

  test('whose object is gone is asked for again', async () => {
    const objectStore = memoryObjectStore();
    const { system, store, task } = setting({ objectStore, offloadThreshold: 0 });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
    for await (const { key } of objectStore.list('')) await objectStore.delete([key]);

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(store.events.map(({ type }) => type)).toContain('missing-object');
  });

  test('whose object is gone is missing without getResult', async () => {
    const objectStore = memoryObjectStore();
    const { system, task } = setting({ objectStore, offloadThreshold: 0 });
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));
    for await (const { key } of objectStore.list('')) await objectStore.delete([key]);
    const { getResult: _, ...without } = system.job();

    await expect(task.attempt((ctx) => ctx.run(externalJob(without), 'clip'))).rejects.toBeInstanceOf(MissingObjectError);
  });

  test('that is larger than maxValueBytes is now is asked for again', async () => {
    const parts = { objectStore: memoryObjectStore(), metastore: memoryMetastore(), clock: fakeClock() };
    const bytes = new Uint8Array(200_000).fill(3);
    const { system, task } = setting(parts);
    expect(await task.attempt((ctx) => ctx.run(system.job({ getResult: async () => bytes }), 'clip'))).toEqual(bytes);
    const lowered = testRuntime(memoryStateStore({ ...parts, maxValueBytes: 1_000 }));
    // Attempts are counted from 1: this one comes after those of the other runtime.
    await lowered.start();

    expect(await lowered.attempt((ctx) => ctx.run(system.job({ getResult: async () => 'again' }), 'clip'))).toBe('again');
  });

  test('is encrypted like other values, bound to its place', async () => {
    const parts = { objectStore: memoryObjectStore(), metastore: memoryMetastore(), clock: fakeClock(), offloadThreshold: 0 };
    const { system, task } = setting({ ...parts, encryption: gcm() });
    const result = { url: 'https://farm.example/secret.mp4' };
    const job = system.job({ getResult: async () => result });
    await task.attempt((ctx) => ctx.run(job, 'clip'));
    for await (const { key } of parts.objectStore.list('')) {
      expect(Buffer.from((await parts.objectStore.get(key)) as Uint8Array).toString('latin1')).not.toContain('secret');
    }
    const { getResult: _, ...recorded } = job;
    expect(await task.attempt((ctx) => ctx.run(externalJob(recorded), 'clip'))).toEqual(result);
    const { createdAt } = task;
    const other = testRuntime(memoryStateStore({ ...parts, encryption: gcm('gcm', new Uint8Array(32)) }), { createdAt });
    for (let earlier = 0; earlier < 2; earlier += 1) await other.start();

    await expect(other.attempt((ctx) => ctx.run(externalJob(recorded), 'clip'))).rejects.toBeInstanceOf(CorruptEntryError);
    expect(system.jobs).toHaveLength(1);
  });

  test('that cannot be put fails the attempt but loses no job', async () => {
    let broken = true;
    const objectStore: ObjectStore = interceptObjectStore(memoryObjectStore(), ({ method }, proceed) =>
      broken && method === 'put' ? Promise.reject(new Error('503')) : proceed(),
    );
    const { system, task } = setting({ objectStore, offloadThreshold: 0 });
    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toMatchObject({
      code: 'mooring.store-unavailable',
    });
    broken = false;

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
  });

  test('that cannot be fetched fails the attempt but ends no job', async () => {
    const { system, task } = setting();
    const job = system.job({ getResult: () => Promise.reject(new Error('503')) });
    await expect(task.attempt((ctx) => ctx.run(job, 'clip'))).rejects.toThrow('503');
    const silent = system.job({ callTimeout: '5ms', getResult: () => new Promise(() => undefined) });

    await expect(task.attempt((ctx) => ctx.run(silent, 'clip'))).rejects.toMatchObject({
      code: 'mooring.external-job-unknown',
      retryable: true,
    });
    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(system.jobs).toHaveLength(1);
  });

  test('is never in a log line', async () => {
    const lines: unknown[] = [];
    const say = (fields: object, message: string): void => void lines.push([fields, message]);
    const logger: Logger = { debug: say, info: say, warn: say, error: say };
    await twice({ secret: new Date(0), token: 'hunter2' }, {}, { logger });

    expect(lines.length).toBeGreaterThan(0);
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  });
});

test('the reason of a failure is kept to a length that a record can hold', async () => {
  const { system, task } = setting();
  const job = system.job({ getStatus: async () => ({ state: 'failed', reason: 'x'.repeat(100_000), retryable: false }) });

  await expect(task.attempt((ctx) => ctx.run(job, 'clip'))).rejects.toMatchObject({ reason: 'x'.repeat(1_000) });
});
