import { describe, expect, test } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { OutcomeUnknownError } from '../../../src/errors.ts';
import { memoryMetastore } from '../../../src/metastore/memory.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import type { ObjectStore } from '../../../src/object-store/object-store.ts';
import { createStateStore } from '../../../src/state-store/create-state-store.ts';
import { coreOf } from '../../../src/state-store/core.ts';
import { generationBody, generationKey, markerKey } from '../../../src/state-store/generation.ts';
import { interceptMetastore, interceptObjectStore, type Intercept } from '../../support/intercept.ts';

/** Generation 0: made by the first writer of an object, once, and never by chance by a later one. */

const TASK = { flow: 'f', run: 'r', task: 't' };
const ZERO = generationKey('default', 0);

function world(objectStore: ObjectStore = memoryObjectStore(), metastore = memoryMetastore()) {
  const open = (objects: Intercept = (_call, proceed) => proceed(), operations: Intercept = (_call, proceed) => proceed()) => {
    const parts = {
      metastore: interceptMetastore(metastore, operations),
      objectStore: interceptObjectStore(objectStore, objects),
      offloadThreshold: 100,
      commandTimeout: 500,
    };
    return createStateStore(parts);
  };
  return { objectStore, metastore, open };
}

/** Requests for generations. */
function requests(): { seen: string[]; intercept: Intercept } {
  const seen: string[] = [];
  return {
    seen,
    intercept: ({ method, args }, proceed) => {
      if (String(args[0]).includes('/generation=/')) seen.push(method);
      return proceed();
    },
  };
}

const bodyOf = async (store: ObjectStore, number = 0): Promise<Record<string, number>> =>
  JSON.parse(Buffer.from((await store.get(generationKey('default', number))) ?? []).toString()) as Record<string, number>;

