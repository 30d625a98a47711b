import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { systemTimer } from '../../src/async/deadline.ts';
import { keysOf, SHARDS } from '../../src/format/redis-keys.ts';
import { openMetastore, type OpenMetastore } from '../../src/metastore/metastore.ts';
import { redisMetastore } from '../../src/redis.ts';
import { systemRandom } from '../../src/async/random.ts';
import { all, attempt, DAY, HOUR, NAME, put, putRef, SCOPE, tool, write } from '../contract/metastore-parts.ts';
import { startRedis, startRedisCluster, type TestRedis } from '../support/redis.ts';
import { openRedisMetastore } from '../support/store-context.ts';
import { until } from '../support/until.ts';

/** Sweep, restore and lineage where Redis itself matters: its index, its memory, its shards and its masters. */

const KEYS = keysOf('default');
const PAGE = { nonce: 'sweep00000000001', cursor: '0', count: 100, grace: DAY, dryRun: false };

let server: TestRedis;
let admin: Redis;
let client: Redis;
let m: OpenMetastore;

beforeAll(async () => {
  server = await startRedis();
});
beforeEach(async () => {
  admin = new Redis(server.port);
  client = new Redis(server.port);
  await admin.flushall();
  m = openRedisMetastore({ client });
});
afterEach(() => {
  admin.disconnect();
  client.disconnect();
});
afterAll(() => server?.stop());

describe('the index', () => {
  test('paths that are due at the same millisecond are all found, however many', async () => {
    const [, due] = KEYS.shard('07');
    const paths = Array.from({ length: 1_800 }, (_, at) => `f/r/${at}`);

    await admin.zadd(due, ...paths.flatMap((path, at) => [at < 1_500 ? 1_000 : 1_001, path]));

    expect((await all(m.sweep.due(2_000, {}))).toSorted()).toEqual(paths.toSorted());
    expect(await all(m.sweep.due(1_000, {}))).toHaveLength(1_500);
  });

  test('what leaves it while it is read is no reason to pass by others', async () => {
    const [, due] = KEYS.shard('07');
    const paths = Array.from({ length: 900 }, (_, at) => `f/r/${at}`);
    await admin.zadd(due, ...paths.flatMap((path, at) => [1_000 + Math.floor(at / 100), path]));
    const found: string[] = [];

    for await (const path of m.sweep.due(2_000, {})) {
      found.push(path);
      await admin.zrem(due, path);
    }
    const at = (path: string): number => Math.floor(paths.indexOf(path) / 100);

    expect(found.map(at)).toEqual(found.map(at).toSorted((one, other) => one - other));
    expect(found.toSorted()).toEqual(paths.toSorted());
    expect(await admin.exists(due)).toBe(0);
  });

  test('a shard whose index holds something else is named', async () => {
    const [, due] = KEYS.shard('07');
    await admin.set(due, 'x');

    await expect(all(m.sweep.due(2_000, {}))).rejects.toMatchObject({
      code: 'mooring.corrupt-entry',
      message: expect.stringContaining('{default:07}'),
    });
  });
});

describe('what a write pays for sweeping', () => {
  const commands = async (work: () => Promise<unknown>): Promise<Record<string, number>> => {
    await admin.config('RESETSTAT');
    await work();
    const stats = await admin.info('commandstats');
    return Object.fromEntries(
      [...stats.matchAll(/^cmdstat_(z\w+|hdel):calls=(\d+)/gm)].map(([, name, calls]) => [name, Number(calls)]),
    );
  };

  test('a reference costs two commands, a deletion three, an inline value none', async () => {
    const who = attempt(1);
    await write(m, who, put('k', 1));

    expect(await commands(() => write(m, who, put('k', 2)))).toEqual({});

    const reference = putRef('k', 'n/f/r/t/k/1.gz');
    expect(await commands(() => write(m, who, reference))).toEqual({ hdel: 1, zadd: 1 });
    expect(await commands(() => write(m, who, { name: 'k' }))).toEqual({ hdel: 1, zadd: 1, zscore: 1 });
  });
});

describe('a full server', () => {
  const whileFull = async (work: () => Promise<void>): Promise<void> => {
    await admin.config('SET', 'maxmemory', '1');
    try {
      await expect(write(m, tool(), put('more', 1))).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
      await work();
    } finally {
      await admin.config('SET', 'maxmemory', '0');
    }
  };

  test('is swept', async () => {
    await write(m, tool(), [put('short', 'x'.repeat(1_000), { retention: 1 }), putRef('k', 'n/f/r/t/k/1.gz', { retention: 1 })]);
    await write(m, tool(), put('long', 1, { retention: DAY }));
    await until(async () => (await m.now({})) > Number((await admin.hget(KEYS.scope(SCOPE.path).key, 'e:k'))?.slice(70, 83)));

    await whileFull(async () => {
      expect((await m.sweep.page(SCOPE, PAGE, {})).entries.toSorted()).toEqual(['k', 'short']);
      const { objects } = await m.sweep.page(SCOPE, { ...PAGE, grace: 0 }, {});
      expect(objects).toHaveLength(1);
      await m.sweep.forget(SCOPE, ['n/f/r/t/k/1.gz'], {});
    });

    expect(await admin.hexists(KEYS.scope(SCOPE.path).key, 's:n/f/r/t/k/1.gz')).toBe(0);
  });

  test('also where there is nothing to remove yet', async () => {
    await write(m, tool(), putRef('k', 'n/f/r/t/k/1.gz'));
    await whileFull(async () => {
      expect(await m.sweep.page(SCOPE, PAGE, {})).toMatchObject({ entries: [], objects: [] });
    });
  });
});

