import { createHash } from 'node:crypto';
import { ConfigError } from '../model/errors/store.ts';

/**
 * Idempotency keys in the shapes that some external systems insist on. Each shape follows from the key alone. So `find`, and
 * people who look at a listing, make it again from the key of a record.
 */

/**
 * An idempotency key as a UUID: 36 characters, lower-case hex digits and four `-`. For a `requestId` of Google Cloud, of which some
 * must be UUIDs of version 4 (AIP-155). So the bits of version and variant are those of version 4 in RFC 9562, section 5.4. The
 * other 122 are the first of the key's SHA-256; they are derived, so the UUID is no source of randomness. Two of a
 * billion keys are the same with a probability below 1 in 10^19.
 *
 * @param key - An idempotency key of Mooring: 40 characters.
 * @throws {@link ConfigError} for any other text.
 */
export function uuidKey(key: string): string {
  const digest = digestOf(key);
  digest[6] = ((digest[6] as number) & 0x0f) | 0x40;
  digest[8] = ((digest[8] as number) & 0x3f) | 0x80;
  return digest.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

/**
 * An idempotency key as 32 lower-case hex digits: for the `jobId` of Apache Flink. They are the first of the key's SHA-256, so
 * `printf %s KEY | sha256sum` shows them too. Two of a billion keys are the same with a probability below 1 in 10^20.
 *
 * @param key - An idempotency key of Mooring: 40 characters.
 * @throws {@link ConfigError} for any other text.
 */
export function hexKey(key: string): string {
  return digestOf(key).toString('hex');
}

/**
 * An idempotency key with a prefix for people, `prefix-key`, as a DNS label of RFC 1123: at most 63 characters of `a-z`, `0-9` and
 * `-`. For names in Kubernetes. The key is in it unchanged, so labels of different keys are different, whatever their prefixes. The
 * prefix has at most 22 characters. For an Indexed Job it has fewer, since its pods are named `name-index`: 20 up to 10
 * completions, 19 up to 100.
 *
 * @param key - An idempotency key of Mooring: 40 characters.
 * @param prefix - What people see first: `a-z`, `0-9` and, not at its ends, `-`.
 * @throws {@link ConfigError} for an invalid key or prefix.
 */
export function dnsLabelKey(key: string, prefix: string): string {
  requireKey(key);
  if (typeof (prefix as unknown) !== 'string' || !PREFIX.test(prefix)) throw new ConfigError('prefix', PREFIX_RULE, prefix);
  return `${prefix}-${key}`;
}

const KEY = /^m[a-z2-7]{39}$/;
const PREFIX = /^[a-z0-9](?:[a-z0-9-]{0,20}[a-z0-9])?$/;
const PREFIX_RULE = 'must be 1 to 22 characters of a-z, 0-9 and -, with no - at its ends';

/** The first 16 bytes of the SHA-256 of a key's characters. */
function digestOf(key: string): Buffer {
  requireKey(key);
  return createHash('sha256').update(key).digest().subarray(0, 16);
}

function requireKey(key: unknown): void {
  if (typeof key === 'string' && KEY.test(key)) return;
  throw new ConfigError('key', 'must be an idempotency key of Mooring: m, and 39 characters of a-z and 2-7', key);
}
