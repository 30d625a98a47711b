import { ConfigError } from '../../src/index.ts';

/**
 * Refuses what is no object, and an object with a property that is none of the known names: a misspelt one would be left out
 * silently. The core's own check is not public.
 *
 * @throws {@link ConfigError}
 */
export function requireKnownNames(what: string, given: unknown, names: Readonly<Record<string, true>>): void {
  if (typeof given !== 'object' || given === null) throw new ConfigError(what, 'must be an object', given);
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(names, name));
  if (unknown === undefined) return;
  const option = what === 'options' ? unknown : `${what}.${unknown}`;
  throw new ConfigError(option, `is not an option (there are: ${Object.keys(names).join(', ')})`);
}
