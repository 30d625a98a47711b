/**
 * A Cluster of three masters. The first has nearly all slots, and two replicas; the others have a slot each, and vote. So what
 * happens to the first happens to the state of every job.
 */
import { Redis } from 'ioredis';
import { keysOf, keySlot, SHARDS } from '../../../src/format/redis-keys.ts';
import { startRedis, type RedisServer } from '../../redis/server.ts';
import type { CrashRuntime } from '../runtime.ts';
import { connectTo } from '../stores.ts';
import { stopAll, until, use, type CrashMetastore } from './metastore.ts';

/** What happens: the first master is killed, and a replica takes its place; or all state moves to the second master. */
export type ClusterEvent = 'node' | 'reshard';

const SLOTS = 16_384;
/** After so many milliseconds without a sign of life a node counts as gone. */
const NODE_TIMEOUT = 1_000;
/** All slots in which the state of a namespace can be. */
const STATE: readonly number[] = [...new Set(SHARDS.map((shard) => keySlot(keysOf('default').birth(shard))))];

interface Node extends RedisServer {
  readonly client: Redis;
  readonly id: string;
}

/** Starts it. */
export async function startCluster(event: ClusterEvent, runtime: CrashRuntime): Promise<CrashMetastore> {
  const nodes: Node[] = [];
  const stop = async (): Promise<void> => {
    for (const { client } of nodes) client.disconnect();
    await stopAll(nodes);
  };
  try {
    for (let at = 0; at < 5; at += 1) nodes.push(await startNode());
    await form(nodes);
    const [first, second] = nodes as [Node, Node];
    // What is moved has no replica at its new place.
    const address = { kind: 'cluster', port: second.port, replicas: event === 'node' } as const;
    const client = connectTo(address);
    try {
      await use(client);
      await runtime.aged(first.port);
      await first.client.wait(2, 0);
    } finally {
      client.disconnect();
    }
    return {
      address,
      async disturb(goOn) {
        if (event === 'reshard') return move(first, second, nodes, goOn);
        process.kill(first.pid, 'SIGKILL');
        goOn();
        await until(async () => (await Promise.all(nodes.slice(3).map(roleOf))).includes('master'));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function startNode(): Promise<Node> {
  const settings = { 'cluster-enabled': 'yes', 'cluster-node-timeout': String(NODE_TIMEOUT), 'repl-diskless-sync-delay': '0' };
  const server = await startRedis(undefined, { settings });
  const client = new Redis(server.port, '127.0.0.1');
  client.on('error', () => {});
  return { ...server, client, id: await client.cluster('MYID') };
}

async function form(nodes: readonly Node[]): Promise<void> {
  const [first, second, third, ...replicas] = nodes as [Node, Node, Node, ...Node[]];
  const slots = Array.from({ length: SLOTS }, (_, slot) => slot);
  const spare = slots.filter((slot) => !STATE.includes(slot)).slice(-2);
  await first.client.cluster('ADDSLOTS', ...slots.filter((slot) => !spare.includes(slot)));
  for (const [at, node] of [second, third].entries()) await node.client.cluster('ADDSLOTS', spare[at] as number);
  for (const node of nodes.slice(1)) await first.client.cluster('MEET', '127.0.0.1', node.port);
  for (const node of nodes) await until(async () => (await infoOf(node)).includes(`cluster_known_nodes:${nodes.length}`));
  for (const replica of replicas) {
    await until(() =>
      replica.client.cluster('REPLICATE', first.id).then(
        () => true,
        () => false,
      ),
    );
    await until(async () => /master_link_status:up/.test(await replica.client.info('replication')));
  }
  for (const node of nodes) {
    await until(async () => {
      const known = String(await node.client.cluster('NODES'));
      return (
        (await infoOf(node)).includes('cluster_state:ok') &&
        known.split('\n').filter((line) => line.includes(first.id)).length === 3
      );
    });
  }
}

function infoOf(node: Node): Promise<string> {
  return node.client.cluster('INFO');
}

async function roleOf({ client }: Node): Promise<string> {
  return String(((await client.call('ROLE')) as unknown[])[0]);
}

/** Moves the slots, key by key, as Redis's own tool does; the attempt goes on when all slots are on their way. */
async function move(from: Node, to: Node, nodes: readonly Node[], goOn: () => void): Promise<void> {
  const setSlots = (node: Node, ...state: readonly string[]): Promise<unknown> => {
    const pipeline = node.client.pipeline();
    for (const slot of STATE) pipeline.call('CLUSTER', 'SETSLOT', slot, ...state);
    return pipeline.exec();
  };
  await setSlots(to, 'IMPORTING', from.id);
  await setSlots(from, 'MIGRATING', to.id);
  goOn();
  for (const slot of STATE) {
    for (;;) {
      const keys = await from.client.cluster('GETKEYSINSLOT', slot, 100);
      if (keys.length === 0) break;
      await from.client.call('MIGRATE', '127.0.0.1', to.port, '', 0, 5_000, 'KEYS', ...keys);
    }
  }
  for (const node of [to, from, ...nodes.filter((one) => one !== to && one !== from).slice(0, 1)])
    await setSlots(node, 'NODE', to.id);
}
