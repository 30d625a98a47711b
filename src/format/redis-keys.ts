import { createHash } from 'node:crypto';
import { encodeSegment } from './path.ts';

/**
 * Where things lie: the names of a scope's fields, and the keys of Redis. A scope, the two indexes of its shard, the shard's birth
 * and its generation share a hash tag. So one script reaches them in a Cluster.
 */

/** Fields of a scope of which there is one. */
export const FIELD = {
  /** `<24 digits> <nonce>`: who may write. */
  fence: 'fence',
  /** For people: which attempt has the fence, where, and since when. */
  holder: 'holder',
  /** The last fence drawn. */
  drawn: 'drawn',
  /** When the state was found lost, in milliseconds. */
  lost: 'lost',
  /** When the whole scope ends after success, in milliseconds. */
  ends: 'ends',
  /** The longest that anything in the scope is kept, in milliseconds. */
  until: 'until',
  /** The scope as JSON, if its path holds a digest. */
  scope: 'scope',
  /** The write ID of the last `clear()`: its resend clears nothing again. */
  cleared: 'cleared',
  /** The sweep that looks through the scope. Whatever becomes due meanwhile takes this field away. */
  sweep: 'sweep',
} as const;

/** First letters of fields of which there are many. */
export const PREFIX = {
  entry: 'e:',
  body: 'v:',
  record: 'r:',
  orphan: 'o:',
  superseded: 's:',
  cancel: 'c:',
  item: 'i:',
} as const;

/** Where results lie among the entries; no key of a user has this in its name. */
export const RESULT = 'result=';

/** The two hex digits that spread scopes over a Cluster. */
export function shardOf(path: string): string {
  return createHash('sha256').update(path).digest('hex').slice(0, 2);
}

/** All shards. */
export const SHARDS: readonly string[] = Array.from({ length: 256 }, (_, shard) => shard.toString(16).padStart(2, '0'));

const REMEMBERED = 1_000;

/** The keys of a scope. */
export interface ScopeKeys {
  /** Its hash. */
  readonly key: string;
  /** What becomes due in its shard. */
  readonly due: string;
  /** The birth of its shard. */
  readonly birth: string;
  /** The jobs of its shard. */
  readonly jobs: string;
}

/** The keys of one namespace. */
export interface Keys {
  /** The keys of a scope and of its shard. */
  scope(path: string): ScopeKeys;
  /** The index of the jobs in a shard. */
  jobs(shard: string): string;
  /** What was not run twice on a day, `2026-12-01`. */
  savings(day: string): string;
  birth(shard: string): string;
  /** The keys of a shard: its generation, its index, its birth. */
  shard(shard: string): readonly [generation: string, due: string, birth: string];
  /** Tells the namespace's metastore from others: one key, in the last shard. */
  readonly name: string;
  /** Keys of no meaning, to try whether they may be written. */
  trial(shard: string): readonly string[];
  /** The path behind the key of a scope's hash; `undefined` for other keys. */
  path(key: string): string | undefined;
  /** A glob that finds the scopes whose path begins so. */
  glob(prefix: string): string;
}

/** The keys below a namespace. */
export function keysOf(namespace: string): Keys {
  const encoded = encodeSegment('namespace', namespace);
  const tag = (shard: string): string => `mooring:{${encoded}:${shard}}:`;
  const tagLength = tag('00').length;
  const known = new Map<string, ScopeKeys>();
  const scope = (path: string): ScopeKeys => {
    const before = known.get(path);
    if (before) return before;
    const start = tag(shardOf(path));
    const keys = { key: start + path, due: `${start}due`, birth: `${start}birth`, jobs: `${start}jobs` };
    // A digest costs as much as the rest of a call does here, and most calls are for the same few scopes.
    if (known.size >= REMEMBERED) known.clear();
    known.set(path, keys);
    return keys;
  };
  return {
    scope,
    jobs: (shard) => `${tag(shard)}jobs`,
    savings: (day) => `${tag(shardOf(day))}saved:${day}`,
    birth: (shard) => `${tag(shard)}birth`,
    shard: (shard) => [`${tag(shard)}generation`, `${tag(shard)}due`, `${tag(shard)}birth`],
    name: `${tag('ff')}name`,
    trial: (shard) => ['trial', 'due', 'birth', 'jobs'].map((name) => tag(shard) + name),
    path: (key) => {
      const path = key.slice(tagLength);
      // Every path has at least two segments; the other keys of a shard have one.
      return path.includes('/') ? path : undefined;
    },
    glob: (prefix) => `${tag('??')}${prefix.replace(/[\\*?[\]]/g, '\\$&')}*`,
  };
}

/** How many slots a Redis Cluster has. */
const SLOTS = 16_384;

/**
 * The slot of a key: CRC-16 of what is between its first `{` and the next `}`, or of the whole key, modulo 16,384. Source: the
 * Redis Cluster specification, "Key distribution model" and "Hash tags"; the polynomial is that of XMODEM, 0x1021.
 */
export function keySlot(key: string): number {
  const [, tag = ''] = /^[^{]*\{([^}]+)\}/.exec(key) ?? [];
  let crc = 0;
  for (const byte of Buffer.from(tag === '' ? key : tag)) {
    crc ^= byte << 8;
    for (let bit = 0; bit < 8; bit += 1) crc = ((crc << 1) ^ (crc & 0x8000 ? 0x1021 : 0)) & 0xffff;
  }
  return crc % SLOTS;
}
