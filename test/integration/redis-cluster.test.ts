import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { keysOf } from '../../src/format/redis-keys.ts';
import { put, SCOPE, tool, value, write } from '../contract/metastore-parts.ts';
import { startRedisCluster, type TestCluster } from '../support/redis.ts';
import { openRedisMetastore } from '../support/store-context.ts';

/** A Cluster whose slot is on its way from one master to another. A scope's index does not exist then, at neither of them. */

const { key: HASH } = keysOf('default').scope(SCOPE.path);

describe('while a slot is moved', () => {
  let servers: TestCluster;
  let client: Cluster;
  let nodes: Redis[];
  let slot: number;
  let [source, target] = [
    { node: undefined as unknown as Redis, id: '' },
    { node: undefined as unknown as Redis, id: '' },
  ];

  beforeAll(async () => {
    servers = await startRedisCluster();
    nodes = servers.nodes.map(({ port }) => new Redis(port));
    const [first] = nodes as [Redis];
    client = new Cluster([{ host: '127.0.0.1', port: servers.nodes[0]?.port ?? 0 }]);
    slot = Number(await first.call('cluster', 'keyslot', HASH));
    const m = openRedisMetastore({ client });
    await m.ready({});
    await write(m, tool(), put('k', 1));
    const known = await Promise.all(
      nodes.map(async (node) => {
        const [id, count] = await Promise.all([node.call('cluster', 'myid'), node.call('cluster', 'countkeysinslot', slot)]);
        return { node, id: String(id), owns: Number(count) > 0 };
      }),
    );
    source = known.find(({ owns }) => owns) as typeof source;
    target = known.find(({ owns }) => !owns) as typeof target;
  });

  afterEach(() => settle());

  afterAll(async () => {
    for (const one of [client, ...(nodes ?? [])]) one?.disconnect();
    await servers?.stop();
  });

  /** The move is given up. */
  const settle = async (): Promise<void> => {
    for (const { node } of [target, source]) await node.call('cluster', 'setslot', slot, 'stable');
  };
  const move = async (): Promise<void> => {
    await target.node.call('cluster', 'setslot', slot, 'importing', source.id);
    await source.node.call('cluster', 'setslot', slot, 'migrating', target.id);
  };

  test('a write is refused within its deadline: certainly nothing was written', async () => {
    const m = openRedisMetastore({ client }, { commandTimeout: 5_000 });
    await move();

    const error: unknown = await write(m, tool(), put('k', 2)).catch((thrown: unknown) => thrown);
    await settle();

    expect(error).toMatchObject({
      code: 'mooring.store-unavailable',
      message: expect.stringMatching(/the slot is being moved \[(?:TRYAGAIN|ASK|MOVED)\]/),
    });
    expect(await value(m, 'k')).toBe(1);
  });

  test('a scope that is there takes an inline value', async () => {
    const m = openRedisMetastore({ client }, { commandTimeout: 5_000 });
    await write(m, tool(), put('there', 1));
    await move();

    expect((await write(m, tool(), put('there', 2))).kind).toBe('ok');
    expect(await value(m, 'there')).toBe(2);
  });

  test('what was refused is tried again until the slot has a home', async () => {
    const m = openRedisMetastore({ client }, { commandTimeout: 20_000 });
    await move();
    let refusals = 0;
    const refused = (error: Error): void => void (refusals += Number(/TRYAGAIN|ASK|MOVED/.test(error.message)));

    const writing = write(m, tool(), put('again', 3));
    // The client gives up after about a second. Another command that does says that this one did too.
    await client.eval('return 1', 2, HASH, `${HASH}-absent`).catch(refused);
    await client.eval('return 1', 2, HASH, `${HASH}-absent`).catch(refused);
    await settle();

    expect(refusals).toBe(2);
    expect((await writing).kind).toBe('ok');
    expect(await value(m, 'again')).toBe(3);
  });
});