describe('restoring', () => {
  test('† a copy that arrives later than the lateness limit restores nothing', async () => {
    let monotonic = 5 * HOUR;
    const late = openMetastore(redisMetastore({ client }), {
      namespace: 'default',
      commandTimeout: 2_000,
      clock: { now: () => Date.now(), sleep: () => Promise.resolve(), monotonic: () => monotonic },
      timer: systemTimer,
      random: systemRandom,
      logger: undefined,
    });
    await late.now({});
    const meta = putRef('k', 'n/f/r/t/k/1.gz').put?.meta;
    if (!meta) throw new Error('no reference');
    const entry = { id: attempt(1).next(), name: 'k', meta, retention: DAY, instead: undefined, apply: true };
    monotonic -= HOUR + 1_000;

    await expect(late.references.restore(SCOPE, entry, {})).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
    expect(await admin.exists(KEYS.scope(SCOPE.path).key)).toBe(0);
    // The refusal brought the server's time with it.
    expect(await late.references.restore(SCOPE, entry, {})).toBe('restored');
  });
});

describe('lineage', () => {
  test('a birth that one shard has lost is missed', async () => {
    await m.lineage.bear(NAME, {});

    await admin.del(KEYS.birth('a0'));

    expect((await m.lineage.read({})).bornAt).toBeUndefined();
  });

  test('the latest of several births counts', async () => {
    await m.lineage.bear(NAME, {});
    const { bornAt } = await m.lineage.read({});

    await admin.set(KEYS.birth('a0'), String(Number(bornAt) + 1_000));

    expect((await m.lineage.read({})).bornAt).toBe(Number(bornAt) + 1_000);
  });

  test('a shard that is behind, or ahead, shows', async () => {
    await m.lineage.raise(5, {});
    await admin.del(KEYS.shard('a0')[0]);

    await admin.set(KEYS.shard('a1')[0], '6');
    expect((await m.lineage.read({})).generation).toEqual({ lowest: 0, highest: 6 });

    await m.lineage.raise(6, {});
    expect((await m.lineage.read({})).generation).toEqual({ lowest: 6, highest: 6 });
  });

  test.each([
    ['a birth', KEYS.shard('a0')[2]],
    ['a generation', KEYS.shard('a0')[0]],
    ['a name', KEYS.name],
  ])('%s that is none, or no text, is not guessed at', async (_what, key) => {
    await m.lineage.bear(NAME, {});
    await admin.set(key, 'soon');

    await expect(m.lineage.read({})).rejects.toMatchObject({ code: 'mooring.corrupt-entry' });

    await admin.del(key);
    await admin.hset(key, 'a', 'b');
    await expect(m.lineage.read({})).rejects.toMatchObject({ code: 'mooring.corrupt-entry' });
  });
});

describe('a Cluster of three masters', () => {
  test('is asked as a whole, each shard on its own master', async () => {
    const servers = await startRedisCluster();
    const cluster = new Cluster(
      servers.nodes.map(({ port }) => ({ host: '127.0.0.1', port })),
      { clusterRetryStrategy: () => 50 },
    );
    cluster.on('error', () => undefined);

    try {
      const open = openRedisMetastore({ client: cluster }, { commandTimeout: 1_000 });
      const paths = Array.from({ length: 60 }, (_, at) => `f/r/t/${at}`);
      for (const path of paths) await write(open, tool(), putRef('k', 'n/f/r/t/k/1.gz', { retention: HOUR }), {}, { path });
      expect((await all(open.sweep.due(Date.now() + DAY, {}))).toSorted()).toEqual(paths.toSorted());
      await open.lineage.bear(NAME, {});
      await open.lineage.raise(3, {});
      expect(await open.lineage.read({})).toMatchObject({ name: NAME, generation: { lowest: 3, highest: 3 } });
      const held = await Promise.all(cluster.nodes('master').map((node) => node.keys('mooring:*:generation')));
      expect(held.every((keys) => keys.length > 0)).toBe(true);
      expect(held.flat()).toHaveLength(SHARDS.length);

      await servers.nodes[1]?.kill();
      for (const ask of [
        open.lineage.read({}),
        open.lineage.raise(4, {}),
        open.lineage.bear(NAME, {}),
        all(open.sweep.due(Date.now(), {})),
      ]) {
        await expect(ask).rejects.toMatchObject({ code: expect.stringMatching(/store-unavailable|outcome-unknown/) });
      }
    } finally {
      cluster.disconnect();
      await servers.stop();
    }
  });
});
