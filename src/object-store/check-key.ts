import { ConfigError, InvalidKeyError } from '../model/errors/store.ts';

/**
 * What every object store refuses, before any I/O. The rule is wider than the grammar of values' keys (`path.ts`), which binds
 * references and `list`. An adapter may keep objects of its own form in a store. No key in it leads out of a folder.
 */

/**
 * The limit of the grammar of values' keys. Object names end at 1,024 bytes in S3 and GCS, which the prefix of a bucket shares.
 */
const LONGEST_KEY = 900;
const KEY = /^(?:[A-Za-z0-9_.~=!*'()-]|%[0-9A-F]{2})+(?:\/(?:[A-Za-z0-9_.~=!*'()-]|%[0-9A-F]{2})+){0,15}$/;

/**
 * Holds a key to what stores take.
 *
 * @throws {@link InvalidKeyError}
 */
export function requireObjectKey(key: string): void {
  const sound = typeof key === 'string' && key.length <= LONGEST_KEY && KEY.test(key);
  if (sound && !key.split('/').some((part) => part === '.' || part === '..')) return;
  throw new InvalidKeyError('the object key', 'must be 1 to 16 encoded segments joined by /', key);
}

const PREFIX = /^[A-Za-z0-9_.~=%-][A-Za-z0-9_.~=%/-]*$/;

/**
 * Holds a prefix to what a key can begin with. It need not end with a whole segment.
 *
 * @throws {@link InvalidKeyError}
 */
export function requirePrefix(prefix: string): void {
  const sound = prefix === '' || (typeof prefix === 'string' && PREFIX.test(prefix));
  const wholeSegments = sound ? prefix.split('/').slice(0, -1) : [];
  if (sound && !wholeSegments.some((part) => part === '' || part === '.' || part === '..')) return;
  throw new InvalidKeyError('the prefix', 'must be the beginning of an object key', prefix);
}

/**
 * The range of a read: byte offsets, `end` exclusive; an offset beyond the object counts as its end.
 *
 * @throws {@link ConfigError} unless both are whole numbers of at least 0, in order.
 */
export function requireRange({ start = 0, end = Number.MAX_SAFE_INTEGER }: { start?: number; end?: number }): {
  start: number;
  end: number;
} {
  if (!Number.isSafeInteger(start) || start < 0) throw new ConfigError('start', 'must be a whole number of at least 0', start);
  if (!Number.isSafeInteger(end) || end < start) throw new ConfigError('end', 'must be a whole number of at least start', end);
  return { start, end };
}
