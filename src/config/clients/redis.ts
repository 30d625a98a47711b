import type { Logger } from '../../observe/logger.ts';
import { boundedWait, systemTimer } from '../../async/deadline.ts';
import { codeOf, watchFailures } from './connection-failure.ts';
import type { Ioredis, OwnRedis } from './packages.ts';
import type { RedisAddress } from '../redis-address.ts';

/**
 * A client of ioredis that gives up, so that a Redis that is gone is an error and not a hang. Each command is tried again over a
 * few connections and then fails; ioredis 6 also replaces a silent connection. It connects with its first command. The deadline
 * of a command is the metastore's own: the client's leaves a timer in ioredis 5, which keeps the process alive.
 */

/** How often a command is tried on a new connection before it fails. */
const RETRIES = 5;
/** How long a goodbye may take, in milliseconds. */
const GOODBYE = 2_000;
/** How long the socket may take to close after it, in milliseconds. */
const HANG_UP = 200;
/** How much longer than a command a connection may be silent, in milliseconds: the command is over by then, and known as late. */
const SLACK = 1_000;
/** When the system begins to ask whether the server is still there, in milliseconds. */
const KEEP_ALIVE = 30_000;

/**
 * Whether the package can replace a silent connection: ioredis 5 has the option too, but it writes to the console, and keeps the
 * process alive.
 */
function replacesSilent(ioredis: Ioredis): boolean {
  return 'protocol' in new ioredis.Redis({ lazyConnect: true }).options;
}

/** Between two connections that are given up because the server is a replica, in milliseconds. */
const REPLICA_PAUSE = 1_000;

/**
 * Whether to connect anew: behind one address there may be another master now. The command itself is refused, and the metastore sends it
 * again. A server that stays a replica is left alone: one new connection in a while, and only when something is written.
 */
function leavesReplicas(): (error: Error) => boolean {
  let last = -Infinity;
  return ({ message }) => {
    const now = performance.now();
    if (!/\bREADONLY\b/.test(message) || now - last < REPLICA_PAUSE) return false;
    last = now;
    return true;
  };
}

/** Makes the client; sends nothing. `cause` says why it has no connection. */
export function createRedis(
  ioredis: Ioredis,
  address: RedisAddress,
  more: object,
  { commandTimeout, logger }: { commandTimeout: number; logger: Logger | undefined },
): { client: OwnRedis; cause: () => string | undefined; close(): Promise<void> } {
  const { cluster, tls, host, port, db, username, password } = address;
  const options = {
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls && { tls: {} }),
    family: 0,
    maxRetriesPerRequest: RETRIES,
    ...(replacesSilent(ioredis) && { socketTimeout: commandTimeout + SLACK }),
    disconnectTimeout: HANG_UP,
    keepAlive: KEEP_ALIVE,
    enableAutoPipelining: false,
    // A server that loads its data refuses commands. Nothing waits in the client, to be sent when its call is long over.
    enableReadyCheck: false,
    reconnectOnError: leavesReplicas(),
    ...more,
  };
  const client = cluster
    ? new ioredis.Cluster([{ host, port }], { lazyConnect: true, redisOptions: options })
    : new ioredis.Redis({ host, port, db, lazyConnect: true, ...options });
  // Without a listener the client writes to the console. The error itself holds the arguments of its command, even those of AUTH.
  client.on('error', (error) => {
    logger?.warn({ code: codeOf(error) ?? 'no reason' }, 'the connection to Redis failed; it is tried again');
  });
  return { client, cause: watchFailures(client, tls), close: () => closeRedis(client) };
}

/** Lets what was sent be answered, but not for long. Never rejects. */
async function closeRedis(client: OwnRedis): Promise<void> {
  if (client.status === 'ready') {
    await boundedWait(systemTimer, GOODBYE, undefined, () => client.quit()).catch(() => undefined);
  }
  if (client.status !== 'end') client.disconnect();
}
