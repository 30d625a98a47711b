/**
 * Which scopes are known to be there, and to need no key of their shard. It saves a round trip: without it a script that names the
 * scope alone would be tried for each scope that is new. What it says may be outdated, since such a script finds out by itself.
 */
export interface KnownScopes {
  /** Whether a script that names fewer keys is worth a try. */
  mayNarrow(path: string): boolean;
  /** A write was applied to the scope. */
  wrote(path: string): void;
  /** The scope needs the keys of its shard. */
  needsAll(path: string): void;
}

const REMEMBERED = 1_000;

/** Remembers the scopes that were used last, of one store. */
export function createKnownScopes(): KnownScopes {
  const known = new Map<string, boolean>();
  const note = (path: string, suffices: boolean): void => {
    if (known.size >= REMEMBERED) known.clear();
    known.set(path, suffices);
  };
  return {
    mayNarrow: (path) => known.get(path) === true,
    wrote(path) {
      if (!known.has(path)) note(path, true);
    },
    needsAll: (path) => note(path, false),
  };
}
