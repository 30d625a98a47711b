import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Redis } from 'ioredis';
import { configFromEnv, openStateStore, type StoreConfig } from '../../src/config.ts';
import { redisMetastore } from '../../src/redis.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import { startFakeGcs, type GcsServer } from '../support/fake-gcs.ts';
import { startMinio, type S3Server } from '../support/minio.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { S3_CREDENTIALS, S3_REGION } from '../support/s3-server.ts';

/** Stores from addresses on real servers, and what becomes of values when the addresses change: nothing. */

const TASK = { flow: 'config', run: '1', task: 'places' };
const SECRETS = new RegExp(`${S3_CREDENTIALS.secretAccessKey}|hunter2`);

type State = Record<string, { text: string; number: number }>;

let redis: TestRedis;
let client: Redis;
let minio: S3Server;
let gcs: GcsServer;
let folder: string;
let connections: Record<string, object>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-places-'));
  [redis, minio, gcs] = await Promise.all([startRedis(), startMinio(), startFakeGcs()]);
  client = new Redis(redis.port, '127.0.0.1');
  connections = {
    minio: { endpoint: minio.endpoint, region: S3_REGION, credentials: S3_CREDENTIALS },
    fake: { apiEndpoint: gcs.endpoint, projectId: 'test' },
  };
});

afterAll(async () => {
  client?.disconnect();
  await Promise.all([redis?.stop(), minio?.stop(), gcs?.stop()]);
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

const address = (): string => `redis://127.0.0.1:${redis.port}`;
const value = (number: number) => ({ text: 'all work and no play '.repeat(200), number });

/** Writes one value with a store of this configuration. */
async function write(config: Omit<StoreConfig, 'redis'>, key: string, number: number): Promise<void> {
  await using store = await openStateStore({ redis: address(), connections, offloadThreshold: 0, ...config });
  await store.task<State>(TASK).set(key, value(number));
}

/** The aliases of the objects that the entry of a key, and the list of what was superseded, refer to. */
async function references(namespace: string): Promise<{ entries: Map<string, string>; superseded: string[] }> {
  const [hash = ''] = (await client.keys(`mooring:{${namespace}:*`)).filter((name) => name.endsWith('/places/-1'));
  const entries = new Map<string, string>();
  const superseded: string[] = [];
  for (const [field, text] of Object.entries(await client.hgetall(hash))) {
    const store = /"store":"([^"]+)"/.exec(text)?.[1];
    if (field.startsWith('e:') && store !== undefined) entries.set(field.slice(2), store);
    if (field.startsWith('s:')) superseded.push(text);
  }
  return { entries, superseded };
}

