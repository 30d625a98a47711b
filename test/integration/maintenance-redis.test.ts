import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cluster, Redis } from 'ioredis';
import { StateLostError } from '../../src/model/errors/store.ts';
import { doctor } from '../../src/maintenance/doctor/doctor.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { fileObjectStore } from '../../src/file.ts';
import { redisMetastore } from '../../src/redis.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { maintenanceContract } from '../contract/maintenance.ts';
import { DAY, HOUR, TASK } from '../contract/maintenance-parts.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';
import { objectsOf } from '../contract/state-store-parts.ts';
import { redisRig } from '../support/redis-rig.ts';
import { startRedis, startRedisCluster, type TestRedis } from '../support/redis.ts';

/** Clean-up on real servers: the contract, what it costs, and what a Redis does that is lost, restored, or another one. */

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-maintenance-'));
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

const at = (port: number) => ({ host: '127.0.0.1', port });

maintenanceContract(
  'Redis and file',
  async () => {
    const server = await startRedis();
    const client = new Redis(at(server.port));
    return redisRig(
      client,
      () => [client],
      async () => {
        client.disconnect();
        await server.stop();
      },
    );
  },
  async () => ({
    objectStore: fileObjectStore({ directory: await mkdtemp(join(folder, 'objects-')) }),
    otherObjectStore: fileObjectStore({ directory: await mkdtemp(join(folder, 'other-')) }),
  }),
);

/** Stores of one namespace, as processes open them. */
function opener(rig: () => MetastoreRig, objectStore: () => ObjectStore, namespace: () => string): () => StateStore {
  return () =>
    createStateStore({
      metastore: rig().metastore(),
      objectStore: objectStore(),
      namespace: namespace(),
      offloadThreshold: 0,
      clock: { now: () => Date.now() + rig().shift(), sleep: () => Promise.resolve() },
    });
}

