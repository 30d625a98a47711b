import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { StateLostError } from '../../src/model/errors/store.ts';
import { doctor } from '../../src/maintenance/doctor/doctor.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { gcsObjectStore } from '../../src/gcs.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { DAY, HOUR, TASK, useMaintenance } from '../contract/maintenance-parts.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { memoryRig } from '../support/memory-rig.ts';
import { startMinio } from '../support/minio.ts';
import { startVersityGateway } from '../support/versitygw.ts';

/** The life of objects in real buckets: swept, reconciled, looked at, and recovered, each with the requests that the store makes of it. */

interface Server {
  store(prefix: string): Promise<ObjectStore>;
  stop(): Promise<void>;
}

async function s3(start: typeof startMinio): Promise<Server> {
  const server = await start();
  const bucket = await server.bucket();
  const client = server.client();
  return { store: async (prefix) => s3ObjectStore({ client, bucket, prefix, partSize: 5 * 2 ** 20 }), stop: () => server.stop() };
}

async function gcs(): Promise<Server> {
  const server = await startFakeGcs();
  const bucket = await server.bucket();
  return { store: async (prefix) => gcsObjectStore({ bucket, prefix }), stop: () => server.stop() };
}

describe.each([
  ['MinIO', () => s3(startMinio)],
  ['versitygw', () => s3(startVersityGateway)],
  ['fake-gcs-server', gcs],
])('on %s', (_name, start) => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  const place = (): Promise<ObjectStore> => server.store(randomBytes(6).toString('hex'));
  const bench = useMaintenance(
    () => Promise.resolve(memoryRig()),
    async () => ({ objectStore: await place(), otherObjectStore: await place() }),
  );

  test('C60 C61 C69 C70 the tools remove all that is superseded or unreferenced, over two stores', async () => {
    const values = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, at) => [`k${at}`, at]));
    const former = { formerObjectStores: [bench.otherObjectStore] };
    await bench.open({ objectStore: bench.otherObjectStore }).task(TASK).setMany(values(9));
    await bench
      .open({ codec: 'gzip' })
      .task({ ...TASK, task: 'cleared' })
      .setMany(values(520));
    await bench
      .open(former)
      .task({ ...TASK, task: 'cleared' })
      .clear();
    await bench
      .open(former)
      .task(TASK)
      .setMany({ ...values(9), kept: 'x'.repeat(5_000), k0: 'new' });
    await bench.advance(DAY + HOUR);

    expect(await sweep(bench.open(former))).toMatchObject({ objects: 529, failed: [] });

    expect(await bench.objects(bench.otherObjectStore)).toEqual([]);
    expect(await bench.objects()).toHaveLength(10);
    await bench.leave(TASK, 'left', { age: 2 * DAY, bytes: 9 });
    expect(await reconcile(bench.open(former), { apply: true })).toEqual({ entries: 0, objects: 1, bytes: 9, failed: [] });
    expect(await bench.objects()).toHaveLength(10);
    expect(await bench.open(former).task(TASK).getMany(['kept', 'k0'])).toEqual({ kept: 'x'.repeat(5_000), k0: 'new' });
  });

  test('recover brings back values and a stream in parts after everything else was lost', async () => {
    const store = bench.open({ codec: 'gzip' });
    await store.task(TASK).setMany({ large: 'x'.repeat(100_000), small: 1 });
    await store.asset({ name: 'orders' }).set('k', { rows: 12 });
    const bytes = randomBytes(12 * 2 ** 20);
    await store.task(TASK).setStream('stream', chunked(bytes));
    await bench.advance(2 * DAY);
    await bench.rig.flush();
    await expect(reconcile(bench.open(), { apply: true, maxShare: 1 })).rejects.toBeInstanceOf(StateLostError);

    expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 4, skipped: 0, unreadable: 0 });

    const read = bench.open();
    expect(await read.task(TASK).getMany(['large', 'small'])).toEqual({ large: 'x'.repeat(100_000), small: 1 });
    expect(await read.asset({ name: 'orders' }).get('k')).toEqual({ rows: 12 });
    const stream = await read.task(TASK).getStream('stream');
    expect(stream && Buffer.compare(await buffer(stream), bytes)).toBe(0);
    expect(await reconcile(bench.open(), { apply: true })).toMatchObject({ objects: 0, failed: [] });
  });

  test('doctor leaves nothing in a bucket that is well', async () => {
    await bench.open().task(TASK).set('k', 1);
    const before = await bench.everything();

    const findings = await doctor(bench.open());

    const wrong = findings.filter(({ level, check }) => level !== 'ok' && check !== 'persistence');

    expect(wrong).toEqual([]);
    expect(findings.map(({ check }) => check)).toEqual(
      expect.arrayContaining(['object-store', 'conditional-writes', 'generation']),
    );
    expect(await bench.everything()).toEqual(before);
  });
});

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300_000) yield bytes.subarray(at, at + 300_000);
}