describe('I10 a configuration that changes', () => {
  test('C35 C37 C47 loses nothing: path, bucket, kind of store, threshold and codec', async () => {
    const namespace = randomUUID();
    const buckets = [await minio.bucket(), await minio.bucket(), (await gcs.bucket()).name];
    const paths = [
      `file://${folder}/${namespace}/`,
      `s3://minio@${buckets[0]}/job-state/`,
      `s3://minio@${buckets[0]}/other/prefix/`,
      `s3://minio@${buckets[1]}`,
      `gs://fake@${buckets[2]}/job-state/`,
    ];
    const codecs = ['gzip', 'snappy', 'none', 'brotli', 'gzip'] as const;
    for (const [at, path] of paths.entries()) {
      await write({ namespace, path, formerPaths: paths.slice(0, at), codec: codecs[at]! }, `k${at}`, at);
    }
    await write({ namespace, path: paths[4]!, offloadThreshold: 1_000_000 }, 'inline', 5);

    for (const [path, ...formerPaths] of [paths, paths.toReversed()]) {
      await using store = await openStateStore({
        redis: address(),
        connections,
        namespace,
        path: path!,
        formerPaths,
        codec: 'none',
        offloadThreshold: 10,
      });
      const keys = ['k0', 'k1', 'k2', 'k3', 'k4', 'inline'];
      expect(await store.task<State>(TASK).getMany(keys)).toEqual(Object.fromEntries(keys.map((key, at) => [key, value(at)])));
    }
    const { entries } = await references(namespace);
    expect(new Set(entries.values()).size).toBe(5);
  });

  test('C37 a path that is not registered any more is said by name', async () => {
    const namespace = randomUUID();
    const bucket = await minio.bucket();
    await write({ namespace, path: `s3://minio@${bucket}/a/` }, 'k', 1);
    await using store = await openStateStore({ redis: address(), connections, namespace, path: `s3://minio@${bucket}/b/` });

    const read = store.task<State>(TASK).get('k');

    await expect(read).rejects.toMatchObject({ code: 'mooring.unknown-location', alias: `s3:${bucket}/a/` });
  });

  test('C48 an overwrite at the new path lists the object at the old one', async () => {
    const namespace = randomUUID();
    const bucket = await minio.bucket();
    const [before, after] = [`s3://minio@${bucket}/a/`, `s3://minio@${bucket}/b/`];
    await write({ namespace, path: before, codec: 'snappy' }, 'k', 1);
    await write({ namespace, path: after, formerPaths: [before] }, 'k', 2);

    const { entries, superseded } = await references(namespace);

    expect(entries.get('k')).toBe(`s3:${bucket}/b/`);
    expect(superseded).toEqual([expect.stringContaining(`"s3:${bucket}/a/"`)]);
  });

  test('a store in code and one from addresses read each other', async () => {
    const namespace = randomUUID();
    const bucket = await minio.bucket();
    const options = { metastore: redisMetastore({ client }), namespace, offloadThreshold: 0 };
    const objectStore = s3ObjectStore({ client: minio.client(), bucket, prefix: 'job-state/' });
    const named = s3ObjectStore({ client: minio.client(), bucket, prefix: 'named/', alias: 'archive' });
    await createStateStore({ ...options, objectStore })
      .task<State>(TASK)
      .set('code', value(1));
    await createStateStore({ ...options, objectStore: named })
      .task<State>(TASK)
      .set('named', value(2));
    const path = `s3://minio@${bucket}/job-state`;
    const archive = `s3://minio@${bucket}/named/`;
    await write({ namespace, path, formerPaths: [archive], aliases: { archive } }, 'config', 3);

    await using store = await openStateStore({
      redis: address(),
      connections,
      namespace,
      path,
      formerPaths: [archive],
      aliases: { archive },
    });
    const read = { code: value(1), named: value(2), config: value(3) };
    expect(await store.task<State>(TASK).getMany(['code', 'named', 'config'])).toEqual(read);
    const inCode = createStateStore({ ...options, objectStore, formerObjectStores: [named] });
    expect(await inCode.task<State>(TASK).getMany(['code', 'named', 'config'])).toEqual(read);
  });
});

describe('a store from the environment', () => {
  test('shows no credential whatever happens', async () => {
    const bucket = await minio.bucket();
    const env = {
      MOORING_REDIS: address(),
      MOORING_PATH: `s3://mini-o@${bucket}/state/`,
      MOORING_NAMESPACE: randomUUID(),
      MOORING_OFFLOAD_THRESHOLD: '0',
      MOORING_CONNECTION_MINI_O: JSON.stringify(connections['minio']),
    };
    await using store = await openStateStore(configFromEnv(env));
    await store.ready();
    await store.task<State>(TASK).set('k', value(1));

    expect(await store.task<State>(TASK).get('k')).toEqual(value(1));
    expect(internalsOf(store).objectStore?.alias).toBe(`s3:${bucket}/state/`);
    await using wrong = await openStateStore(
      configFromEnv({
        ...env,
        MOORING_CONNECTION_MINI_O: env.MOORING_CONNECTION_MINI_O.replace('"mooring-secret"', '"hunter2-hunter2"'),
      }),
    );
    const error: unknown = await wrong.ready().catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'mooring.store-unavailable' });
    expect(inspect([error, store, wrong, configFromEnv(env)], { depth: 20, showHidden: true })).not.toMatch(SECRETS);
  });

  test('reaches Google Cloud Storage', async () => {
    const { name } = await gcs.bucket();
    await using store = await openStateStore(
      configFromEnv({
        MOORING_REDIS: address(),
        MOORING_PATH: `gs://fake@${name}/state/`,
        MOORING_NAMESPACE: randomUUID(),
        MOORING_OFFLOAD_THRESHOLD: '0',
        MOORING_CONNECTION_FAKE: JSON.stringify(connections['fake']),
      }),
    );
    await store.ready();
    await store.task<State>(TASK).set('k', value(1));

    expect(await store.task<State>(TASK).get('k')).toEqual(value(1));
  });

  test('a bucket that is not there is an error of ready()', async () => {
    await using store = await openStateStore({ redis: address(), connections, path: 's3://minio@no-such-bucket/' });

    await expect(store.ready()).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  });
});