describe('generation 0', () => {
  test('is made before the first object, and nothing is asked for inline values', async () => {
    const { open, objectStore } = world();
    const order: string[] = [];
    const { seen, intercept } = requests();
    const store = open((call, proceed) => {
      if (call.method === 'put') order.push(String(call.args[0]).includes('generation=') ? 'generation' : 'object');
      return intercept(call, proceed);
    });
    await store.task(TASK).set('inline', 1);
    expect(seen).toEqual([]);

    await store.task(TASK).set('k', 'x'.repeat(200));

    expect(order).toEqual(['generation', 'object']);
    expect(await bodyOf(objectStore)).toEqual({ generation: 0, bornAt: expect.any(Number), raisedAt: expect.any(Number) });
  });

  test('costs one read for each process, whatever it writes', async () => {
    const { open } = world();
    await open().task(TASK).set('k', 'x'.repeat(200));
    const { seen, intercept } = requests();
    const store = open(intercept);

    await Promise.all(Array.from({ length: 20 }, (_, at) => store.task(TASK).set(`k${at}`, 'x'.repeat(200))));
    await store.asset({ name: 'a' }).set('k', 'x'.repeat(200));

    expect(seen).toEqual(['get']);
  });

  test('is one, however many processes make it at once', async () => {
    const { open, objectStore } = world();

    await Promise.all(
      Array.from({ length: 8 }, (_, at) =>
        open(({ method }, proceed) =>
          method === 'list' ? proceed() : new Promise((resolve) => setImmediate(resolve)).then(proceed),
        )
          .task({ ...TASK, mapIndex: at })
          .set('k', 'x'.repeat(200)),
      ),
    );

    const keys: string[] = [];
    for await (const { key } of objectStore.list('default/generation=/')) keys.push(key);
    expect(keys).toEqual([ZERO]);
  });

  test('that cannot be made fails that write, and the next one tries again', async () => {
    const { open, objectStore } = world();
    let broken = true;
    const store = open(({ method, args }, proceed) =>
      broken && method === 'put' && args[0] === ZERO ? Promise.reject(new Error('403')) : proceed(),
    );

    await expect(store.task(TASK).set('k', 'x'.repeat(200))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
    expect(await store.task(TASK).get('k')).toBeUndefined();
    broken = false;
    await store.task(TASK).set('k', 'x'.repeat(200));

    expect(await bodyOf(objectStore)).toHaveProperty('bornAt');
    expect(await store.task(TASK).get('k')).toBe('x'.repeat(200));
  });

  test('whose births are of unknown outcome is no unknown outcome of the write', async () => {
    const { open } = world();
    const store = open(undefined, ({ method }, proceed) =>
      method === 'bear' ? Promise.reject(new OutcomeUnknownError('no-answer', 'lost')) : proceed(),
    );

    await expect(store.task(TASK).set('k', 'x'.repeat(200))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('is waited for no longer than a call may take, and a caller that leaves takes nobody along', async () => {
    const { open } = world();
    let answer = (): void => undefined;
    const asked = new Promise<void>((resolve) => (answer = resolve));
    const store = open(({ method, args }, proceed) =>
      method === 'get' && args[0] === ZERO ? asked.then(() => proceed()) : proceed(),
    );
    const stop = new AbortController();
    const reason = new Error('enough');
    const first = store.task(TASK).set('a', 'x'.repeat(200), { signal: stop.signal });
    const second = store.task(TASK).set('b', 'x'.repeat(200));
    stop.abort(reason);

    await expect(first).rejects.toBe(reason);
    answer();
    await second;
    expect(await store.task(TASK).get('b')).toBe('x'.repeat(200));

    const hanging = world().open(({ method, args }, proceed) =>
      method === 'get' && args[0] === ZERO ? new Promise(() => undefined) : proceed(),
    );
    await expect(hanging.task(TASK).set('k', 'x'.repeat(200))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('is not begun for a caller who has left, so that its failure ends no process', async () => {
    const { open } = world();
    const { seen, intercept } = requests();
    const store = open((call, proceed) => (void intercept(call, proceed), Promise.reject(new Error('403'))));

    const left = coreOf(store).beforeObject({ signal: AbortSignal.abort(new Error('enough')) });

    await expect(left).rejects.toThrow('enough');
    // Jest listens to `unhandledRejection`, and fails the test that is running.
    await pause(20);
    expect(seen).toEqual([]);
  });

  test('I5 that a rule of the bucket removed comes back from a later one, not from births that may be new', async () => {
    const { open, objectStore } = world();
    const later = { generation: 7, bornAt: 1_700_000_000_000, raisedAt: 1_700_000_500_000 };
    await objectStore.put(generationKey('default', 7), generationBody(later), { ifAbsent: true });

    await open().task(TASK).set('k', 'x'.repeat(200));

    expect(await bodyOf(objectStore)).toEqual(later);
  });

  test('I5 nor from a later one that is damaged: then no births are the right ones, until recover()', async () => {
    const { open, objectStore } = world();
    await objectStore.put(generationKey('default', 7), Buffer.from('{'), { ifAbsent: true });

    await open().task(TASK).set('k', 'x'.repeat(200));

    expect(await bodyOf(objectStore)).toEqual({ generation: 7, bornAt: 0, raisedAt: 0 });
  });

  test('of a new object store begins with the generation that the metastore has', async () => {
    const { open, objectStore, metastore } = world();
    const store = open();
    await store.task(TASK).set('k', 'x'.repeat(200));
    await coreOf(store).metastore.raise(3, {});
    const moved = memoryObjectStore({ alias: 'new' });
    await createStateStore({ metastore, objectStore: moved, offloadThreshold: 0 }).task(TASK).set('k', 2);

    const { bornAt } = await bodyOf(objectStore);
    expect(await bodyOf(moved)).toMatchObject({ generation: 3, bornAt });
  });

  test('I5 of another metastore gets a marker beside it, once, and that of an own one none', async () => {
    const objectStore = memoryObjectStore();
    const keys = async (): Promise<string[]> => {
      const found: string[] = [];
      for await (const { key } of objectStore.list('default/generation=/')) found.push(key);
      return found;
    };
    const first = { generation: 0, bornAt: 1_700_000_000_000, raisedAt: 1_700_000_500_000 };
    await objectStore.put(ZERO, generationBody(first), { ifAbsent: true });
    const { open, metastore } = world(objectStore);
    for (const value of [1, 2]) {
      await open().task(TASK).set('k', `${value}`.repeat(200));
    }

    const { bornAt = 0 } = await coreOf(open()).metastore.lineage({});
    expect(await keys()).toEqual([ZERO, markerKey('default', bornAt)]);
    expect(await bodyOf(objectStore)).toEqual(first);

    await objectStore.delete([markerKey('default', bornAt)]);
    await objectStore.put(generationKey('default', 4), generationBody({ generation: 4, bornAt, raisedAt: 1 }), {
      ifAbsent: true,
    });
    await world(objectStore, metastore).open().task(TASK).set('k', 'x'.repeat(200));

    expect(await keys()).toEqual([ZERO, generationKey('default', 4)]);
  });
});
