/** The stores of the crash harness's workers, of the same sources as the harness, which reaches behind their face. */
import { Cluster, Redis } from 'ioredis';
import { createStateStore, type StateEvent, type StateStore } from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { COMMAND_TIMEOUT, type EchoWork, type MetastoreAddress } from './messages.ts';

/** The name by which Sentinel knows the master. */
export const MASTER = 'state';

/** A client that waits for its Redis. */
export function connect(port: number): Redis {
  return quiet(new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null }));
}

/** The same for whatever stands behind an address. */
export function connectTo({ kind, port }: MetastoreAddress): Redis | Cluster {
  if (kind === 'single') return connect(port);
  const at = { host: '127.0.0.1', port };
  if (kind === 'cluster') return quiet(new Cluster([at], { redisOptions: { maxRetriesPerRequest: null } }));
  return quiet(new Redis({ sentinels: [at], name: MASTER, maxRetriesPerRequest: null, failoverDetector: true }));
}

function quiet<Client extends Redis | Cluster>(client: Client): Client {
  client.on('error', () => {});
  return client;
}

/** The store of an order: in the Redis of all, unless it names another. */
export function openStore(redis: Redis, work: EchoWork | undefined, onEvent: (event: StateEvent) => void): StateStore {
  const own = work?.metastore;
  return createStateStore({
    metastore: redisMetastore({
      client: own === undefined ? redis : connectTo(own),
      ...(own?.replicas === true && { durability: { kind: 'replicas', count: 1, timeout: COMMAND_TIMEOUT / 2 } }),
    }),
    ...(own !== undefined && { commandTimeout: COMMAND_TIMEOUT }),
    onEvent,
  });
}
