import { ConfigError, InvalidKeyError } from '../errors.ts';
import { isObjectKey } from '../path.ts';

/** What every object store refuses, before any I/O. */

/**
 * Holds a key to the grammar.
 *
 * @throws {@link InvalidKeyError}
 */
export function requireObjectKey(key: string): void {
  if (typeof key === 'string' && isObjectKey(key)) return;
  throw new InvalidKeyError('the object key', 'must be 5 to 7 encoded segments joined by /', key);
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
 * The range of a read: byte offsets, `end` exclusive; what lies beyond the object counts as its end.
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
