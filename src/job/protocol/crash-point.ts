import { internalsOf, withInternals, type Internals } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';

/**
 * The places of the crash table, at which a test ends a process. The hook is part of the store, so that adapters need no argument
 * for it. A store of `createStateStore()` has no hook, at no cost.
 */

/** A gap of the crash table in `docs/reliability.md`. */
export type Gap = `G${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10 | 11 | 12}`;

/** Called when an attempt reaches a gap, and waited for. */
export type CrashPoint = (gap: Gap) => void | Promise<void>;

/** The same store, with a hook at the places of the crash table. Not public. */
export function withCrashPoint(store: StateStore, at: CrashPoint): StateStore {
  return withCoreParts(store, { crashPoint: at as NonNullable<Internals['crashPoint']> });
}

/** The same store, with parts of its core exchanged. Not public. */
export function withCoreParts(store: StateStore, parts: Partial<Internals>): StateStore {
  return withInternals(Object.create(store) as StateStore, { ...internalsOf(store), ...parts });
}
