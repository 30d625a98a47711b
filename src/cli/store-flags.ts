import type { StoreConfig } from '../config/store-config.ts';
import { settingsOf } from '../config/environment.ts';
import { parseRedis } from '../config/redis-address.ts';
import { configOf, queueRedisOf, type Settings } from '../config/settings.ts';
import { VARIABLES, type VariableName } from '../config/variables.ts';
import type { Flag, Given } from './flags.ts';
import type { QueueConfig } from './queue/queue.ts';
import { UsageError } from './usage-error.ts';

/**
 * Flags that say where the state is. They win over the environment. None of them takes a credential: anyone who lists processes
 * sees what is typed, and the history of a shell keeps it.
 */

/** The flags of all commands that open a store. */
export const STORE_FLAGS: Readonly<Record<'redis' | 'path' | 'former-path' | 'namespace' | 'command-timeout', Flag>> = {
  redis: { value: 'ADDRESS', holds: `in place of ${VARIABLES.redis.name}; without a password` },
  path: { value: 'URL', holds: `in place of ${VARIABLES.path.name}` },
  'former-path': { value: 'URL', many: true, holds: `in place of ${VARIABLES.formerPaths.name}; may be given several times` },
  namespace: { value: 'NAME', holds: `in place of ${VARIABLES.namespace.name}` },
  'command-timeout': { value: 'TIME', holds: `in place of ${VARIABLES.commandTimeout.name}` },
};

const SETTINGS: Readonly<Record<string, VariableName>> = {
  redis: 'redis',
  path: 'path',
  'former-path': 'formerPaths',
  namespace: 'namespace',
  'command-timeout': 'commandTimeout',
  retention: 'retention',
};

/**
 * The texts of the environment, with those of the flags over them.
 *
 * @throws {@link UsageError} `ConfigError`
 */
export function settingsWith(given: Given, env: Readonly<Record<string, string | undefined>>): Settings {
  const { texts, connections } = settingsOf(env);
  const typed = Object.entries(SETTINGS).flatMap(([flag, setting]) => {
    const words = given.texts(flag);
    return words.length > 0 ? [[setting, { text: words.join(' '), option: `--${flag}` }] as const] : [];
  });
  return { texts: { ...texts, ...Object.fromEntries(typed) }, connections };
}

/** Options that stores know by another name than the configuration does. */
const OTHER_NAMES: Readonly<Record<string, VariableName>> = { objectStore: 'path', formerObjectStores: 'formerPaths' };

/**
 * The flag or the variable that an option of the library was given by; the flag if it was not given at all. `undefined` for an
 * option that has neither.
 */
export function givenAs(option: string, { texts }: Settings): string | undefined {
  const [, name = '', place = ''] = /^(\w+)(\[\d+\])?$/.exec(option) ?? [];
  const setting = Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : (name as VariableName);
  const found = setting && Object.hasOwn(texts, setting) ? texts[setting] : undefined;
  if (found) return found.option + place;
  const flag = Object.keys(STORE_FLAGS).find((one) => SETTINGS[one] === setting);
  return flag === undefined ? undefined : `--${flag}${place}`;
}

/**
 * The configuration that the environment and the flags say.
 *
 * @throws {@link UsageError} `ConfigError`
 */
export function configWith(given: Given, env: Readonly<Record<string, string | undefined>>): StoreConfig {
  const redis = given.text('redis');
  if (redis !== undefined && parseRedis('--redis', redis).password !== undefined) {
    throw new UsageError(`--redis must not hold a password: set ${VARIABLES.redisPassword.name}, or ${VARIABLES.redis.name}`);
  }
  return configOf(settingsWith(given, env));
}

/**
 * The same, with the Redis that the queues are in.
 *
 * @throws {@link UsageError} `ConfigError`
 */
export function queueConfigWith(given: Given, env: Readonly<Record<string, string | undefined>>): QueueConfig {
  const { commandTimeout } = configWith(given, env);
  return { ...queueRedisOf(settingsWith(given, env)), ...(commandTimeout !== undefined && { commandTimeout }) };
}
