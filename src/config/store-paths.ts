import { ConfigError } from '../model/errors/store.ts';
import { identityOf, parseLocation, type Location } from './location.ts';
import type { StoreConfig } from './store-config.ts';

/** A location, the option that named it, and what references record for it; by default what the store itself says. */
export interface StorePath {
  option: string;
  location: Location;
  alias: string | undefined;
}

/**
 * The paths of a configuration, the current one first if there is one; each once.
 *
 * @throws {@link ConfigError}
 */
export function storePaths({ path, formerPaths = [], aliases = {} }: StoreConfig): readonly StorePath[] {
  if (!Array.isArray(formerPaths)) throw new ConfigError('formerPaths', 'must be an array of paths');
  const named = namesOf(aliases);
  const paths = new Map<string, StorePath>();
  const add = (option: string, url: unknown): void => {
    const location = parseLocation(option, url);
    const identity = identityOf(location);
    if (!paths.has(identity)) paths.set(identity, { option, location, alias: named.get(identity)?.alias });
  };
  if (path !== undefined) add('path', path);
  for (const [index, url] of formerPaths.entries()) add(`formerPaths[${index}]`, url);
  for (const [identity, { option }] of named) {
    if (!paths.has(identity)) throw new ConfigError(option, 'must be path, or one of formerPaths');
  }
  return [...paths.values()];
}

function namesOf(aliases: unknown): ReadonlyMap<string, { alias: string; option: string }> {
  if (typeof aliases !== 'object' || aliases === null || Array.isArray(aliases)) {
    throw new ConfigError('aliases', 'must be an object: a path by what references record');
  }
  const named = new Map<string, { alias: string; option: string }>();
  for (const [alias, url] of Object.entries(aliases) as [string, unknown][]) {
    const option = `aliases.${alias}`;
    const identity = identityOf(parseLocation(option, url));
    if (named.has(identity)) throw new ConfigError(option, 'must not be a second name for a path');
    named.set(identity, { alias, option });
  }
  return named;
}
