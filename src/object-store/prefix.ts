import { ConfigError } from '../model/errors/store.ts';

/** A name in a bucket has at most 1,024 bytes; 900 of them are the grammar's (`path.ts`). */
const LONGEST_PREFIX = 124;
const PREFIX = /^(?:(?:[A-Za-z0-9_.~=-]|%[0-9A-F]{2})+\/)*$/;

/**
 * What the name of every object of a store begins with: empty, or segments that each end with a `/`, which may be left out at the end.
 *
 * @throws {@link ConfigError}
 */
export function resolvePrefix(given: string): string {
  const prefix = typeof given === 'string' && given !== '' && !given.endsWith('/') ? `${given}/` : given;
  const sound = typeof prefix === 'string' && PREFIX.test(prefix) && prefix.length <= LONGEST_PREFIX;
  if (sound && !prefix.split('/').some((part) => part === '.' || part === '..')) return prefix;
  throw new ConfigError(
    'prefix',
    `must be segments of letters, digits, _ . ~ = - and %XX, joined by / and not begun by it, of at most ${LONGEST_PREFIX} bytes`,
    given,
  );
}
