import { ConfigError } from '../model/errors/store.ts';

/** What the name of every object of a store begins with: empty, or segments that each end with a `/`. */

/** A name in a bucket has at most 1,024 bytes; 900 of them are the grammar's (`path.ts`). */
const LONGEST_PREFIX = 124;
const PREFIX = /^(?:(?:[A-Za-z0-9_.~=-]|%[0-9A-F]{2})+\/)*$/;

/** What a prefix must be, for an error. */
export const PREFIX_RULE: string = `segments of letters, digits, _ . ~ = - and %XX, none of them empty, . or .., joined by / and not begun by it, of at most ${LONGEST_PREFIX} bytes`;

/** The prefix, whose last `/` may be left out; `undefined` for an invalid one. */
export function completePrefix(given: unknown): string | undefined {
  if (typeof given !== 'string') return undefined;
  const prefix = given === '' || given.endsWith('/') ? given : `${given}/`;
  const sound = PREFIX.test(prefix) && prefix.length <= LONGEST_PREFIX;
  return sound && !prefix.split('/').some((part) => part === '.' || part === '..') ? prefix : undefined;
}

/**
 * The prefix that an option says.
 *
 * @throws {@link ConfigError}
 */
export function resolvePrefix(given: string = ''): string {
  const prefix = completePrefix(given);
  if (prefix === undefined) throw new ConfigError('prefix', `must be ${PREFIX_RULE}`, given);
  return prefix;
}
