import { describe, expect, test } from '@jest/globals';
import { Readable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import { OutcomeUnknownError } from '../../../../src/model/errors/store.ts';
import { reconcile } from '../../../../src/maintenance/reconcile/reconcile.ts';
import { memoryMetastore } from '../../../../src/metastore/memory/store.ts';
import { memoryObjectStore } from '../../../../src/object-store/memory.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { createStateStore } from '../../../../src/state-store/create-state-store.ts';
import { internalsOf } from '../../../../src/state-store/internals.ts';
import { generationBody, generationKey, readGenerations } from '../../../../src/state-store/objects/lineage.ts';
import { fakeClock } from '../../../../src/testing/fake-clock.ts';
import { memoryLogger } from '../../../contract/maintenance-parts.ts';
import { fakeS3 } from '../../../support/fake-s3.ts';
import { interceptMetastore, interceptObjectStore, type Intercept, type InterceptOperation } from '../../../support/intercept.ts';

/** Generation 0, made by the first writer of an object, once, and never by chance by a later one; and the births of metastores. */

const TASK = { flow: 'f', run: 'r', task: 't' };
const ZERO = generationKey('default', 0);

function world(objectStore: ObjectStore = memoryObjectStore(), metastore = memoryMetastore()) {
  const open = (
    objects: Intercept = (_call, proceed) => proceed(),
    operations: InterceptOperation = (_call, proceed) => proceed(),
  ) => {
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

const keysIn = async (store: ObjectStore, prefix = 'default/generation=/'): Promise<string[]> => {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
};

describe('generation 0', () => {
  test('is made just before the first object', async () => {
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

    expect(order).toEqual(['generation', 'generation', 'object']);
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

    expect(await keysIn(objectStore)).toEqual([ZERO, expect.stringContaining('/born-')]);
  });

  test('that cannot be made fails that write only', async () => {
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
      method === 'lineage.bear' ? Promise.reject(new OutcomeUnknownError('no-answer', 'lost')) : proceed(),
    );

    await expect(store.task(TASK).set('k', 'x'.repeat(200))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('is waited for after another caller has left', async () => {
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
  });

  test('is waited for no longer than a call may take', async () => {
    const hanging = world().open(({ method, args }, proceed) =>
      method === 'get' && args[0] === ZERO ? new Promise(() => undefined) : proceed(),
    );
    await expect(hanging.task(TASK).set('k', 'x'.repeat(200))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('is not begun for a caller who has left', async () => {
    const { open } = world();
    const { seen, intercept } = requests();
    const store = open((call, proceed) => (void intercept(call, proceed), Promise.reject(new Error('403'))));

    const left = internalsOf(store).beforeObject({ signal: AbortSignal.abort(new Error('enough')) });

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
    await internalsOf(store).metastore.lineage.raise(3, {});
    const moved = memoryObjectStore({ alias: 'new' });
    await createStateStore({ metastore, objectStore: moved, offloadThreshold: 0 }).task(TASK).set('k', 2);

    const { bornAt } = await bodyOf(objectStore);

    expect(await bodyOf(moved)).toMatchObject({ generation: 3, bornAt });
  });
});

describe('the birth of a metastore', () => {
  const first = { generation: 0, bornAt: 1_700_000_000_000, raisedAt: 1_700_000_500_000 };
  /** One of another metastore, or of this one as a version without names left it. */
  const plant = (store: ObjectStore, birth: string) =>
    store.put(`default/generation=/-/-/born-${birth}.json`, Buffer.from('{}'), { ifAbsent: true });

  test('I5 is left once, whatever is there, before the first object', async () => {
    const { open, objectStore, metastore } = world();
    await objectStore.put(ZERO, generationBody(first), { ifAbsent: true });
    await plant(objectStore, '1700000000000-0123456789abcdef');
    for (const value of [1, 2]) await open().task(TASK).set('k', `${value}`.repeat(200));

    const { bornAt, name } = await internalsOf(open()).metastore.lineage.read({});
    const key = `default/generation=/-/-/born-${bornAt}-${name}.json`;
    expect(await keysIn(objectStore)).toEqual([ZERO, 'default/generation=/-/-/born-1700000000000-0123456789abcdef.json', key]);
    expect(JSON.parse(Buffer.from((await objectStore.get(key)) ?? []).toString())).toEqual({ bornAt, name });
    expect(await bodyOf(objectStore)).toEqual(first);

    await objectStore.delete([key]);
    await world(objectStore, metastore).open().task(TASK).set('k', 'x'.repeat(200));

    expect(await keysIn(objectStore)).toContain(key);
  });

  test('that cannot be left fails that write: no object is put without it', async () => {
    const { open, objectStore } = world();
    const store = open(({ method, args }, proceed) =>
      method === 'put' && String(args[0]).includes('/born-') ? Promise.reject(new Error('403')) : proceed(),
    );

    await expect(store.task(TASK).set('k', 'x'.repeat(200))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });

    expect(await keysIn(objectStore, '')).toEqual([ZERO]);
  });

  test('needs no right to overwrite: a worker that is refused finds what another process put', async () => {
    const { open, objectStore } = world();
    const writers = Array.from({ length: 8 }, () =>
      open(({ method, args }, proceed) => {
        if (method !== 'put' || (args[2] as { ifAbsent: boolean }).ifAbsent) return proceed();
        return objectStore.get(String(args[0])).then((there) => (there ? Promise.reject(new Error('HTTP 403')) : proceed()));
      }),
    );

    await Promise.all(writers.map((store, mapIndex) => store.task({ ...TASK, mapIndex }).set('k', 'x'.repeat(200))));

    expect(await keysIn(objectStore)).toHaveLength(2);
  });

  test('is of no other metastore that was born in the same millisecond', async () => {
    const objectStore = memoryObjectStore();
    const clock = fakeClock();
    const open = () => createStateStore({ metastore: memoryMetastore(), objectStore, clock, offloadThreshold: 0 });
    await Promise.all([open().task(TASK).set('k', 1), open().task(TASK).set('k', 2)]);

    expect((await keysIn(objectStore)).filter((key) => key.includes(`/born-${clock.now()}-`))).toHaveLength(2);
  });

  test('is told of, where others are there', async () => {
    const objectStore = memoryObjectStore();
    const { logger, lines } = memoryLogger();
    const open = (metastore = memoryMetastore()) => createStateStore({ metastore, objectStore, offloadThreshold: 0, logger });
    await open().task(TASK).set('k', 1);
    expect(lines).toEqual([]);

    await open().task(TASK).set('k', 2);

    expect(lines).toEqual([
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('the objects are of another metastore') }),
    ]);
  });

  test('of a store whose version left none comes with the next first object', async () => {
    const objectStore = memoryObjectStore();
    const { open, metastore } = world(objectStore);
    await open().task(TASK).set('inline', 1);
    const bornAt = (await internalsOf(open()).metastore.lineage.read({})).bornAt ?? 0;
    await objectStore.put(ZERO, generationBody({ generation: 0, bornAt, raisedAt: bornAt }), { ifAbsent: true });
    await plant(objectStore, String(bornAt));
    expect(await reconcile(open())).toMatchObject({ failed: [] });
    expect(await internalsOf(open()).metastore.lineage.read({})).toMatchObject({ name: undefined });

    await open().task(TASK).set('k', 'x'.repeat(200));

    expect(await reconcile(world(objectStore, metastore).open())).toMatchObject({ failed: [] });
    expect(await keysIn(objectStore)).toHaveLength(3);
    await plant(objectStore, String(bornAt + 1));
    await expect(reconcile(open())).rejects.toMatchObject({ code: 'mooring.state-lost' });
  });
});

describe('a server that lists in an order of its own', () => {
  const page = (keys: readonly string[]): object => ({
    Contents: keys.map((Key) => ({ Key: `job-state/${Key}`, Size: 1, LastModified: new Date(0) })),
  });

  test('hides neither the newest generation nor the first birth', async () => {
    const births = ['1795363995114-b', '1795363995113-a'].map((birth) => `${birth}${'0'.repeat(15)}`);
    const keys = [2, 0, 1].map((number) => generationKey('default', number));
    const newest = { generation: 2, bornAt: 1, raisedAt: 1 };
    const { store } = fakeS3(({ operation }) => {
      if (operation === 'ListObjectsV2') {
        return page([...births.map((birth) => `default/generation=/-/-/born-${birth}.json`), ...keys]);
      }
      const body = Buffer.from(generationBody(newest));
      return { Body: Readable.from([body]), ContentRange: `bytes 0-${body.length - 1}/${body.length}` };
    });
    const core = internalsOf(createStateStore({ metastore: memoryMetastore(), objectStore: store }));

    const found = await readGenerations(core, store, {});

    expect(found).toEqual({ numbers: [0, 1, 2], newest, births: births.toReversed() });
  });
});

describe('an empty value in an object store', () => {
  test.each(['none', 'gzip'] as const)('is not read (codec %s)', async (codec) => {
    const { objectStore, metastore } = world();
    const read: string[] = [];
    const watched = interceptObjectStore(objectStore, ({ method, args }, proceed) => {
      if (method.startsWith('get') && !String(args[0]).includes('/generation=/')) read.push(method);
      return proceed();
    });
    const state = createStateStore({ metastore, objectStore: watched, offloadThreshold: 0, codec }).task(TASK);
    await state.set('k', new Uint8Array());

    const stream = await state.getStream('k');

    expect(await stream?.toArray()).toEqual([]);
    expect(await state.get('k')).toEqual(new Uint8Array());
    expect(read).toEqual([]);
  });
});