describe('on one Redis', () => {
  let server: TestRedis;
  let client: Redis;
  let rig: MetastoreRig;
  let objectStore: ObjectStore;
  let namespace = '';
  const open = opener(
    () => rig,
    () => objectStore,
    () => namespace,
  );

  beforeEach(async () => {
    server = await startRedis({ directory: await mkdtemp(join(folder, 'redis-')) });
    client = new Redis(at(server.port));
    rig = redisRig(
      client,
      () => [client],
      () => Promise.resolve(),
    );
    objectStore = memoryObjectStore();
    namespace = 'prod';
  });

  afterEach(async () => {
    client.disconnect();
    await server.stop();
  });

  /** What scripts did on keys: it does not depend on which of them shared a command. */
  const touches = async (): Promise<number> => {
    const stats = await client.info('commandstats');
    return [...stats.matchAll(/cmdstat_(?:hscan|hget|hmget|hset|hdel|zadd|zrem|zrange\w*):calls=(\d+)/g)].reduce(
      (sum, [, calls]) => sum + Number(calls),
      0,
    );
  };

  test('C61 what a sweep costs grows only with what it removes', async () => {
    const costs: Record<string, number> = {};
    const sweepOf = async (stored: number, due: number): Promise<number> => {
      namespace = `stored-${stored}-${due}`;
      const store = open();
      for (let from = 0; from < stored; from += 100) {
        const some = Array.from({ length: 100 }, (_, index) => store.task({ ...TASK, mapIndex: from + index }));
        await Promise.all(some.map((state) => state.set('k', 'kept')));
      }
      for (let index = 0; index < due; index += 1) {
        const state = store.task({ ...TASK, task: 'due', mapIndex: index });
        await state.set('k', 'first');
        await state.set('k', 'second');
      }
      await rig.advance(DAY + HOUR);
      const sweeping = open();
      await sweeping.ready();
      const before = await touches();

      expect(await sweep(sweeping)).toMatchObject({ objects: due, failed: [] });

      return (await touches()) - before;
    };
    costs['few, 5 due'] = await sweepOf(100, 5);
    costs['many, 5 due'] = await sweepOf(2_000, 5);
    costs['many, 10 due'] = await sweepOf(2_000, 10);

    expect(costs['many, 5 due']).toBe(costs['few, 5 due']);
    // Nine for each scope that is due.
    expect((costs['many, 10 due'] ?? 0) - (costs['many, 5 due'] ?? 0)).toBe(9 * 5);
  });

  test('I5 refuses against a Redis that came back from an older dump.rdb, until recover() has run', async () => {
    const state = open().task(TASK);
    await state.setMany({ a: 'first', b: 'stays' });
    await client.save();
    await copyFile(join(server.directory, 'dump.rdb'), join(folder, 'backup.rdb'));
    await rig.advance(DAY + HOUR);
    await open().task(TASK).set('a', 'second');
    await sweep(open());
    await rig.advance(2 * DAY);
    await server.kill();
    await copyFile(join(folder, 'backup.rdb'), join(server.directory, 'dump.rdb'));
    client.disconnect();
    const { port, directory } = server;
    await server.stop();
    server = await startRedis({ port, directory });
    client = new Redis(at(port));
    const { shift } = rig;
    const restored = redisRig(
      client,
      () => [client],
      () => Promise.resolve(),
    );
    await restored.advance(shift());
    rig = restored;
    const before = await objectsOf(objectStore);

    expect(await open().task(TASK).get('a')).toBe('first');

    await expect(reconcile(open(), { apply: true, maxShare: 1 })).rejects.toBeInstanceOf(StateLostError);
    expect(await objectsOf(objectStore)).toEqual(before);

    expect(await recover(open(), { apply: true })).toEqual({ entries: 0, skipped: 2, unreadable: 0 });
    expect(await reconcile(open(), { apply: true, maxShare: 0.4 })).toMatchObject({ objects: 1, failed: [] });
    expect(await open().task(TASK).getMany(['a', 'b'])).toEqual({ a: 'first', b: 'stays' });
  });

  test('I5 refuses against another database of the same server', async () => {
    await open().task(TASK).set('k', 'of database 0');
    await rig.advance(2 * DAY);
    const before = await objectsOf(objectStore);
    const other = new Redis({ ...at(server.port), db: 1 });
    const { shift } = rig;
    rig = redisRig(
      other,
      () => [other],
      () => Promise.resolve(),
    );
    await rig.advance(shift());

    await expect(reconcile(open(), { apply: true, maxShare: 1 })).rejects.toThrow(/has no birth/);
    // Somebody writes there, to objects of its own, with the same name.
    const theirs = objectStore;
    objectStore = memoryObjectStore();
    await open().task(TASK).set('k', 'of database 1');
    objectStore = theirs;
    await expect(reconcile(open(), { apply: true, maxShare: 1 })).rejects.toThrow(/the metastore began at/);

    expect(await objectsOf(objectStore)).toEqual(before);
    other.disconnect();
  });

  test('DEBUG RELOAD, which is a restart from a whole dump, changes nothing', async () => {
    const state = open().task(TASK);
    await state.set('k', 'first');
    await state.set('k', 'second');
    await rig.advance(DAY + HOUR);
    await client.config('SET', 'save', '3600 1');
    await client.call('debug', 'reload').catch(async (error: Error) => {
      // Disabled by default since Redis 7: a save and a start do the same.
      if (!error.message.includes('DEBUG')) throw error;
      await client.save();
    });

    expect(await sweep(open())).toMatchObject({ objects: 1, failed: [] });
    expect(await reconcile(open(), { apply: true })).toMatchObject({ objects: 0, failed: [] });
    expect(await open().task(TASK).get('k')).toBe('second');
  });

  test('doctor says what a real Redis says of itself', async () => {
    await open().task(TASK).set('k', 1);
    const found = async (): Promise<Record<string, string>> =>
      Object.fromEntries((await doctor(open())).map(({ check, level, message }) => [check, `${level}: ${message}`]));
    expect(await found()).toMatchObject({
      version: expect.stringMatching(/^ok: (?:Redis|Valkey|Redict) \d+\.\d+/),
      'eviction-policy': 'ok: maxmemory-policy is noeviction',
      persistence: 'warning: nothing is on disk: state ends with the server',
      generation: expect.stringMatching(/^ok: /),
    });
    await client.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await client.config('SET', 'save', '3600 1');
    expect(await found()).toMatchObject({
      'eviction-policy': expect.stringMatching(/^error: maxmemory-policy is allkeys-lru/),
      persistence: expect.stringMatching(/^warning: the append-only file is off/),
    });
    await client.config('SET', 'appendonly', 'yes');
    await client.config('SET', 'maxmemory-policy', 'noeviction');
    expect(await found()).toMatchObject({ persistence: 'ok: the append-only file is on' });

    await client.call('acl', 'setuser', 'silent', 'on', 'nopass', '~mooring:*', '+@all', '-info', '-config');
    const silent = new Redis({ ...at(server.port), username: 'silent', password: 'any', enableReadyCheck: false });
    rig = redisRig(
      silent,
      () => [silent],
      () => Promise.resolve(),
    );
    const findings = await doctor(open());
    silent.disconnect();

    expect(findings.filter(({ level }) => level !== 'ok')).toEqual([
      { level: 'warning', check: 'facts', message: 'the server does not say what it is', remedy: expect.any(String) },
    ]);
  });

  test.each([
    ['', 'nothing is on disk: state ends with the server'],
    ['3600 1', 'the append-only file is off: what was written since the last snapshot is lost with the server'],
  ])('doctor understands a client that gets maps of RESP3 (save is %j)', async (save, message) => {
    await client.config('SET', 'save', save);
    const typed = new Redis({ ...at(server.port), protocol: 3, replyMapping: 'resp3' });
    const store = createStateStore({ metastore: redisMetastore({ client: typed }) });

    const findings = await doctor(store);
    typed.disconnect();

    expect(findings.filter(({ level }) => level !== 'ok')).toMatchObject([{ check: 'persistence', message }]);
  });

  test('a Redis without rights for a tool loses nothing', async () => {
    await open().task(TASK).set('k', 'kept');
    await rig.advance(2 * DAY);
    await client.call('acl', 'setuser', 'reader', 'on', 'nopass', '~mooring:*', '+@read', '+info', '+time');
    const reader = new Redis({ ...at(server.port), username: 'reader', password: 'any', enableReadyCheck: false });
    rig = redisRig(
      reader,
      () => [reader],
      () => Promise.resolve(),
    );

    const noRight = { code: 'mooring.store-unavailable', message: expect.stringContaining('NOPERM') };
    await expect(sweep(open())).rejects.toMatchObject(noRight);
    await expect(reconcile(open(), { apply: true })).rejects.toMatchObject(noRight);

    expect(await objectsOf(objectStore)).toHaveLength(1);
    reader.disconnect();
  });
});

