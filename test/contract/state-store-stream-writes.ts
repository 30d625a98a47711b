import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import type { Encryption } from '../../src/codec/codec.ts';
import {
  CodecUnavailableError,
  ConfigError,
  InvalidValueError,
  OutcomeUnknownError,
  StoreUnavailableError,
} from '../../src/model/errors/store.ts';
import { systemTimer } from '../../src/async/deadline.ts';
import { withCoreParts } from '../../src/job/protocol/crash-point.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { createStateStoreWith } from '../../src/state-store/create-state-store.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import { interceptMetastore, interceptValues, type Intercept } from '../support/intercept.ts';
import { until } from '../support/until.ts';
import { objectsOf, openOver, personHandle, TASK, type Parts, type PartsFactory } from './state-store-parts.ts';
import { chunked, drained, gcm, hangingSource, MIB, mixedBytes, told, unfinishedOf } from './state-store-stream-parts.ts';

const never = (): Promise<never> => new Promise(() => undefined);
const lost = (): never => {
  throw new OutcomeUnknownError('no-answer', 'the connection broke', { store: 'test' });
};

/** What goes wrong while a stream is written, and whether it can have been applied. */
interface Fault {
  name: string;
  at: 'metastore' | 'objectStore';
  method: string;
  happens: (proceed: () => unknown, args: readonly unknown[]) => unknown;
  applied: 'no' | 'yes';
  error: typeof StoreUnavailableError | typeof OutcomeUnknownError;
  /** Only a deadline ends it. */
  hangs?: true;
}

const FAULTS: readonly Fault[] = [
  {
    name: 'the put throws before it took anything',
    at: 'objectStore',
    method: 'put',
    happens: () => {
      throw new Error('EIO');
    },
    applied: 'no',
    error: StoreUnavailableError,
  },
  {
    name: 'the put throws in the middle',
    at: 'objectStore',
    method: 'put',
    happens: async (_proceed, [, body]) => {
      let chunks = 0;
      for await (const _ of body as AsyncIterable<Uint8Array>) if ((chunks += 1) > 2) throw new Error('ECONNRESET');
    },
    applied: 'no',
    error: StoreUnavailableError,
  },
  {
    name: 'the put throws after it stored',
    at: 'objectStore',
    method: 'put',
    happens: async (proceed) => {
      await proceed();
      throw new Error('ECONNRESET');
    },
    applied: 'no',
    error: StoreUnavailableError,
  },
  {
    name: 'the put hangs and takes nothing',
    at: 'objectStore',
    method: 'put',
    happens: never,
    applied: 'no',
    error: StoreUnavailableError,
    hangs: true,
  },
  {
    name: 'the put hangs in the middle',
    at: 'objectStore',
    method: 'put',
    happens: async (_proceed, [, body]) => {
      for await (const _ of body as AsyncIterable<Uint8Array>) await never();
    },
    applied: 'no',
    error: StoreUnavailableError,
    hangs: true,
  },
  {
    name: 'the put hangs at its end',
    at: 'objectStore',
    method: 'put',
    happens: async (_proceed, [, body]) => {
      for await (const _ of body as AsyncIterable<Uint8Array>);
      await never();
    },
    applied: 'no',
    error: StoreUnavailableError,
    hangs: true,
  },
  {
    name: 'the put says that it is done before it took all',
    at: 'objectStore',
    method: 'put',
    happens: () => 'created',
    applied: 'no',
    error: StoreUnavailableError,
  },
  {
    name: 'the commit is refused by the server',
    at: 'metastore',
    method: 'values.write',
    happens: () => {
      throw new StoreUnavailableError('the server said no', { store: 'test' });
    },
    applied: 'no',
    error: StoreUnavailableError,
  },
  {
    name: 'the commit gets no answer, and was not applied',
    at: 'metastore',
    method: 'values.write',
    happens: lost,
    applied: 'no',
    error: OutcomeUnknownError,
  },
  {
    name: 'the commit is applied, and its answer is lost',
    at: 'metastore',
    method: 'values.write',
    happens: async (proceed) => {
      await proceed();
      lost();
    },
    applied: 'yes',
    error: OutcomeUnknownError,
  },
];

