import { describe, expect, test } from '@jest/globals';
import { ConfigError, CorruptEntryError, jobRecords, OutcomeUnknownError, StoreUnavailableError } from '../../src/index.ts';
import { type Attempt } from '../../src/adapter-kit.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { fakeClock, memoryObjectStore, memoryStateStore } from '../../src/testing.ts';
import { objectsOf } from '../contract/state-store-parts.ts';
import { externalSystem } from '../support/external-system.ts';
import { interceptMetastore, type InterceptOperation } from '../support/intercept.ts';
import { TASK, testRuntime } from '../support/runtime.ts';

/** Nothing that an attempt alone knows is lost: an ID that cannot be written down, and a result that another attempt has read. */

interface Line {
  message: string;
  fields: object;
}

function setting({
  intercept = (_call, proceed) => proceed(),
  ...options
}: { intercept?: InterceptOperation; objects?: true } = {}) {
  const clock = fakeClock();
  const lines: Line[] = [];
  const say = (fields: object, message: string): void => void lines.push({ fields, message });
  const objectStore = memoryObjectStore();
  const store = memoryStateStore({
    clock,
    metastore: interceptMetastore(memoryMetastore(), intercept),
    logger: { debug: say, info: say, warn: say, error: say },
    ...(options.objects && { objectStore, offloadThreshold: 0 }),
  });
  return { clock, store, lines, objectStore, system: externalSystem({ clock, activeLooks: 1 }), task: testRuntime(store) };
}

const letterOf = (args: readonly unknown[]): string | undefined => (args[1] as { letter?: string } | undefined)?.letter;

test('I5 a result that was read before its writer was refused keeps its object', async () => {
  let between: (() => Promise<unknown>) | undefined;
  const { store, system, task, objectStore } = setting({
    objects: true,
    intercept: async ({ method, args }, proceed) => {
      const reply = await (proceed() as Promise<unknown>);
      if (method !== 'records.write' || letterOf(args) !== 'o' || !between) return reply;
      const next = between;
      between = undefined;
      await next();
      throw new OutcomeUnknownError('no-answer', 'silence');
    },
  });
  const old = await task.start();
  let newer: Attempt | undefined;
  between = async () => {
    newer = await task.start();
    expect((await newer.context.decide(system.job(), 'clip')).kind).toBe('already-succeeded');
  };

  await expect(old.context.run(system.job(), 'clip')).rejects.toMatchObject({ code: 'mooring.stale-attempt' });
  expect(await objectsOf(objectStore)).toHaveLength(1);
  expect(await newer?.context.run(system.job(), 'clip')).toBe('result of job-1');
  expect(system.calls.filter((call) => call === 'getResult')).toHaveLength(1);
  expect(await jobRecords(store).get(TASK)).toMatchObject({ state: 'succeeded' });
});

describe('an ID that the metastore does not take', () => {
  test.each([
    ['without access', () => new ConfigError('client', 'must authenticate [NOAUTH]')],
    ['a key of another kind', () => new CorruptEntryError('the key holds something else [WRONGTYPE]')],
    ['an error that nobody foresaw', () => new TypeError('MOVED')],
  ])('%s: is written down once that is repaired', async (_name, error) => {
    let left = 20;
    const { store, system, task } = setting({
      intercept: ({ method, args }, proceed) =>
        method === 'records.write' && letterOf(args) === 'e' && left-- > 0 ? Promise.reject(error()) : proceed(),
    });

    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
    expect(await jobRecords(store).get(TASK)).toMatchObject({ state: 'succeeded', externalId: 'job-1' });
    expect(system.jobs).toHaveLength(1);
  });

  test('is in the error and in a line of its own when the attempt ends before that', async () => {
    let stop = (): void => undefined;
    const { lines, system, task } = setting({
      intercept: ({ method, args }, proceed) => {
        if (method !== 'records.write' || letterOf(args) !== 'e') return proceed();
        stop();
        return Promise.reject(new ConfigError('client', 'must authenticate [NOAUTH]'));
      },
    });
    const attempt = await task.start();
    stop = () => attempt.abort(new Error('closing'));

    await expect(attempt.context.run(system.job(), 'clip')).rejects.toMatchObject({
      code: 'mooring.outcome-unknown',
      externalId: 'job-1',
      retryable: true,
    });
    expect(lines).toContainEqual({
      message: expect.stringContaining('given up'),
      fields: expect.objectContaining({ externalId: 'job-1' }),
    });
  });

  test('of a job that has ended is no secret: the error is that of the store', async () => {
    const { system, task } = setting({
      intercept: ({ method, args }, proceed) =>
        method === 'records.write' && letterOf(args) === 'o' ? Promise.reject(new StoreUnavailableError('down')) : proceed(),
    });

    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'))).rejects.toMatchObject({
      code: 'mooring.store-unavailable',
    });
  });
});

class ObjectId {
  readonly #hex: string;
  constructor(hex: string) {
    this.#hex = hex;
  }
  toString(): string {
    return this.#hex;
  }
}

describe('an ID that is no JSON', () => {
  test.each([
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a Map', new Map([['run', 'r-17']]), 'r-17'],
    ['an instance of a class', new ObjectId('66ab'), '66ab'],
    ['part of it', { run: 'r-17', at: new Date(0) }, 'r-17'],
    ['bytes', new Uint8Array([17, 18]), '18'],
    ['too much', [new Date(0), 'x'.repeat(10_000)], '1970-01-01'],
  ])('%s: is shown in the error and in the log, since nothing else knows it', async (_name, id, shown) => {
    const { lines, system, task } = setting();
    const job = system.job({ submit: async () => id as unknown as string });
    const error = await task.attempt((ctx) => ctx.run(job, 'clip')).catch((thrown: unknown) => thrown as Error);

    expect(error).toMatchObject({ code: 'mooring.invalid-value', message: expect.stringContaining(shown) });
    expect((error as Error).message.length).toBeLessThan(600);
    expect(lines).toContainEqual({
      message: 'the external ID cannot be written down',
      fields: expect.objectContaining({ problem: expect.stringContaining(shown) }),
    });
  });
});
