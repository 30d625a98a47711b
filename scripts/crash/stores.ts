/** The stores of the crash harness's workers, of the same sources as the harness, which reaches behind their face. */
import { Redis } from 'ioredis';
import { createStateStore, type StateEvent, type StateStore } from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { COMMAND_TIMEOUT, type EchoWork } from './messages.ts';

/** A client that waits for its Redis. */
export function connect(port: number): Redis {
  const client = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null });
  client.on('error', () => {});
  return client;
}

/** The store of an order: in the Redis of all, unless it names another. */
export function openStore(redis: Redis, work: EchoWork | undefined, onEvent: (event: StateEvent) => void): StateStore {
  const port = work?.metastorePort;
  return createStateStore({
    metastore: redisMetastore({ client: port === undefined ? redis : connect(port) }),
    ...(port !== undefined && { commandTimeout: COMMAND_TIMEOUT }),
    onEvent,
  });
}
