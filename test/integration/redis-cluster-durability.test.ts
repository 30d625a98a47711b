import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Cluster } from 'ioredis';
import { keysOf, keySlot } from '../../src/format/redis-keys.ts';
import { put, tool, value, write } from '../contract/metastore-parts.ts';
import { startRedis, startRedisCluster, type TestCluster, type TestRedis } from '../support/redis.ts';
import { openRedisMetastore } from '../support/store-context.ts';
import { until } from '../support/until.ts';

/** A Cluster of which one master has a replica, and the others have none. */

const ONE_REPLICA = { kind: 'replicas', count: 1, timeout: 500 } as const;
const SLOTS_OF_EACH = 16_384 / 2;

let cluster: TestCluster;
let replica: TestRedis;
let client: Cluster;

beforeAll(async () => {
  cluster = await startRedisCluster(2);
  replica = await startRedis({ cluster: true });
  const [first] = cluster.nodes as [TestRedis];
  await replica.command('cluster', 'meet', first.host, String(first.port));
  const id = /[0-9a-f]{40}/.exec(await first.command('cluster', 'myid'))?.[0] ?? '';
  await until(async () => (await replica.command('cluster', 'replicate', id)).startsWith('+OK'));
  // A replica that is online gets no writes before it has said, once a second, how far it is.
  await until(async () => /state=online,offset=[1-9]/.test(await first.command('info', 'replication')));
  client = new Cluster([{ host: first.host, port: first.port }]);
}, 60_000);
afterAll(async () => {
  client?.disconnect();
  await replica?.stop();
  await cluster?.stop();
});

/** A scope whose state is on the first master, which has a replica, or on the second. */
function scopeOn(master: 0 | 1): { path: string } {
  for (let run = 0; ; run += 1) {
    const path = `flow/${run}/task/-1`;
    if (Math.floor(keySlot(keysOf('default').scope(path).key) / SLOTS_OF_EACH) === master) return { path };
  }
}

test('a master without its replica fails the writes of its own slots only', async () => {
  const m = openRedisMetastore({ client, durability: ONE_REPLICA });
  const [safe, alone] = [scopeOn(0), scopeOn(1)];

  expect((await write(m, tool(), put('k', 1), {}, safe)).kind).toBe('ok');
  await expect(write(m, tool(), put('k', 1), {}, alone)).rejects.toMatchObject({
    code: 'mooring.outcome-unknown',
    reason: 'not-replicated',
  });
});

test('a write whose slot was moved to a master without a replica is not safe', async () => {
  const m = openRedisMetastore({ client, durability: ONE_REPLICA });
  const scope = scopeOn(0);
  await write(m, tool(), put('k', 1), {}, scope);
  const [first, second] = cluster.nodes as [TestRedis, TestRedis];
  const { key: hash } = keysOf('default').scope(scope.path);
  const slot = String(keySlot(hash));
  const id = /[0-9a-f]{40}/.exec(await second.command('cluster', 'myid'))?.[0] ?? '';
  const source = /[0-9a-f]{40}/.exec(await first.command('cluster', 'myid'))?.[0] ?? '';
  await second.command('cluster', 'setslot', slot, 'importing', source);
  await first.command('cluster', 'setslot', slot, 'migrating', id);
  const found = (await first.command('cluster', 'getkeysinslot', slot, '100')).match(/mooring:\S+/g) ?? [];
  await first.command('migrate', second.host, String(second.port), '', '0', '5000', 'keys', ...found);

  for (const node of [second, first]) await node.command('cluster', 'setslot', slot, 'node', id);

  // The client does not know of the move yet; then it does.
  for (const given of [2, 3]) {
    await expect(write(m, tool(), put('k', given), {}, scope)).rejects.toMatchObject({
      code: 'mooring.outcome-unknown',
      reason: 'not-replicated',
    });
    expect(await value(m, 'k', scope)).toBe(given);
  }
});
