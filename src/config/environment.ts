import { ConfigError } from '../model/errors/store.ts';
import { CONNECTION_ID, normalId } from './connections.ts';
import { configOf, type Setting, type Settings } from './settings.ts';
import type { StoreConfig } from './store-config.ts';
import { CONNECTION_VARIABLE, VARIABLES, type VariableName } from './variables.ts';

/** What Kubernetes puts into every container for a service whose name begins with `mooring`. */
const OF_KUBERNETES = /_SERVICE_(?:HOST|PORT(?:_[A-Z0-9_]+)?)$|_PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?$/;

/**
 * A configuration from environment variables `MOORING_…`. One that is empty counts as left out. The result can be spread, logged
 * and made JSON: none of these shows passwords or the options of connections.
 *
 * @defaultValue `process.env`
 * @throws `ConfigError` that names the variable, if it is invalid, missing or unknown. It holds no credential.
 */
export function configFromEnv(env: Readonly<Record<string, string | undefined>> = process.env): StoreConfig {
  return configOf(settingsOf(env));
}

/**
 * What the variables say, each with its name.
 *
 * @throws {@link ConfigError} for an unknown variable, which is mostly a misspelt one.
 */
export function settingsOf(env: Readonly<Record<string, string | undefined>>): Settings {
  const byName = new Map<string, VariableName>(
    Object.entries(VARIABLES).map(([setting, { name }]) => [name, setting as VariableName]),
  );
  const texts: Partial<Record<VariableName, Setting>> = {};
  const connections = new Map<string, Setting>();
  for (const [option, text] of Object.entries(env)) {
    if (!option.startsWith('MOORING_') || text === undefined || text.trim() === '') continue;
    const known = byName.get(option);
    const id = option.startsWith(CONNECTION_VARIABLE) ? option.slice(CONNECTION_VARIABLE.length) : '';
    if (known) texts[known] = { text: text.trim(), option };
    else if (CONNECTION_ID.test(id)) connections.set(normalId(id), { text, option });
    else if (!OF_KUBERNETES.test(option)) {
      throw new ConfigError(
        option,
        `is not a variable of Mooring (there are: ${[...byName.keys()].join(', ')}, ${CONNECTION_VARIABLE}<ID>)`,
      );
    }
  }
  return { texts, connections };
}
