import { ConfigError, wrongKind } from './errors/config.ts';

/** The names that an object of options may have: a misspelt one would be ignored silently. */
export type OptionNames<Options> = Readonly<Record<keyof Options & string, true>>;

/**
 * Refuses what is no object, and an object with a property that is none of the known names. Allocates nothing if all is well.
 *
 * @param what - The object, by its name; `'options'` stands for itself and is left out before the name of a property.
 * @throws {@link ConfigError}
 */
export function requireKnownNames(what: string, given: unknown, names: Readonly<Record<string, unknown>>): void {
  if (typeof given !== 'object' || given === null) throw wrongKind(what, 'must be an object', given);
  for (const name in given) {
    if (Object.hasOwn(names, name) || !Object.hasOwn(given, name)) continue;
    const option = what === 'options' ? name : `${what}.${name}`;
    throw new ConfigError(option, `is not an option (there are: ${Object.keys(names).join(', ')})`);
  }
}
