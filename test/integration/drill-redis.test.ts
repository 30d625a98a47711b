import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connectRedis, keysOfDrill, removeKeys, type DrillRedis } from '../../drill/command/redis.ts';
import { keysOf } from '../../src/format/redis-keys.ts';
import { freePort, startRedis, startRedisCluster } from '../support/redis.ts';

/** What a drill does to the Redis of its user. */

/** The part of a client that the test calls. */
interface Client {
  set(key: string, value: string): Promise<unknown>;
  exists(key: string): Promise<number>;
}

const OWN = keysOfDrill('abc123');
const OTHER = keysOfDrill('abc1234');

/** Some keys of a drill, in several slots of a Cluster. */
function keysMade({ namespace, prefix }: typeof OWN): string[] {
  const { birth } = keysOf(namespace);
  return [...['00', '7f', 'ff'].map(birth), `${prefix}:cell:meta`, `${prefix}:cell:1`];
}

describe.each([
  [
    'a server',
    async () => {
      const server = await startRedis();
      return { address: `redis://127.0.0.1:${server.port}`, stop: () => server.stop() };
    },
  ],
  [
    'a Cluster',
    async () => {
      const cluster = await startRedisCluster();
      return { address: `redis+cluster://127.0.0.1:${cluster.nodes[0]?.port}`, stop: () => cluster.stop() };
    },
  ],
] as const)('%s', (_what, start) => {
  let server: Awaited<ReturnType<typeof start>>;
  let redis: DrillRedis;

  beforeAll(async () => {
    server = await start();
    redis = await connectRedis({ address: server.address, credentials: {} }, { patience: 20_000 });
  });

  afterAll(async () => {
    await redis?.close();
    await server?.stop();
  });

  test('a drill removes nothing but what is its own', async () => {
    const client = redis.client as unknown as Client;
    const others = [...keysMade(OTHER), ...keysOf('default').shard('7f'), 'bull:cell:1'];
    for (const key of [...keysMade(OWN), ...others]) await client.set(key, 'x');

    await removeKeys(redis.client, OWN);

    const left = await Promise.all(keysMade(OWN).map((key) => client.exists(key)));
    const stayed = await Promise.all(others.map((key) => client.exists(key)));
    expect(left).toEqual(left.map(() => 0));
    expect(stayed).toEqual(stayed.map(() => 1));
  });

  test('the version of the server is told', () => {
    expect(redis.version).toMatch(/^\d+\.\d+\.\d+$/);
  });
});

test('a Redis that is not there is told without a wait', async () => {
  const place = { address: `redis://127.0.0.1:${await freePort()}`, credentials: {} };

  await expect(connectRedis(place, { patience: 300 })).rejects.toMatchObject({
    code: 'mooring.store-unavailable',
    message: expect.stringContaining('Redis gave no answer within 300 ms'),
  });
});
