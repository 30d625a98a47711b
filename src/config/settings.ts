import type { Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { resolveOptions, type StateStoreOptions } from '../state-store/options.ts';
import { parseLocation } from './location.ts';
import { renamed } from './renamed.ts';
import { redacted } from './redacted.ts';
import { parseRedis, publicAddress } from './redis-address.ts';
import type { StoreConfig } from './store-config.ts';
import { VARIABLES, type VariableName } from './variables.ts';

/** A configuration from texts, which are variables or flags of the command. Errors name the one that is wrong. */

/** A text, and what it was given as. */
export interface Setting {
  text: string;
  option: string;
}

/** All texts. */
export interface Settings {
  texts: Readonly<Partial<Record<VariableName, Setting>>>;
  /** JSON, by the ID of the connection. */
  connections: ReadonlyMap<string, Setting>;
}

/** Options whose text is their value. */
export type Shared = Pick<
  StateStoreOptions,
  'namespace' | 'offloadThreshold' | 'maxValueBytes' | 'codec' | 'retention' | 'commandTimeout' | 'minTransferRate'
>;

/**
 * The configuration.
 *
 * @throws {@link ConfigError} that holds no credential.
 */
export function configOf(settings: Settings): StoreConfig {
  const { texts } = settings;
  const connections = [...settings.connections].map(([id, setting]) => [id, connection(setting)]);
  return {
    ...redisOf(texts),
    ...(texts.path && { path: pathOf(texts.path) }),
    ...(texts.formerPaths && { formerPaths: parts(texts.formerPaths).map(pathOf) }),
    ...(texts.aliases && { aliases: Object.fromEntries(parts(texts.aliases).map(pair)) as Record<string, string> }),
    ...(connections.length > 0 && { connections: Object.fromEntries(connections) as Record<string, object> }),
    ...sharedOf(texts),
  };
}

/**
 * Where the queues are: in the Redis of the store, if nothing else is said.
 *
 * @throws {@link ConfigError} that holds no credential.
 */
export function queueRedisOf({ texts }: Settings): Pick<StoreConfig, 'redis' | 'redisCredentials'> {
  return redisOf(texts.queueRedis ? { redis: texts.queueRedis } : texts);
}

function redisOf({ redis, redisUsername, redisPassword }: Settings['texts']): Pick<StoreConfig, 'redis' | 'redisCredentials'> {
  if (!redis) throw new ConfigError(VARIABLES.redis.name, 'must be set, as redis://localhost:6379/0');
  const address = parseRedis(redis.option, redis.text);
  const either = (own: string | undefined, setting: Setting | undefined): string | undefined => {
    if (own !== undefined && setting) throw new ConfigError(setting.option, `must not be set where ${redis.option} says it too`);
    return own ?? setting?.text;
  };
  const username = either(address.username, redisUsername);
  const password = either(address.password, redisPassword);
  const credentials = { ...(username !== undefined && { username }), ...(password !== undefined && { password }) };
  const found = Object.keys(credentials).length > 0;
  return { redis: publicAddress(address), ...(found && { redisCredentials: redacted(credentials) }) };
}

/** The texts of a list, each named by its place. */
function parts({ text, option }: Setting): Setting[] {
  const found = text.split(/[\s,]+/).filter((part) => part !== '');
  return found.map((part, index) => ({ text: part, option: `${option}[${index}]` }));
}

function pathOf({ text, option }: Setting): string {
  parseLocation(option, text);
  return text;
}

function pair({ text, option }: Setting): [string, string] {
  const [, name = '', url = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new ConfigError(option, 'must be name=path');
  return [name, pathOf({ text: url, option })];
}

function connection({ text, option }: Setting): object {
  // The parser's error quotes the text.
  const parsed = ((): unknown => {
    try {
      return JSON.parse(text);
    } catch {
      return undefined;
    }
  })();
  if (typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)) return redacted(parsed);
  throw new ConfigError(option, 'must be a JSON object of options for a client, as {"region":"eu-central-1"}');
}

/**
 * The options that are the same with and without addresses.
 *
 * @throws {@link ConfigError}
 */
export function sharedOf(texts: Settings['texts']): Shared {
  const given = Object.entries(READERS).flatMap(([name, read]) => {
    const setting = texts[name as keyof Shared];
    return setting ? [[name, read(setting)] as const] : [];
  });
  const shared: Shared = Object.fromEntries(given);
  try {
    // Everything but the metastore is checked here, so that an error has the name of the variable.
    resolveOptions({ ...shared, metastore: {} as StateStoreOptions['metastore'] });
  } catch (error) {
    throw renamed(error, (option) => texts[option as VariableName]?.option);
  }
  return shared;
}

const READERS: Readonly<Record<keyof Shared, (setting: Setting) => unknown>> = {
  namespace: ({ text }) => text,
  offloadThreshold: bytes,
  maxValueBytes: bytes,
  codec: ({ text }) => text,
  retention: (setting) => (setting.text === 'forever' ? 'forever' : duration(setting, " or 'forever'")),
  commandTimeout: (setting) => duration(setting),
  minTransferRate: bytes,
};

function bytes({ text, option }: Setting): number {
  if (!/^\d{1,15}$/.test(text)) throw new ConfigError(option, 'must be a whole number of bytes', text);
  return Number(text);
}

function duration({ text, option }: Setting, or = ''): Duration {
  if (!/^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/.test(text)) {
    throw new ConfigError(option, `must be a length of time with its unit, as '30s', '12h' or '7d'${or}`, text);
  }
  return text as Duration;
}
