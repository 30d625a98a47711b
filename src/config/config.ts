import { milliseconds } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { explainingMetastore } from '../metastore/redis/store.ts';
import { requireKnownNames, type OptionNames } from '../model/check-options.ts';
import { internalsOf, withInternals } from '../state-store/internals.ts';
import { createStateStore } from '../state-store/create-state-store.ts';
import type { StateStore } from '../state-store/state-store.ts';
import type { Environment } from './clients/buckets.ts';
import { readConnections } from './connections.ts';
import { createObjectStores } from './object-stores.ts';
import { installed, type Packages } from './clients/packages.ts';
import { storePaths } from './store-paths.ts';
import { parseRedis, type RedisAddress } from './redis-address.ts';
import { createRedis } from './clients/redis.ts';
import { CONFIG_OPTIONS, type StoreConfig } from './store-config.ts';

/**
 * `mooring/config`: a store from addresses. The only place that makes clients: it loads those that the addresses name, from packages
 * that the user installed, and closes them with the store.
 */

/**
 * State of tasks and assets, in the stores that the addresses name. Connects to nothing yet: `ready()` says whether they can be used.
 * `close()` also closes the clients.
 *
 * @throws `ConfigError` for an invalid option, a connection that is not declared, a folder that cannot be used, or a package that
 * is not installed. It holds no credential.
 */
export function openStateStore(config: StoreConfig): Promise<StateStore> {
  return openWith(config, installed, process.env);
}

/**
 * A store from addresses, with packages and an environment that a test can own. Everything is checked before the first package is
 * loaded. If a step fails, the clients made before are closed again.
 */
export async function openWith(config: StoreConfig, packages: Packages, env: Environment): Promise<StateStore> {
  requireKnownNames('options', config, CONFIG_OPTIONS);
  const { redis, redisOptions = {}, redisCredentials = {}, ...others } = config;
  const { path, formerPaths: _former, aliases: _aliases, connections = {}, ...shared } = others;
  const address = { ...parseRedis('redis', redis), ...credentials(redisCredentials) };
  if (typeof redisOptions !== 'object' || redisOptions === null) throw new ConfigError('redisOptions', 'must be an object');
  const paths = storePaths(config);
  const declared = readConnections(connections);
  const commandTimeout = milliseconds(config.commandTimeout ?? '10s', 'commandTimeout');
  const ends: (() => void | Promise<void>)[] = [];
  const owned = (end: () => void | Promise<void>): void => {
    ends.push(end);
  };
  const closeClients = async (): Promise<void> => {
    for (const end of ends.splice(0)) await end();
  };
  try {
    const ioredis = await packages.ioredis('redis');
    const stores = await createObjectStores(paths, { connections: declared, packages, env, owned });
    const { client, cause, close } = createRedis(ioredis, address, redisOptions, { commandTimeout, logger: config.logger });
    owned(close);
    const [objectStore, former] = path === undefined ? [undefined, stores] : [stores[0], stores.slice(1)];
    const store = createStateStore({
      ...shared,
      metastore: explainingMetastore({ client }, cause),
      ...(objectStore && { objectStore }),
      formerObjectStores: former,
    });
    return closing(store, closeClients);
  } catch (error) {
    await closeClients();
    throw error;
  }
}

const CREDENTIALS: OptionNames<NonNullable<StoreConfig['redisCredentials']>> = { username: true, password: true };

/** User and password, checked; an error holds neither. */
function credentials(given: NonNullable<StoreConfig['redisCredentials']>): Partial<RedisAddress> {
  if (typeof given !== 'object' || given === null) throw new ConfigError('redisCredentials', 'must be an object');
  requireKnownNames('redisCredentials', given, CREDENTIALS);
  const said = Object.entries(given).filter(([, text]: [string, unknown]) => text !== undefined);
  for (const [name, text] of said as [string, unknown][]) {
    if (typeof text !== 'string') throw new ConfigError(`redisCredentials.${name}`, 'must be a text');
  }
  return Object.fromEntries(said);
}

/** The store, which closes its clients once all calls in flight have ended. */
function closing(store: StateStore, closeClients: () => Promise<void>): StateStore {
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => (closed ??= store.close().then(closeClients));
  return withInternals({ ...store, close, [Symbol.asyncDispose]: close }, internalsOf(store));
}
