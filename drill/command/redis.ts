import type { ConnectionOptions } from 'bullmq';
import type * as Bullmq from 'bullmq';
import { bounded, systemTimer } from '../../src/async/deadline.ts';
import { installed, type OwnRedis } from '../../src/config/clients/packages.ts';
import { createRedis } from '../../src/config/clients/redis.ts';
import { parseRedis } from '../../src/config/redis-address.ts';
import { notLoaded } from '../../src/model/errors/not-loaded.ts';
import { StoreUnavailableError } from '../../src/model/errors/store.ts';

/** The Redis of a drill: a client of our own, and the removal of all that a drill made there. */

/** Where it is. Goes to worker processes by a message, since arguments can be read by everybody on the machine. */
export interface RedisPlace {
  readonly address: string;
  readonly credentials: { readonly username?: string; readonly password?: string };
}

/** A connected client. */
export interface DrillRedis {
  readonly client: OwnRedis;
  /** The same, as BullMQ takes it. */
  readonly connection: ConnectionOptions;
  /** The version of the server. */
  readonly version: string;
  close(): Promise<void>;
}

/** A client that this module calls: one of a single server, or a node of a Cluster. */
interface Node {
  scan(cursor: string, ...options: (string | number)[]): Promise<[cursor: string, keys: string[]]>;
  unlink(key: string): Promise<number>;
  info(section: string): Promise<string>;
}

const COMMAND_TIMEOUT = 10_000;
const PAGE = 1_000;
/** The longest that the removal may take, in milliseconds. */
const REMOVAL = 60_000;
const PASSES = 5;

/**
 * Connects.
 *
 * @throws {@link ConfigError} if ioredis is not installed. {@link StoreUnavailableError} if Redis does not answer within `patience` milliseconds.
 */
export async function connectRedis(
  { address, credentials }: RedisPlace,
  { patience, signal }: { patience: number; signal?: AbortSignal },
): Promise<DrillRedis> {
  const ioredis = await installed.ioredis('redis');
  // BullMQ waits for work for as long as there is none, and repeats a command until it is answered.
  const endless = { maxRetriesPerRequest: null, socketTimeout: undefined };
  const quiet = { commandTimeout: COMMAND_TIMEOUT, logger: undefined };
  const { client, close } = createRedis(ioredis, { ...parseRedis('redis', address), ...credentials }, endless, quiet);
  try {
    const answer = await bounded(systemTimer, patience, signal, async () => (client as unknown as Node).info('server'));
    if (answer.ended === 'aborted') throw answer.reason;
    if (answer.ended === 'deadline')
      throw new StoreUnavailableError(`Redis gave no answer within ${patience} ms`, { store: 'redis' });
    const version = /redis_version:(\S+)/.exec(answer.value)?.[1] ?? 'unknown';
    return { client, connection: client as unknown as ConnectionOptions, version, close };
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

/**
 * Loads BullMQ.
 *
 * @throws {@link ConfigError} if it is not installed.
 */
export async function loadBullmq(): Promise<typeof Bullmq> {
  return import('bullmq').catch((error: unknown) => {
    throw notLoaded(error, 'bullmq', 'drill');
  });
}

/** Where a drill keeps its things: no other user of the Redis has such a namespace, or queues with such a prefix. */
export interface DrillKeys {
  readonly namespace: string;
  readonly prefix: string;
}

/** The names of a drill. The prefix has a hash tag, which BullMQ needs in a Cluster. */
export function keysOfDrill(id: string): DrillKeys {
  return { namespace: `drill-${id}`, prefix: `{mooring-drill-${id}}` };
}

/**
 * Removes all keys of a drill, and looks again until there are none.
 *
 * @throws {@link StoreUnavailableError} that says what is left, if Redis does not answer.
 */
export async function removeKeys(client: OwnRedis, keys: DrillKeys): Promise<void> {
  const left = `keys of the drill may be left in Redis: they begin with mooring:{${keys.namespace}: and ${keys.prefix}:`;
  const remove = async (): Promise<void> => {
    for (let pass = 1; (await removeOnce(client, keys)) > 0; pass += 1) if (pass === PASSES) throw new Error('keys come back');
  };
  const outcome = await bounded(systemTimer, REMOVAL, undefined, remove).catch((cause: unknown) => {
    throw new StoreUnavailableError(left, { store: 'redis', cause });
  });
  if (outcome.ended !== 'value') throw new StoreUnavailableError(left, { store: 'redis' });
}

/** Resolves to how many keys there were. */
async function removeOnce(client: OwnRedis, { namespace, prefix }: DrillKeys): Promise<number> {
  const cluster = client as unknown as { nodes?: (role: string) => Node[] };
  const nodes = cluster.nodes?.('master') ?? [client as unknown as Node];
  let removed = 0;
  for (const node of nodes) {
    for (const pattern of [`mooring:{${namespace}:*`, `${prefix}:*`]) {
      let cursor = '0';
      do {
        const [next, keys] = await node.scan(cursor, 'MATCH', pattern, 'COUNT', PAGE);
        // In a Cluster the keys of one command must lie in one slot.
        await Promise.all(keys.map((key) => node.unlink(key)));
        removed += keys.length;
        cursor = next;
      } while (cursor !== '0');
    }
  }
  return removed;
}