function withFault(parts: Parts, { at, method, happens }: Fault): Pick<Parts, 'metastore' | 'objectStore'> {
  const intercept: Intercept = (call, proceed) => {
    return call.method === method ? happens(proceed, call.args) : proceed();
  };
  return {
    metastore: at === 'metastore' ? interceptMetastore(parts.metastore, intercept) : parts.metastore,
    objectStore: at === 'objectStore' ? interceptValues(parts.objectStore, intercept) : parts.objectStore,
  };
}

/** An object store whose puts of values are done by `put`. */
function onPut(inner: ObjectStore, put: ObjectStore['put']): ObjectStore {
  return interceptValues(inner, ({ method, args }, proceed) => {
    if (method !== 'put') return proceed();
    return put(...(args as Parameters<ObjectStore['put']>));
  });
}

async function leavesNothing({ objectStore }: Parts, before: readonly string[] = []): Promise<void> {
  await until(async () => (await objectsOf(objectStore)).length === before.length);
  expect(await objectsOf(objectStore)).toEqual(before);
  await until(async () => (await unfinishedOf(objectStore)).length === 0);
}

const SETTINGS: readonly [string, Partial<StateStoreOptions>][] = [
  ['plain', { codec: 'none' }],
  ['in frames', { codec: 'gzip', encryption: gcm() }],
];

