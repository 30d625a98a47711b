import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { drawNonce, UNFENCED } from '../../src/format/write-id.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import type { Metastore } from '../../src/metastore/metastore.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { gcsObjectStore } from '../../src/gcs.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { objectName } from '../../src/format/object-name.ts';
import { objectKey, scopePath } from '../../src/format/path.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { fakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { DAY } from '../contract/maintenance-parts.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { startLossyHttp, type LossyHttp } from '../support/lossy-http.ts';
import { startMinio } from '../support/minio.ts';

/** How many requests each operation costs: what docs/operations.md reckons with. */

const TASK = { flow: 'media', run: '1', task: 'encode' };
const TEXT = 'x'.repeat(200);
const MEBIBYTE = 2 ** 20;

/** A server behind a proxy that counts. */
interface Counted {
  proxy: LossyHttp;
  store(): Promise<ObjectStore>;
  /** What a request is billed as. */
  kind(request: { method: string; path: string }): string;
  stop(): Promise<void>;
}

async function minio(): Promise<Counted> {
  const server = await startMinio();
  const proxy = await startLossyHttp(server.port);
  return {
    proxy,
    store: async () => {
      const client = server.client({ endpoint: `http://127.0.0.1:${proxy.port}` });
      return s3ObjectStore({ client, bucket: await server.bucket() });
    },
    kind: ({ method, path }) => {
      if (path.includes('list-type=2')) return 'LIST';
      if (method === 'GET') return path.includes('uploads') ? 'LIST' : 'GET';
      return path.includes('delete') ? 'DELETE' : method;
    },
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

async function fakeGcs(): Promise<Counted> {
  const server = await startFakeGcs();
  const proxy = await startLossyHttp(server.port);
  return {
    proxy,
    store: async () => gcsObjectStore({ bucket: await server.bucket('7', `http://127.0.0.1:${proxy.port}`) }),
    kind: ({ method, path }) => (method === 'GET' && /\/o(\?|$)/.test(path) ? 'LIST' : method),
    async stop() {
      await proxy.stop();
      await server.stop();
    },
  };
}

type Requests = Readonly<Record<string, number>>;

/** What docs/operations.md says, by operation. */
interface Expected {
  firstEver: Requests;
  firstOfAProcess: Requests;
  set: Requests;
  get: Requests;
  setLarge: Requests;
  getLarge: Requests;
  openMedium: Requests;
  openLarge: Requests;
  idleSweep: Requests;
  sweep: Requests;
  /** Of 130 scopes with an object each: its deletes. */
  sweepOfScopes: number;
  reconcile: Requests;
  reconcileOne: Requests;
}

const ON_S3: Expected = {
  firstEver: { GET: 3, LIST: 2, PUT: 3 },
  firstOfAProcess: { GET: 1, PUT: 1 },
  set: { PUT: 1 },
  get: { GET: 1 },
  setLarge: { POST: 2, PUT: 3 },
  getLarge: { GET: 3 },
  openMedium: { GET: 2 },
  openLarge: { GET: 6 },
  idleSweep: { GET: 1, LIST: 1 },
  sweep: { DELETE: 1, GET: 2, LIST: 1, PUT: 3 },
  sweepOfScopes: 3,
  reconcile: { GET: 3, LIST: 5, PUT: 3 },
  // A second listing, a look at the generation, and a generation too many.
  reconcileOne: { DELETE: 2, GET: 4, LIST: 7, PUT: 3 },
};
const ON_GCS: Expected = {
  firstEver: { GET: 4, LIST: 4, POST: 3 },
  firstOfAProcess: { GET: 1, POST: 1 },
  set: { POST: 1 },
  get: { GET: 1 },
  setLarge: { POST: 1, PUT: 3 },
  getLarge: { GET: 3 },
  openMedium: { GET: 2 },
  openLarge: { GET: 6 },
  idleSweep: { GET: 1, LIST: 1 },
  sweep: { DELETE: 33, GET: 4, LIST: 1, POST: 3 },
  sweepOfScopes: 130,
  reconcile: { GET: 5, LIST: 3, POST: 3 },
  reconcileOne: { DELETE: 2, GET: 6, LIST: 5, POST: 3 },
};

describe.each([
  ['S3', minio, ON_S3],
  ['Google Cloud Storage', fakeGcs, ON_GCS],
] as const)('on %s', (_name, start, expected) => {
  let counted: Counted;
  let objectStore: ObjectStore;
  let clock: FakeClock;
  let metastore: Metastore;

  beforeAll(async () => {
    counted = await start();
  });

  afterAll(() => counted?.stop());

  beforeEach(async () => {
    objectStore = await counted.store();
    clock = fakeClock();
    metastore = memoryMetastore();
  });

  const open = (): StateStore => createStateStore({ metastore, objectStore, clock, codec: 'none', offloadThreshold: 100 });

  async function requests(work: () => Promise<unknown>): Promise<Requests> {
    const before = counted.proxy.requests.length;
    await work();
    const kinds = counted.proxy.requests.slice(before).map(counted.kind);
    return Object.fromEntries([...new Set(kinds)].toSorted().map((kind) => [kind, kinds.filter((one) => one === kind).length]));
  }

  test('a value costs one request each way', async () => {
    expect(await requests(() => open().task(TASK).set('a', TEXT))).toEqual(expected.firstEver);
    const state = open().task(TASK);

    expect(await requests(() => state.set('a', TEXT))).toEqual(expected.firstOfAProcess);
    expect(await requests(() => state.set('a', TEXT))).toEqual(expected.set);
    expect(await requests(() => state.get('a'))).toEqual(expected.get);
  });

  test('what stays in the metastore costs none, nor does deleting or clearing', async () => {
    const state = open().task(TASK);
    await state.set('a', TEXT);

    const none = await requests(async () => {
      await state.set('b', 1);
      await state.get('b');
      await state.delete('a');
      await state.clear();
    });

    expect(none).toEqual({});
  });

  test('8 MiB cost a request each way, or two as a stream', async () => {
    const state = open().task(TASK);
    const bytes = new Uint8Array(8 * MEBIBYTE);
    await state.set('a', TEXT);

    expect(await requests(() => state.set('value', bytes))).toEqual(expected.set);
    expect(await requests(() => state.get('value'))).toEqual(expected.get);
    expect(await requests(async () => (await state.getStream('value'))?.toArray())).toEqual(expected.openMedium);
  });

  test('20 MiB cost a request for each 8 MiB each way, or for each 4 MiB as a stream', async () => {
    const state = open().task(TASK);
    const bytes = new Uint8Array(20 * MEBIBYTE);
    async function* mebibytes(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < bytes.length; at += MEBIBYTE) yield bytes.subarray(at, at + MEBIBYTE);
    }
    await state.set('a', TEXT);

    expect(await requests(() => state.set('value', bytes))).toEqual(expected.setLarge);
    expect(await requests(() => state.setStream('stream', mebibytes()))).toEqual(expected.setLarge);
    expect(await requests(() => state.get('value'))).toEqual(expected.getLarge);
    expect(await requests(async () => (await state.getStream('stream'))?.toArray())).toEqual(expected.openLarge);
  });

  test('a sweep deletes in rounds of 64 scopes', async () => {
    const store = open();
    const states = Array.from({ length: 130 }, (_, mapIndex) => store.task({ ...TASK, mapIndex }));
    await Promise.all(states.map((state) => state.set('a', TEXT)));
    await Promise.all(states.map((state) => state.clear()));
    clock.advance('26h');

    expect((await requests(() => sweep(store)))['DELETE']).toBe(expected.sweepOfScopes);
  });

  test('a sweep costs by what it removes, a reconcile by what is listed', async () => {
    const store = open();
    const state = store.task(TASK);
    for (let at = 0; at < 33; at += 1) await state.set(`${at}`, TEXT);
    await state.clear();

    expect(await requests(() => sweep(store))).toEqual(expected.idleSweep);
    clock.advance('26h');
    const removed = await requests(async () => expect(await sweep(store)).toMatchObject({ objects: 33 }));

    expect(removed).toEqual(expected.sweep);
    expect(await requests(() => reconcile(store, { apply: true }))).toEqual(expected.reconcile);
    const id = { fence: UNFENCED, nonce: drawNonce('tool', Math.random), sequence: 1 };
    const name = objectName(id, clock.now() - 2 * DAY, { type: 'json', codec: 'none', encrypted: false, framed: false });
    await objectStore.put(objectKey('default', scopePath(TASK), 'k', name), Buffer.from('1'), { ifAbsent: true });
    expect(await requests(() => reconcile(store, { apply: true }))).toEqual(expected.reconcileOne);
  });
});