describe('on a Cluster', () => {
  test('sweep, reconcile and recover work on every shard', async () => {
    const servers = await startRedisCluster();
    const cluster = new Cluster(servers.nodes.map(({ port }) => at(port)));

    try {
      const rig = redisRig(
        cluster,
        () => cluster.nodes('master'),
        () => Promise.resolve(),
      );
      const objectStore = memoryObjectStore();
      const open = opener(
        () => rig,
        () => objectStore,
        () => 'prod',
      );
      const scopes = Array.from({ length: 40 }, (_, mapIndex) => ({ ...TASK, mapIndex }));
      for (const scope of scopes) {
        const state = open().task(scope);
        await state.set('k', 'first');
        await state.set('k', `second ${scope.mapIndex}`);
      }
      await rig.advance(DAY + HOUR);

      expect(await sweep(open())).toMatchObject({ objects: 40, failed: [] });
      expect(await reconcile(open(), { apply: true })).toMatchObject({ objects: 0 });

      await rig.flush();
      await expect(reconcile(open(), { apply: true, maxShare: 1 })).rejects.toBeInstanceOf(StateLostError);
      expect(await recover(open(), { apply: true })).toEqual({ entries: 40, skipped: 0, unreadable: 0 });
      for (const scope of scopes) expect(await open().task(scope).get('k')).toBe(`second ${scope.mapIndex}`);
      expect(await reconcile(open(), { apply: true })).toMatchObject({ objects: 0 });
    } finally {
      cluster.disconnect();
      await servers.stop();
    }
  });
});
