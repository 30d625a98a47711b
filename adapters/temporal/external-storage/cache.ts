/** The cache of payloads in this process: the bytes of those used last, and the keys of those that it stored. */

/** The memory of one driver. */
export interface PayloadCache {
  bytes(sha256: string): Uint8Array | undefined;
  keep(sha256: string, bytes: Uint8Array): void;
  /** Whether this process stored an object of the key a short time ago. */
  knows(key: string): boolean;
  learn(key: string): void;
}

const MOST_KEYS = 10_000;
/** Much shorter than any retention, so that what a bucket rule deletes does not count as stored. */
const KNOWN_FOR = 600_000;

/**
 * A cache of at most this many bytes. The payload used longest ago is dropped first. A payload of more than a quarter of the
 * limit is not kept.
 */
export function payloadCache(maxBytes: number, now: () => number): PayloadCache {
  const kept = new Map<string, Uint8Array>();
  const keys = new Map<string, number>();
  let total = 0;
  const forget = (sha256: string): void => {
    total -= kept.get(sha256)?.length ?? 0;
    kept.delete(sha256);
  };
  return {
    bytes(sha256) {
      const found = kept.get(sha256);
      if (!found) return undefined;
      kept.delete(sha256);
      kept.set(sha256, found);
      return found;
    },
    keep(sha256, bytes) {
      if (bytes.length > maxBytes / 4) return;
      forget(sha256);
      kept.set(sha256, bytes);
      total += bytes.length;
      for (const oldest of kept.keys()) {
        if (total <= maxBytes) break;
        forget(oldest);
      }
    },
    knows(key) {
      const learnt = keys.get(key);
      return learnt !== undefined && Math.abs(now() - learnt) < KNOWN_FOR;
    },
    learn(key) {
      keys.delete(key);
      keys.set(key, now());
      if (keys.size > MOST_KEYS) keys.delete(keys.keys().next().value as string);
    },
  };
}
