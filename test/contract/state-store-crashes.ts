import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { ConfigError, OutcomeUnknownError, StoreUnavailableError } from '../../src/model/errors/store.ts';
import { interceptMetastore, interceptObjectStore, interceptValues, type Intercept } from '../support/intercept.ts';
import { until } from '../support/until.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import {
  attemptHandle,
  collected,
  noise,
  objectsOf,
  openOver,
  personHandle,
  TASK,
  type Parts,
  type PartsFactory,
} from './state-store-parts.ts';

const never = (): Promise<never> => new Promise(() => undefined);
const lost = (): never => {
  throw new OutcomeUnknownError('no-answer', 'the connection broke', { store: 'test' });
};
const refused = (): never => {
  throw new StoreUnavailableError('the server said no', { store: 'test' });
};

/** What goes wrong, in which store, and whether the write can have been applied. */
interface Fault {
  name: string;
  at: 'metastore' | 'objectStore';
  method: string;
  happens: (proceed: () => unknown, times: number) => unknown;
  applied: 'no' | 'yes';
  error: typeof StoreUnavailableError | typeof OutcomeUnknownError | undefined;
  /** Only for what may be sent again; else the outcome is unknown, and whether it was applied is this. */
  sentOnce?: 'no' | 'yes';
}

const FAULTS: readonly Fault[] = [
  { name: 'the time is not told', at: 'metastore', method: 'now', happens: refused, applied: 'no', error: StoreUnavailableError },
  {
    name: 'the put throws before it stored',
    at: 'objectStore',
    method: 'put',
    happens: () => {
      throw new Error('EIO');
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
  { name: 'the put hangs', at: 'objectStore', method: 'put', happens: never, applied: 'no', error: StoreUnavailableError },
  {
    name: 'the commit is refused by the server',
    at: 'metastore',
    method: 'values.write',
    happens: refused,
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
    name: 'the commit is applied, and no answer ever comes',
    at: 'metastore',
    method: 'values.write',
    happens: async (proceed) => {
      await proceed();
      lost();
    },
    applied: 'yes',
    error: OutcomeUnknownError,
  },
  {
    name: 'the commit is applied, and its first answer is lost',
    at: 'metastore',
    method: 'values.write',
    happens: async (proceed, times) => {
      const reply = await proceed();
      return times === 1 ? lost() : reply;
    },
    applied: 'yes',
    error: undefined,
    sentOnce: 'yes',
  },
  {
    name: 'the first send of the commit is lost on its way',
    at: 'metastore',
    method: 'values.write',
    happens: (proceed, times) => (times === 1 ? lost() : proceed()),
    applied: 'yes',
    error: undefined,
    sentOnce: 'no',
  },
];

function withFault(parts: Parts, fault: Fault): Pick<Parts, 'metastore' | 'objectStore'> {
  let times = 0;
  const intercept: Intercept = ({ method }, proceed) => {
    if (method !== fault.method) return proceed();
    times += 1;
    return fault.happens(proceed, times);
  };
  return {
    metastore: fault.at === 'metastore' ? interceptMetastore(parts.metastore, intercept) : parts.metastore,
    objectStore: fault.at === 'objectStore' ? interceptValues(parts.objectStore, intercept) : parts.objectStore,
  };
}

/** Whether the store may send it again, and the write. */
const OPERATIONS: readonly [string, boolean, (store: StateStore) => Promise<unknown>][] = [
  ['set', false, (store) => store.task(TASK).set('k', noise(300, 2))],
  ['setMany', false, (store) => store.task(TASK).setMany({ k: noise(300, 2) })],
  ['update', true, (store) => store.task(TASK).update('k', () => noise(300, 2))],
  ['set in an attempt', true, async (store) => (await attemptHandle(store, TASK, 1)).set('k', noise(300, 2))],
];

type Handle = ReturnType<StateStore['task']>;

/** What breaks at every step of a write, and who reads meanwhile: cases 36, 42, invariants I1, I2, I4, I5. */
export function crashesContract(factory: PartsFactory, { conditional = true }: { conditional?: boolean } = {}): void {
  describe('a write that breaks', () => {
    describe.each(OPERATIONS)('%s', (name, repeatable, operation) => {
      it.each(FAULTS)('C36 I1 I2 I4 keeps the old value or has the new one, whole, where $name', async (given) => {
        const once = !repeatable && given.sentOnce !== undefined;
        const fault: Fault = once ? { ...given, applied: given.sentOnce ?? 'no', error: OutcomeUnknownError } : given;
        const parts = await factory();
        const reader = openOver(parts).task(TASK);
        await openOver(parts, { offloadThreshold: 100 }).task(TASK).set('k', noise(300, 1));
        const before = await objectsOf(parts.objectStore);

        // A short one only for what hangs: a slow machine must not end the others.
        const commandTimeout = fault.happens === never ? 150 : 10_000;
        const broken = openOver(parts, { ...withFault(parts, fault), offloadThreshold: 100, codec: 'none', commandTimeout });
        const outcome: unknown = await operation(broken).then(
          () => undefined,
          (error: unknown) => error,
        );
        if (fault.error) {
          expect(outcome).toBeInstanceOf(fault.error);
          expect(outcome).toMatchObject({ retryable: true, scope: TASK, ...(name !== 'setMany' && { key: 'k' }) });
        } else expect(outcome).toBeUndefined();

        expect(await reader.get('k')).toBe(noise(300, fault.applied === 'yes' ? 2 : 1));
        const after = await objectsOf(parts.objectStore);
        expect(after).toEqual(expect.arrayContaining(before));
        const definite = fault.error === StoreUnavailableError && fault.happens !== never;
        if (definite) await until(async () => (await objectsOf(parts.objectStore)).length === before.length);
        expect((await objectsOf(parts.objectStore)).length).toBeLessThanOrEqual(before.length + 1);

        await openOver(parts).task(TASK).set('k', 'next');
        expect(await reader.get('k')).toBe('next');
      });
    });

    it('I2 writes none of several values where one of their objects could not be put', async () => {
      const parts = await factory();
      const objectStore = interceptValues(parts.objectStore, ({ method, args }, proceed) => {
        if (method === 'put' && String(args[0]).includes('/c/')) throw new Error('quota');
        return proceed();
      });
      const state = openOver(parts, { objectStore, offloadThreshold: 0 }).task(TASK);

      await expect(state.setMany({ a: 1, b: 2, c: 3, d: 4 })).rejects.toThrow(StoreUnavailableError);
      expect(await collected(state.entries())).toEqual([]);

      await until(async () => (await objectsOf(parts.objectStore)).length === 0);
    });

    it('I2 never takes a refusal of a resend for the answer: the first send may have been applied', async () => {
      const parts = await factory();
      const other = openOver(parts).task(TASK);
      const resent: unknown[] = [];
      const metastore = interceptMetastore(parts.metastore, async ({ method, args }, proceed) => {
        if (method !== 'values.write') return proceed();
        resent.push((args[1] as { resent: boolean }).resent);
        if (resent.length > 1) return proceed();
        await proceed();
        await other.set('k', 'theirs');
        return lost();
      });
      const state = openOver(parts, { metastore, offloadThreshold: 0 }).task(TASK);

      await expect(state.set('k', 'mine', { ifVersion: 'absent' })).rejects.toThrow(OutcomeUnknownError);
      expect(resent).toEqual([false, true]);
      expect(await other.get('k')).toBe('theirs');
      expect(await objectsOf(parts.objectStore)).toHaveLength(1);
    });

    it.each([
      ['set', (state: Handle) => state.set('k', 'mine')],
      ['delete', (state: Handle) => state.delete('k')],
    ] as const)('I1 sends no %s of a person again: another writer may have come between', async (_name, operation) => {
      const parts = await factory();
      const other = openOver(parts).task(TASK);
      let sent = 0;
      const metastore = interceptMetastore(parts.metastore, async ({ method }, proceed) => {
        if (method !== 'values.write') return proceed();
        sent += 1;
        const reply = await proceed();
        if (sent > 1) return reply;
        await other.set('k', 'theirs');
        return lost();
      });

      await expect(operation(openOver(parts, { metastore }).task(TASK))).rejects.toThrow(OutcomeUnknownError);
      expect([sent, await other.get('k')]).toEqual([1, 'theirs']);
    });

    it('stops what it sends again for a signal of another implementation too', async () => {
      const parts = await factory();
      const shape = { aborted: false, reason: undefined, throwIfAborted: () => undefined, onabort: null };
      const foreign: AbortSignal = Object.assign(new EventTarget(), shape);
      const stopped: (boolean | undefined)[] = [];
      const metastore = interceptMetastore(parts.metastore, ({ method, args }, proceed) => {
        if (method !== 'values.write') return proceed();
        const [, { resent }, { signal }] = args as [unknown, { resent: boolean }, { signal?: AbortSignal }];
        if (resent) {
          Object.assign(foreign, { aborted: true }).dispatchEvent(new Event('abort'));
          stopped.push(signal?.aborted);
        }
        return lost();
      });
      const state = await attemptHandle(openOver(parts, { metastore }), TASK, 1);

      await expect(state.set('k', 'v', { signal: foreign })).rejects.toThrow(OutcomeUnknownError);
      expect(stopped).toEqual([true]);
    });

    it('I5 deletes no object where the outcome is unknown: the entry may refer to it', async () => {
      const parts = await factory();
      const fault = FAULTS.find(({ name }) => name.includes('no answer ever comes')) as Fault;
      const state = openOver(parts, { ...withFault(parts, fault), offloadThreshold: 0 }).task(TASK);

      await expect(state.set('k', 'v')).rejects.toThrow(OutcomeUnknownError);
      expect(await openOver(parts).task(TASK).get('k')).toBe('v');
    });

    it('succeeds where the object store has the object already, from a send of the same put', async () => {
      const parts = await factory();
      const twice = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        if (method === 'put') await proceed();
        return proceed();
      });
      const state = openOver(parts, { objectStore: twice, offloadThreshold: 0 }).task(TASK);

      await state.set('k', 'v');

      expect(await state.get('k')).toBe('v');
    });

    it('refuses an object of its own name that holds something else', async () => {
      // A name is never used twice: nobody else's object lies there, but for one that somebody put there by hand.
      if (!conditional) return;
      const parts = await factory();
      const taken = interceptValues(parts.objectStore, async ({ method, args }, proceed) => {
        if (method === 'put') await parts.objectStore.put(String(args[0]), new Uint8Array([1]), { ifAbsent: true });
        return proceed();
      });
      const state = openOver(parts, { objectStore: taken, offloadThreshold: 0 }).task(TASK);

      await expect(state.set('k', 'v')).rejects.toThrow(/something else/);
      expect(await state.get('k')).toBeUndefined();
      expect(await objectsOf(parts.objectStore)).toHaveLength(1);
    });

    it('C36 C42 I1 shows every reader an old value or a new one, whole, while writers overwrite it', async () => {
      const parts = await factory();
      const store = openOver(parts, { offloadThreshold: 200 });
      const value = (n: number): { n: number; text: string } => ({ n, text: String(n % 10).repeat(n % 2 ? 10 : 5_000) });
      await store.task(TASK).set('k', value(0));
      let reads = 0;
      let writing = true;
      const reader = async (): Promise<void> => {
        const state = personHandle(store, TASK);
        for (let newest = 0; writing; reads += 1) {
          const seen = (await state.get('k')) as { n: number };

          expect(seen).toEqual(value(seen.n));
          expect(seen.n).toBeGreaterThanOrEqual(newest);

          newest = seen.n;
          // A store in memory answers within the turn of who asked: this lets the others have theirs.
          await setImmediate();
        }
      };
      const readers = [reader(), reader(), reader()];
      try {
        for (let last = 1; last <= 60; last += 1) {
          await store.task(TASK).set('k', value(last));
          await setImmediate();
        }
      } finally {
        writing = false;
      }

      await Promise.all(readers);

      expect(reads).toBeGreaterThan(10);
    });
  });

  describe('deadlines and signals', () => {
    const reads: [string, (state: ReturnType<typeof personHandle>, signal?: AbortSignal) => Promise<unknown>][] = [
      ['get', (state, signal) => state.get('k', signal ? { signal } : {})],
      ['getEntry', (state, signal) => state.getEntry('k', signal ? { signal } : {})],
      ['getMany', (state, signal) => state.getMany(['k', 'l'], signal ? { signal } : {})],
      ['getOrSet', (state, signal) => state.getOrSet('k', () => Promise.resolve(1), signal ? { signal } : {})],
      ['update', (state, signal) => state.update('k', () => 1, signal ? { signal } : {})],
    ];

    it.each(reads)('%s ends when the caller or the deadline says so, where the object store hangs', async (_name, read) => {
      const parts = await factory();
      await openOver(parts, { offloadThreshold: 0 }).task(TASK).setMany({ k: 1, l: 2 });
      let aborted = 0;
      const objectStore = interceptValues(parts.objectStore, ({ method, args }, proceed) => {
        if (method !== 'get') return proceed();
        const { signal } = args[1] as { signal: AbortSignal };
        return new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => {
            aborted += 1;
            reject(signal.reason as Error);
          });
        });
      });
      const error: unknown = await read(openOver(parts, { objectStore, commandTimeout: 60 }).task(TASK)).catch(
        (caught: unknown) => caught,
      );
      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ scope: TASK, store: parts.objectStore.alias });
      expect(aborted).toBeGreaterThan(0);

      const controller = new AbortController();
      const reading = read(openOver(parts, { objectStore }).task(TASK), controller.signal);
      setTimeout(() => controller.abort(new Error('enough')), 20);
      await expect(reading).rejects.toThrow('enough');
    });

    it('says at once that a put failed, while the delete of what it may have left still hangs', async () => {
      const parts = await factory();
      let deletes = 0;
      let release = (): void => undefined;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        if (method === 'put') throw new Error('EIO');
        if (method === 'delete') {
          deletes += 1;
          await gate;
        }
        return proceed();
      });
      const store = openOver(parts, { objectStore, offloadThreshold: 0 });

      await expect(store.task(TASK).set('k', 1)).rejects.toThrow(StoreUnavailableError);
      expect(deletes).toBe(1);

      release();
      await store.close();
    });

    it('wraps whatever an object store throws, keeping its cause', async () => {
      const parts = await factory();
      const cause = new Error('403');
      const objectStore = interceptValues(parts.objectStore, ({ method }, proceed) => {
        if (method === 'get') throw cause;
        return proceed();
      });
      const state = openOver(parts, { objectStore, offloadThreshold: 0 }).task(TASK);
      await state.set('k', 1);

      const error: unknown = await state.get('k').catch((caught: unknown) => caught);

      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ cause, key: 'k', scope: TASK, retryable: true });
    });

    it('what no repetition helps is not called retryable: an error of this library passes unchanged', async () => {
      const parts = await factory();
      const refusal = new ConfigError('partSize', 'must be larger for a body of more than 50 bytes', 5);
      const objectStore = interceptValues(parts.objectStore, ({ method }, proceed) =>
        method === 'put' || method === 'get' ? Promise.reject(refusal) : proceed(),
      );
      await openOver(parts, { offloadThreshold: 0 }).task(TASK).set('k', 1);
      const state = openOver(parts, { objectStore, offloadThreshold: 0 }).task(TASK);
      async function* body(): AsyncGenerator<Uint8Array> {
        yield new Uint8Array(2 ** 20 + 1);
      }

      await expect(state.set('k', 2)).rejects.toBe(refusal);
      await expect(state.setStream('k', body())).rejects.toBe(refusal);
      await expect(state.get('k')).rejects.toBe(refusal);
      expect(await openOver(parts).task(TASK).get('k')).toBe(1);
    });

    it.each(['while an object is put', 'when all objects are put'])(
      'a write that is aborted %s leaves nothing',
      async (moment) => {
        const parts = await factory();
        const controller = new AbortController();
        const abort = (): void => controller.abort(new Error('enough'));
        const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
          const reply = await proceed();
          if (method === 'put' && moment.startsWith('while')) abort();
          return reply;
        });
        const onEvent = moment.startsWith('when') ? abort : (): void => undefined;
        const state = openOver(parts, { objectStore, onEvent, offloadThreshold: 0 }).task(TASK);

        await expect(state.set('k', 1, { signal: controller.signal })).rejects.toThrow('enough');
        expect(await state.get('k')).toBeUndefined();

        await until(async () => (await objectsOf(parts.objectStore)).length === 0);
        await expect(state.get('k', { signal: controller.signal })).rejects.toThrow('enough');
        await expect(collected(state.entries({ signal: controller.signal }))).rejects.toThrow('enough');
      },
    );

    it('close waits for what is in flight', async () => {
      const parts = await factory();
      let release = (): void => undefined;
      let entered = false;
      const gate = new Promise<void>((resolve) => {
        release = resolve;
      });
      const objectStore = interceptValues(parts.objectStore, async ({ method }, proceed) => {
        if (method === 'put') {
          entered = true;
          await gate;
        }
        return proceed();
      });
      const store = openOver(parts, { objectStore, offloadThreshold: 0 });
      const writing = store.task(TASK).set('k', 1);
      await until(() => entered);
      let closed = false;
      const closing = store.close().then(() => {
        closed = true;
      });

      for (const late of [store.task(TASK).get('k'), store.ready(), collected(store.task(TASK).entries())]) {
        await expect(late).rejects.toThrow(StoreUnavailableError);
      }
      expect(closed).toBe(false);

      release();
      await writing;
      await closing;
      await store[Symbol.asyncDispose]();

      expect(await openOver(parts).task(TASK).get('k')).toBe(1);
    });

    it('ready names the store that does not answer', async () => {
      const parts = await factory();
      await openOver(parts, { formerObjectStores: [parts.otherObjectStore] }).ready();
      const broken = interceptObjectStore(parts.otherObjectStore, () => {
        throw new Error('no such bucket');
      });
      const former = Object.assign(Object.create(broken) as typeof broken, { alias: parts.otherObjectStore.alias });

      const error: unknown = await openOver(parts, { formerObjectStores: [former] })
        .ready()
        .catch((caught: unknown) => caught);

      expect(error).toBeInstanceOf(StoreUnavailableError);
      expect(error).toMatchObject({ store: parts.otherObjectStore.alias });
    });

    it('ready tries to write into the object store without leaving anything', async () => {
      const parts = await factory();
      const { objectStore } = parts;
      // Without conditions an object is replaced by the same bytes.
      const listed = async (store: typeof objectStore): Promise<unknown[]> =>
        (await collected(store.list(''))).map((found) => (conditional ? found : found.key));
      const forbidden = interceptObjectStore(objectStore, ({ method }, proceed) => {
        if (method === 'put') throw new Error('403');
        return proceed();
      });

      for (const use of [false, true]) {
        if (use) await openOver(parts, { offloadThreshold: 0 }).task(TASK).set('k', 'value');
        const before = await listed(objectStore);

        await openOver(parts).ready();
        await expect(openOver(parts, { objectStore: forbidden }).ready()).rejects.toMatchObject({
          code: 'mooring.store-unavailable',
          store: objectStore.alias,
          cause: { message: '403' },
        });
        await openOver(parts, { objectStore: parts.otherObjectStore, formerObjectStores: [forbidden] }).ready();

        expect(await listed(objectStore)).toEqual(before);
        expect(await collected(parts.otherObjectStore.list(''))).toEqual([]);
      }
    });

    it('ready makes no generation: that is for the first writer of an object', async () => {
      const parts = await factory();
      const puts: unknown[] = [];
      const objectStore = interceptObjectStore(parts.objectStore, ({ method, args }, proceed) => {
        if (method === 'put') puts.push(args[0]);
        return proceed();
      });

      await openOver(parts, { objectStore }).ready();

      expect(puts).toEqual([expect.stringMatching(/\/assets\/doctor=\/probe\/.*-\d{13}\.bin$/)]);
    });
  });
}
