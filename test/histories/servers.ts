import { Cluster, Redis } from 'ioredis';
import { createStateStore } from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { startMinio } from '../support/minio.ts';
import { startRedis, startRedisCluster, type TestRedis } from '../support/redis.ts';
import { startToxiproxy } from '../support/toxiproxy.ts';
import { until } from '../support/until.ts';

/** Real servers on which histories happen, and what can happen to each of them. */

/** Servers that run. */
export interface Servers {
  /** A store with a client of its own. */
  open(): StateStore;
  /** Something happens, and ends; meanwhile it waits with `suffers` until calls have felt it, or there are no more. */
  fault(suffers: () => Promise<void>): Promise<void>;
  /** Whether reads count. What a read saw may be lost with a master that nobody had followed yet. */
  readonly readsCount: boolean;
  stop(): Promise<void>;
}

/** What may happen. */
export const FAULTS = ['killed', 'paused', 'cut', 'failover', 'master-killed', 'cluster-paused', 's3-paused'] as const;
/** The name of what happens. */
export type FaultName = (typeof FAULTS)[number];

/** Long enough for a busy machine, and short enough for many faults. */
const COMMAND_TIMEOUT = '400ms';

type Opened = Pick<StateStoreOptions, 'objectStore' | 'offloadThreshold'>;

/** Opens stores, and closes them at the end. */
function stores(
  metastore: (clients: { disconnect(): void }[]) => StateStoreOptions['metastore'],
  more: Opened & Pick<StateStoreOptions, 'commandTimeout'> = {},
) {
  const clients: { disconnect(): void }[] = [];
  return {
    open: () => createStateStore({ metastore: metastore(clients), commandTimeout: COMMAND_TIMEOUT, ...more }),
    close: () => {
      for (const client of clients) client.disconnect();
    },
  };
}

function connected(port: number, clients: { disconnect(): void }[]): Redis {
  const client = new Redis({ host: '127.0.0.1', port, disconnectTimeout: 50, retryStrategy: () => 10 });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

async function stopped(pid: number, work: () => Promise<void>): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  try {
    await work();
  } finally {
    process.kill(pid, 'SIGCONT');
  }
}

/** One Redis, which keeps all that it has answered. */
async function single(fault: 'killed' | 'paused' | 'cut'): Promise<Servers> {
  const args = ['--appendonly', 'yes', '--appendfsync', 'always'];
  const first = await startRedis({ args });
  const all = [first];
  const toxiproxy = fault === 'cut' ? await startToxiproxy() : undefined;
  const proxy = await toxiproxy?.proxy(first.port);
  const { open, close } = stores((clients) => redisMetastore({ client: connected(proxy?.port ?? first.port, clients) }));
  return {
    open,
    readsCount: true,
    async fault(suffers) {
      if (fault === 'paused') return stopped(first.pid, suffers);
      if (proxy) {
        // Answers are on their way, and are lost.
        const late = await proxy.toxic('latency', { latency: 20 });
        await suffers();
        await proxy.cut();
        await late();
        return proxy.heal();
      }
      await all.at(-1)?.kill();
      await suffers();
      all.push(await startRedis({ port: first.port, directory: first.directory, args }));
    },
    async stop() {
      close();
      await toxiproxy?.stop();
      for (const server of all.toReversed()) await server.stop();
    },
  };
}

/** A master and its replica. In a planned failover nothing is lost; a master that is killed loses what nobody had waited for. */
async function pair(fault: 'failover' | 'master-killed'): Promise<Servers> {
  const all: TestRedis[] = [await startRedis()];
  let master = all[0] as TestRedis;
  const follow = async (of: TestRedis): Promise<TestRedis> => {
    const replica = await startRedis({ args: ['--replicaof', of.host, String(of.port)] });
    all.push(replica);
    await until(async () => (await of.command('info', 'replication')).includes('state=online'));
    return replica;
  };
  let replica = await follow(master);
  const toxiproxy = await startToxiproxy();
  const proxy = await toxiproxy.proxy(master.port);
  const durability = { kind: 'replicas', count: 1, timeout: 300 } as const;
  const { open, close } = stores((clients) => {
    const client = connected(proxy.port, clients);
    return redisMetastore(fault === 'failover' ? { client } : { client, durability });
  });
  const isMaster = async (): Promise<boolean> => (await replica.command('info', 'replication')).includes('role:master');
  return {
    open,
    readsCount: fault === 'failover',
    async fault(suffers) {
      if (fault === 'failover') {
        await proxy.cut();
        await master.command('failover', 'to', replica.host, String(replica.port));
      } else {
        await master.kill();
        await replica.command('replicaof', 'no', 'one');
      }
      await until(isMaster);
      await suffers();
      const former = master;
      master = replica;
      if (fault === 'failover') {
        replica = former;
        await until(async () => (await master.command('info', 'replication')).includes('state=online'));
      } else replica = await follow(master);
      await proxy.lead(master.port);
      await proxy.heal();
    },
    async stop() {
      close();
      await toxiproxy.stop();
      await Promise.all(all.map((server) => server.stop()));
    },
  };
}

async function cluster(): Promise<Servers> {
  const started = await startRedisCluster();
  const { open, close } = stores((clients) => {
    const client = new Cluster(
      started.nodes.map(({ host, port }) => ({ host, port })),
      { clusterRetryStrategy: () => 10, redisOptions: { disconnectTimeout: 50 } },
    );
    client.on('error', () => undefined);
    clients.push(client);
    return redisMetastore({ client });
  });
  let next = 0;
  return {
    open,
    readsCount: true,
    fault: (suffers) => stopped((started.nodes[(next += 1) % started.nodes.length] as TestRedis).pid, suffers),
    async stop() {
      close();
      await started.stop();
    },
  };
}

/** Every value lies in an object store; both are stopped in turn. */
async function withObjects(): Promise<Servers> {
  const minio = await startMinio();
  const server = await startRedis();
  const objectStore = s3ObjectStore({ client: minio.client({ maxAttempts: 1 }), bucket: await minio.bucket() });
  const { open, close } = stores((clients) => redisMetastore({ client: connected(server.port, clients) }), {
    objectStore,
    offloadThreshold: 0,
  });
  let turn = 0;
  return {
    open,
    readsCount: true,
    fault: (suffers) => stopped((turn += 1) % 2 === 0 ? server.pid : minio.pid, suffers),
    async stop() {
      close();
      await server.stop();
      await minio.stop();
    },
  };
}

/** Starts the servers of a fault. */
export function startServers(fault: FaultName): Promise<Servers> {
  if (fault === 'cluster-paused') return cluster();
  if (fault === 's3-paused') return withObjects();
  if (fault === 'failover' || fault === 'master-killed') return pair(fault);
  return single(fault);
}
