import { describe, expect, it } from '@jest/globals';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import type { ObjectStore } from '../../../src/object-store/object-store.ts';
import { objectStoreContract } from '../../../src/testing/object-store-contract/contract.ts';
import { refusals, wrong } from '../../support/refusals.ts';

/** What the contract says of stores that are nearly right, each a memory store with one fault. */

/** The names of the cases that such a store fails. */
async function failures(fault: (store: ObjectStore) => Partial<ObjectStore>): Promise<string[]> {
  const open = (): { store: ObjectStore } => {
    const store = memoryObjectStore();
    return { store: { ...store, ...fault(store) } };
  };
  const failed: string[] = [];
  for (const { name, run } of objectStoreContract({ open, manyObjects: 1_100, histories: 5 })) {
    await run().catch(() => failed.push(name));
  }
  return failed;
}

async function* reversed<Item>(items: AsyncIterable<Item>): AsyncGenerator<Item> {
  const all: Item[] = [];
  for await (const item of items) all.push(item);
  yield* all.toReversed();
}

async function* limited<Item>(items: AsyncIterable<Item>, most: number): AsyncGenerator<Item> {
  let left = most;
  for await (const item of items) if ((left -= 1) >= 0) yield item;
}

describe('the contract of object stores', () => {
  it('is kept by a store that is right', async () => {
    await expect(failures(() => ({}))).resolves.toEqual([]);
  });

  it.each<[string, (store: ObjectStore) => Partial<ObjectStore>, string]>([
    [
      'replaces what must stay',
      (store) => ({ put: (key, body, call) => store.put(key, body, { ...call, ifAbsent: false }) }),
      'stays unchanged',
    ],
    [
      'gives its own bytes away',
      (store) => {
        const kept = new Map<string, Uint8Array>();
        return {
          async put(key, body, call) {
            if (body instanceof Uint8Array) kept.set(key, body);
            return store.put(key, body, call);
          },
          get: async (key, call) => ((await store.get(key, call)) && kept.get(key)?.subarray(0, call?.end)) ?? undefined,
        };
      },
      'is a copy',
    ],
    [
      'takes a missing object for an empty one',
      (store) => ({ get: async (key, call) => (await store.get(key, call)) ?? new Uint8Array() }),
      'a missing object',
    ],
    [
      'forgets the start of a range',
      (store) => ({ getStream: (key, { start: _, ...call } = {}) => store.getStream(key, call) }),
      'a stream of the range {"start":2}',
    ],
    [
      'does not hear a signal',
      (store) => ({ get: (key, { signal: _, ...call } = {}) => store.get(key, call) }),
      'a signal that has aborted',
    ],
    [
      'lists in its own order',
      (store) => ({ list: (prefix, call) => reversed(store.list(prefix, call)) }),
      'in the order of the bytes',
    ],
    [
      'lists a page and no more',
      (store) => ({ list: (prefix, call) => limited(store.list(prefix, call), 1_000) }),
      'deleting takes 1100 keys',
    ],
    [
      'deletes a page and no more',
      (store) => ({ delete: (keys, call) => store.delete(keys.slice(0, 1_000), call) }),
      'deleting takes 1100 keys',
    ],
    [
      'deletes what looks like it',
      (store) => ({
        async delete(keys, call) {
          for await (const { key } of store.list(''))
            if (keys.some((one) => key.startsWith(one.slice(0, -7)))) await store.delete([key]);
          return store.delete(keys, call);
        },
      }),
      'nothing that looks like it',
    ],
    [
      'is silent about what it did not delete',
      (store) => ({ delete: async (keys, call) => (await store.delete(keys, call)).slice(1) }),
      'reports what failed',
    ],
  ])('is broken by one that %s', async (_fault, fault, name) => {
    const failed = await failures(fault);

    expect(failed.join('\n')).toContain(name);
  });

  it('closes each store that it opened, also after a failure', async () => {
    let open = 0;
    const cases = objectStoreContract({
      open: () => {
        open += 1;
        const close = async (): Promise<void> => void (open -= 1);
        return Promise.resolve({ store: { ...memoryObjectStore(), get: () => Promise.reject(new Error('broken')) }, close });
      },
      manyObjects: 10,
    });

    const outcomes = await Promise.allSettled(cases.map(({ run }) => run()));

    expect(new Set(outcomes.map(({ status }) => status))).toEqual(new Set(['fulfilled', 'rejected']));
    expect(open).toBe(0);
  });
});

describe('objectStoreContract(), given', () => {
  refusals([
    ['nothing', () => objectStoreContract(wrong(undefined)), 'options', /must be an object, received undefined/],
    ['a misspelt option', () => objectStoreContract(wrong({ create: () => ({}) })), 'create', /not an option .*open/],
    ['no way to open a store', () => objectStoreContract(wrong({})), 'open', /must be a function/],
  ]);
});