/** Writing streams: what goes wrong in the middle, who waits for whom, and what is left. */
export function streamWritesContract(factory: PartsFactory): void {
  describe.each(SETTINGS)('a stream that is written, %s', (_name, options) => {
    it.each(FAULTS)('C36 I1 I2 I4 keeps the old value or has the new one, whole, where $name', async (fault) => {
      const parts = await factory();
      const reader = openOver(parts, options).task(TASK);
      const [old, fresh] = [mixedBytes(MIB + 1, 1), mixedBytes(4 * MIB + 1, 2)];
      await reader.setStream('k', chunked(old));
      const before = await objectsOf(parts.objectStore);
      const source = { stopped: false };
      async function* body(): AsyncGenerator<Uint8Array> {
        try {
          yield* chunked(fresh);
        } finally {
          source.stopped = true;
        }
      }

      const broken = openOver(parts, { ...options, ...withFault(parts, fault), commandTimeout: fault.hangs ? 40 : 10_000 });
      const outcome: unknown = await broken
        .task(TASK)
        .setStream('k', body())
        .catch((error: unknown) => error);

      expect(outcome).toBeInstanceOf(fault.error);
      expect(outcome).toMatchObject({ retryable: true, scope: TASK, key: 'k' });
      expect(told(await drained(await reader.getStream('k')))).toBe(told(fault.applied === 'yes' ? fresh : old));
      expect(await objectsOf(parts.objectStore)).toEqual(expect.arrayContaining(before));
      if (fault.error === StoreUnavailableError) await leavesNothing(parts, before);
      await until(() => source.stopped);
      await broken.close();
      await reader.setStream('k', chunked(mixedBytes(MIB + 2)));
      expect(told((await reader.get('k')) as Uint8Array)).toBe(told(mixedBytes(MIB + 2)));
    });

    it.each([
      ['at once', 0],
      ['before its first frame is full', MIB / 2],
      ['in the middle', 3 * MIB + 7],
    ])('I2 passes on what its source throws %s', async (_when, size) => {
      const parts = await factory();
      const state = openOver(parts, options).task(TASK);
      await state.set('k', 'old');
      const cause = new Error('the source broke');
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixedBytes(size));
        throw cause;
      }

      await expect(state.setStream('k', broken())).rejects.toBe(cause);
      expect(await state.get('k')).toBe('old');

      await leavesNothing(parts);
    });

    it('I2 passes on what its source throws also where the object store takes no notice', async () => {
      const parts = await factory();
      const objectStore = onPut(parts.objectStore, async (key, body, given) => {
        const taken: Uint8Array[] = [];
        try {
          for await (const chunk of body as AsyncIterable<Uint8Array>) taken.push(chunk);
        } catch {
          // Such a store takes what it has for the whole.
        }
        return parts.objectStore.put(key, Buffer.concat(taken), given);
      });
      const state = openOver(parts, { ...options, objectStore }).task(TASK);
      const cause = new Error('the source broke');
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* chunked(mixedBytes(2 * MIB));
        throw cause;
      }

      await expect(state.setStream('k', broken())).rejects.toBe(cause);
      expect(await state.get('k')).toBeUndefined();

      await leavesNothing(parts);
    });

    it.each([
      ['before its first frame is full', MIB / 2],
      ['in the middle', 3 * MIB + 7],
    ])('I2 ends with the reason of its signal while the source hangs %s', async (_when, size) => {
      const parts = await factory();
      const state = openOver(parts, options).task(TASK);
      const controller = new AbortController();
      const source = hangingSource(mixedBytes(size));
      const writing = state.setStream('k', source.body, { signal: controller.signal });
      await until(() => source.hangs);
      controller.abort(new Error('enough'));

      await expect(writing).rejects.toThrow('enough');

      await until(() => source.stopped);
      expect(await state.get('k')).toBeUndefined();

      await leavesNothing(parts);
    });

    it('C17 refuses a chunk that is no Uint8Array', async () => {
      const parts = await factory();
      const state = openOver(parts, options).task(TASK);
      const wrong: [unknown, string][] = [
        ['text', 'of type string'],
        [null, 'null'],
        [undefined, 'undefined'],
        [new Uint16Array(4), 'of type object'],
        [[1, 2], 'of type object'],
      ];

      for (const [chunk, what] of wrong) {
        for (const size of [0, 2 * MIB]) {
          async function* body(): AsyncGenerator<Uint8Array> {
            yield* chunked(mixedBytes(size));
            yield chunk as Uint8Array;
          }

          const error: unknown = await state.setStream('k', body()).catch((caught: unknown) => caught);

          expect(error).toBeInstanceOf(InvalidValueError);
          expect(error).toMatchObject({ at: `$[${size / 65_536}]`, key: 'k', scope: TASK });
          expect(String(error)).toContain(what);
        }
      }

      await leavesNothing(parts);
    });

    it('takes no more from its source than the store can take', async () => {
      const parts = await factory();
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      const objectStore = onPut(parts.objectStore, (key, body, given) => {
        const gated = async function* (): AsyncGenerator<Uint8Array> {
          for await (const chunk of body as AsyncIterable<Uint8Array>) {
            yield chunk;
            await gate;
          }
        };
        return parts.objectStore.put(key, gated(), given);
      });
      let taken = 0;
      async function* counted(): AsyncGenerator<Uint8Array> {
        for (const end = 20 * MIB; taken < end; taken += 65_536) yield mixedBytes(65_536);
      }
      const writing = openOver(parts, { ...options, objectStore })
        .task(TASK)
        .setStream('k', counted());
      await until(() => taken >= MIB - 65_536);

      await pause(50);
      expect(taken).toBeLessThanOrEqual(3 * MIB);

      open();
      expect((await writing).size).toBe(20 * MIB);
    });

    it('succeeds only where the object that is there already is the same', async () => {
      const parts = await factory();
      const answers = (first: (bytes: Uint8Array) => Uint8Array): ObjectStore =>
        onPut(parts.objectStore, async (key, body) => {
          const chunks: Uint8Array[] = [];
          for await (const chunk of body as AsyncIterable<Uint8Array>) chunks.push(chunk);
          await parts.objectStore.put(key, first(Buffer.concat(chunks)), { ifAbsent: true });
          return 'exists';
        });
      const bytes = mixedBytes(3 * MIB);
      const same = openOver(parts, { ...options, objectStore: answers((all) => all) }).task(TASK);

      await same.setStream('k', chunked(bytes));
      expect(told((await same.get('k')) as Uint8Array)).toBe(told(bytes));

      for (const other of [(all: Uint8Array) => all.with(9, all[9]! ^ 1), () => new Uint8Array(3)]) {
        const state = openOver(parts, { ...options, objectStore: answers(other) }).task(TASK);
        await expect(state.setStream('other', chunked(bytes))).rejects.toThrow(/something else/);
      }

      expect((await objectsOf(parts.objectStore)).filter((key) => key.includes('/other/'))).toHaveLength(2);
      expect(await same.get('other')).toBeUndefined();
    });

    it('C42 I1 is seen old or new, whole, by readers, while it is overwritten again and again', async () => {
      const parts = await factory();
      const store = openOver(parts, options);
      const value = (n: number): Uint8Array => mixedBytes(MIB + n * 1_000, n);
      const values = Array.from({ length: 6 }, (_, n) => told(value(n)));
      await store.task(TASK).setStream('k', chunked(value(0)));
      let writing = true;
      const seen: number[][] = [];
      const reader = async (how: 'get' | 'getStream'): Promise<void> => {
        const state = personHandle(store, TASK);
        const mine: number[] = [];
        seen.push(mine);
        while (writing) {
          const bytes = how === 'get' ? await state.get('k') : await drained(await state.getStream('k'));
          mine.push(values.indexOf(told(bytes as Uint8Array)));
          await pause(1);
        }
      };
      const readers = [reader('get'), reader('getStream')];
      try {
        for (let n = 1; n < values.length; n += 1) {
          await store.task(TASK).setStream('k', chunked(value(n)));
          const before = seen.map((mine) => mine.length);
          await until(() => seen.every((mine, index) => mine.length > (before[index] as number)));
        }
      } finally {
        writing = false;
      }

      await Promise.all(readers);

      for (const mine of seen) {
        expect(mine).not.toContain(-1);
        expect(mine).toEqual(mine.toSorted((a, b) => a - b));
      }
    });
  });

  describe('a stream that is written', () => {
    it.each([
      ['before its first frame is full', MIB / 2],
      ['in the middle', 3 * MIB + 7],
    ])('is ended by a store that closes while the source hangs %s', async (_when, size) => {
      const parts = await factory();
      const store = openOver(parts);
      const source = hangingSource(mixedBytes(size));
      const writing = store.task(TASK).setStream('k', source.body);
      const refused = expect(writing).rejects.toMatchObject({
        code: 'mooring.store-unavailable',
        retryable: true,
        key: 'k',
        message: expect.stringContaining('the state store was closed'),
      });
      await until(() => source.hangs);
      await store.close();

      expect([await objectsOf(parts.objectStore), await unfinishedOf(parts.objectStore)]).toEqual([[], []]);

      await refused;
      await until(() => source.stopped);
      expect(await openOver(parts).task(TASK).get('k')).toBeUndefined();
    });

    it('is waited for when the store closes once its source has ended', async () => {
      const parts = await factory();
      let open = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      let taken = false;
      const objectStore = onPut(parts.objectStore, async (key, body, given) => {
        const gated = async function* (): AsyncGenerator<Uint8Array> {
          yield* body as AsyncIterable<Uint8Array>;
          taken = true;
          await gate;
        };
        return parts.objectStore.put(key, gated(), given);
      });
      const store = openOver(parts, { objectStore });
      const writing = store.task(TASK).setStream('k', chunked(mixedBytes(3 * MIB)));

      await until(() => taken);
      const closing = store.close();
      open();

      expect((await writing).size).toBe(3 * MIB);

      await closing;
    });

    it.each([
      ['before its first frame is full', MIB / 2],
      ['in the middle', 3 * MIB + 7],
    ])('is ended after the hour that writes have, where its source hangs %s', async (_when, size) => {
      const parts = await factory();
      const timers = new Map<number, () => void>();
      const { metastore, objectStore, namespace } = parts;
      const store = createStateStoreWith({ metastore, objectStore, namespace }, (ms, fire) => {
        if (ms !== 3_600_000) return systemTimer(ms, fire);
        timers.set(ms, fire);
        return () => void timers.delete(ms);
      });
      await store.task(TASK).setStream('short', chunked(mixedBytes(2 * MIB)));

      await store.task(TASK).delete('short');

      expect(timers.size).toBe(0);

      await objectStore.delete(await objectsOf(objectStore));
      const source = hangingSource(mixedBytes(size));
      const writing = store.task(TASK).setStream('k', source.body);
      const refused = expect(writing).rejects.toMatchObject({
        code: 'mooring.store-unavailable',
        message: expect.stringContaining('took longer than writes may take'),
      });
      await until(() => source.hangs);
      timers.get(3_600_000)?.();
      await refused;
      await until(() => source.stopped);
      await leavesNothing(parts);
      await store.close();
    });

    it('is refused where it took longer than writes may take', async () => {
      const parts = await factory();
      let first = true;
      const metastore = interceptMetastore(parts.metastore, async ({ method }, proceed) => {
        const reply = await proceed();
        if (method !== 'now' || !first) return reply;
        first = false;
        return (reply as number) - 3_700_000;
      });
      const state = openOver(parts, { metastore }).task(TASK);

      await expect(state.setStream('k', chunked(mixedBytes(2 * MIB)))).rejects.toThrow(/took longer than writes may take/);
      expect(await state.get('k')).toBeUndefined();

      await leavesNothing(parts);
    });

    it('says what its codec or its encryption could not do', async () => {
      const parts = await factory();
      const failing = { name: 'failing', encode: () => Promise.reject(new Error('out of memory')), decode: () => never() };
      const state = openOver(parts, { codec: failing }).task(TASK);

      await expect(state.setStream('k', chunked(mixedBytes(2 * MIB)))).rejects.toThrow(CodecUnavailableError);

      const encryptions: [Encryption['encrypt'], typeof StoreUnavailableError | typeof ConfigError][] = [
        [() => Promise.reject(new Error('the key server is down')), StoreUnavailableError],
        [async () => new Uint8Array(4 * MIB), ConfigError],
        [async () => new Uint8Array(), ConfigError],
      ];

      for (const [encrypt, error] of encryptions) {
        const encryption = { name: 'failing', encrypt, decrypt: never };
        const writing = openOver(parts, { encryption })
          .task(TASK)
          .setStream('k', chunked(mixedBytes(2 * MIB)));
        await expect(writing).rejects.toThrow(error);
      }

      await leavesNothing(parts);
    });

    it('I5 puts no object before the stores know of each other', async () => {
      const parts = await factory();
      const steps: string[] = [];
      const objectStore = onPut(parts.objectStore, async (...args) => {
        const reply = await parts.objectStore.put(...args);
        steps.push('put');
        return reply;
      });
      const store = withCoreParts(openOver(parts, { objectStore, offloadThreshold: 100 }), {
        beforeObject: async () => void steps.push('introduced'),
        writePoint: async (point) => void steps.push(point),
      });
      const state = personHandle(store, TASK);
      const rest = ['before-commit', 'after-commit'];

      await state.set('small', 1);
      expect(steps.splice(0)).toEqual(rest);

      await state.set('large', new Uint8Array(200));
      expect(steps.splice(0)).toEqual(['introduced', 'before-put', 'put', 'after-put', ...rest]);

      await state.setStream('stream', chunked(mixedBytes(2 * MIB)));
      expect(steps.splice(0)).toEqual(['introduced', 'before-put', 'put', 'after-put', ...rest]);

      await state.setMany({ a: new Uint8Array(200), b: new Uint8Array(200) });
      expect(steps.filter((step) => step === 'introduced')).toHaveLength(2);
    });
  });
}
