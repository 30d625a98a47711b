import type { StateEvent } from '../observe/events.ts';
import { memoryMetastore } from '../metastore/memory/store.ts';
import { createStateStore } from '../state-store/create-state-store.ts';
import type { StateStoreOptions } from '../state-store/options.ts';
import type { StateStore } from '../state-store/state-store.ts';

/** A store that remembers what it did. */
export type MemoryStateStore = StateStore & {
  /** What `onEvent` heard, in order. */
  readonly events: readonly StateEvent[];
};

/**
 * Makes a state store in memory, with any options.
 *
 * @throws `ConfigError` for an invalid option.
 */
export function memoryStateStore(options: Partial<StateStoreOptions> = {}): MemoryStateStore {
  const events: StateEvent[] = [];
  const onEvent = (event: StateEvent): unknown => {
    events.push(event);
    return options.onEvent?.(event);
  };
  const store = createStateStore({ metastore: memoryMetastore(), ...options, onEvent });
  return Object.assign(store, { events });
}
