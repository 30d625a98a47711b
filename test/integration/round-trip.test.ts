import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import type { S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { gcsObjectStore } from '../../src/gcs.ts';
import { doctor } from '../../src/maintenance/doctor/doctor.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { DAY, HOUR, TASK, useMaintenance } from '../contract/maintenance-parts.ts';
import { startFakeGcs, type GcsPlace } from '../support/fake-gcs.ts';
import { givenGcs, givenS3 } from '../support/given-server.ts';
import { startMinio } from '../support/minio.ts';
import { redisRig } from '../support/redis-rig.ts';
import { startRedis } from '../support/redis.ts';
import type { S3Place } from '../support/s3-server.ts';

/** What users do with a store, from the first value to clean-up, on a real Redis and a real server of objects. */

interface Server {
  store(): ObjectStore;
  /** With the settings that the client has by itself, if others are advised. */
  storeAsMade?: () => ObjectStore;
  stop(): Promise<void>;
}

const MIB = 2 ** 20;

async function onS3(start: () => Promise<S3Place>): Promise<Server> {
  const server = await start();
  const bucket = await server.bucket();
  const over = (client: S3Client) => (): ObjectStore =>
    s3ObjectStore({ client, bucket, prefix: randomBytes(6).toString('hex'), partSize: 5 * MIB });
  return {
    store: over(server.client()),
    storeAsMade: over(
      server.client({ requestChecksumCalculation: 'WHEN_SUPPORTED', responseChecksumValidation: 'WHEN_SUPPORTED' }),
    ),
    stop: () => server.stop(),
  };
}

async function onGcs(start: () => Promise<GcsPlace>): Promise<Server> {
  const server = await start();
  const bucket = await server.bucket();
  return { store: () => gcsObjectStore({ bucket, prefix: randomBytes(6).toString('hex') }), stop: () => server.stop() };
}

interface Tested {
  name: string;
  start: () => Promise<Server>;
  /** The checks of `doctor()` that are not well. */
  doctor: readonly string[];
}

const [s3, gcs] = [givenS3(), givenGcs()];
const SERVERS: readonly Tested[] = [
  ...(s3 ? [{ ...s3, start: () => onS3(s3.start) }] : []),
  ...(gcs ? [{ ...gcs, start: () => onGcs(gcs.start) }] : []),
];
const OWN: readonly Tested[] = [
  { name: 'MinIO', start: () => onS3(startMinio), doctor: [] },
  { name: 'fake-gcs-server', start: () => onGcs(startFakeGcs), doctor: [] },
];

describe.each(SERVERS.length > 0 ? SERVERS : OWN)('a round trip on $name', ({ start, doctor: unwell }) => {
  let server: Server;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());

  const bench = useMaintenance(
    async () => {
      const redis = await startRedis();
      const client = new Redis({ host: '127.0.0.1', port: redis.port });
      return redisRig(
        client,
        () => [client],
        async () => {
          client.disconnect();
          await redis.stop();
        },
      );
    },
    async () => ({ objectStore: server.store(), otherObjectStore: server.store() }),
  );

  test('set and get', async () => {
    const state = bench.open().task(TASK);
    const values = {
      text: 'ä€\u{1F6A2}',
      empty: '',
      rows: [1, 2, 3],
      large: 'x'.repeat(3 * MIB),
      bytes: Uint8Array.from([0, 255]),
    };
    await state.setMany(values);

    expect(await bench.open().task(TASK).getMany(Object.keys(values))).toEqual(values);
    expect(await bench.objects()).toHaveLength(5);
  });

  test('stream in parts', async () => {
    const bytes = randomBytes(20 * MIB);
    await bench.open().task(TASK).setStream('stream', chunked(bytes));

    const found = await bench.open().task(TASK).getStream('stream');

    expect(found && Buffer.compare(await buffer(found), bytes)).toBe(0);
  });

  test('overwrite, by twenty writers at the same time too', async () => {
    const state = bench.open().task(TASK);
    for (const value of ['first', 'second']) await state.set('k', value);
    expect(await state.get('k')).toBe('second');

    const values = Array.from({ length: 20 }, (_, writer) => `of ${writer}`);
    await Promise.all(values.map((value) => bench.open().task(TASK).set('k', value)));

    expect(values).toContain(await state.get('k'));
  });

  test('sweep removes what was superseded and cleared', async () => {
    const state = bench.open().task(TASK);
    for (const value of ['first', 'second']) await state.set('k', value);
    await bench
      .open()
      .task({ ...TASK, task: 'cleared' })
      .setMany({ a: 1, b: 2 });
    await bench
      .open()
      .task({ ...TASK, task: 'cleared' })
      .clear();
    await bench.advance(DAY + HOUR);

    expect(await sweep(bench.open())).toMatchObject({ objects: 3, failed: [] });

    expect(await bench.objects()).toHaveLength(1);
    expect(await bench.open().task(TASK).get('k')).toBe('second');
  });

  test('reconcile removes what nothing refers to while a stream is being written', async () => {
    const store = bench.open();
    await store.task(TASK).set('k', 'kept');
    await bench.leave(TASK, 'left', { age: 2 * DAY, bytes: 9 });
    const bytes = randomBytes(12 * MIB);
    let halfway = (): void => undefined;
    let goOn = (): void => undefined;
    const reached = new Promise<void>((resolve) => (halfway = resolve));
    const released = new Promise<void>((resolve) => (goOn = resolve));
    const source = async function* (): AsyncGenerator<Uint8Array> {
      yield* chunked(bytes.subarray(0, 11 * MIB));
      halfway();
      await released;
      yield bytes.subarray(11 * MIB);
    };
    const writing = store.task(TASK).setStream('live', source());
    await Promise.race([reached, writing]);

    const removed = await reconcile(bench.open(), { apply: true, maxShare: 1 }).finally(goOn);
    await writing;

    expect(removed).toEqual({ entries: 0, objects: 1, bytes: 9, failed: [] });
    expect(await bench.open().task(TASK).get('k')).toBe('kept');
    const found = await bench.open().task(TASK).getStream('live');
    expect(found && Buffer.compare(await buffer(found), bytes)).toBe(0);
  });

  test('recover brings back what Redis lost', async () => {
    const values = { large: 'x'.repeat(MIB), small: 1 };
    await bench.open().task(TASK).setMany(values);
    await bench.advance(2 * DAY);
    await bench.rig.flush();

    expect(await recover(bench.open(), { apply: true })).toEqual({ entries: 2, skipped: 0, unreadable: 0 });

    expect(await bench.open().task(TASK).getMany(Object.keys(values))).toEqual(values);
  });

  test('doctor names just what does not work there', async () => {
    await bench.open().task(TASK).set('k', 1);
    const before = await bench.objects();

    const findings = await doctor(bench.open());

    // The Redis of a test keeps nothing on disk.
    const wrong = findings.filter(({ level, check }) => level !== 'ok' && check !== 'persistence');
    expect(wrong.map(({ check, level, message }) => `${check}: ${level}: ${message}`)).toEqual(
      unwell.map((check) => expect.stringMatching(new RegExp(`^${check}: `))),
    );
    expect(await bench.objects()).toEqual(before);
  });

  test('a client without the settings that the docs advise works too, or doctor names them', async () => {
    const objectStore = (server.storeAsMade ?? server.store)();
    const open = (): StateStore => bench.open({ objectStore });
    const bytes = randomBytes(20 * MIB);
    const failure = await (async () => {
      const values = { small: 1, large: 'x'.repeat(3 * MIB) };
      await open().task(TASK).setMany(values);
      expect(await open().task(TASK).getMany(Object.keys(values))).toEqual(values);
      for (const size of [3 * MIB, bytes.length]) {
        await open()
          .task(TASK)
          .setStream('stream', chunked(bytes.subarray(0, size)));
        const found = await open().task(TASK).getStream('stream');
        expect(found && Buffer.compare(await buffer(found), bytes.subarray(0, size))).toBe(0);
      }
    })().catch((error: unknown) => error);

    const remedies = (await doctor(open())).flatMap((finding) => ('remedy' in finding ? [finding.remedy] : []));

    const named = expect.arrayContaining([expect.stringContaining("'WHEN_REQUIRED'")]);
    expect({ failure, remedies }).toEqual(failure === undefined ? expect.anything() : { failure, remedies: named });
  });
});

async function* chunked(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 300_000) yield bytes.subarray(at, at + 300_000);
}
