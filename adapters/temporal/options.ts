import { ConfigError, milliseconds, requireKnownNames, type Duration, type Retention, type StateStore } from '../../src/index.ts';

/** How activities of a worker keep their state. */
export interface ActivityStateOptions {
  /**
   * How long the state of the scope `'activity'` is kept once the activity has returned its result, after the time in which a lost
   * completion is noticed. What activities share is kept for the store's `retention`.
   * @defaultValue `'1d'`
   */
  clearAfterSuccess?: Retention;
  /**
   * How often an activity that uses state heartbeats by itself.
   * @defaultValue a third of the activity's `heartbeatTimeout`; none where it has none
   */
  heartbeat?: Duration;
}

/**
 * Refuses what cannot be meant, when the plugin is made.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkOptions(store: StateStore, options: ActivityStateOptions): void {
  if (typeof (store as Partial<StateStore> | undefined)?.task !== 'function') {
    throw new ConfigError('store', 'must come from createStateStore()', store);
  }
  requireKnownNames('options', options, { clearAfterSuccess: true, heartbeat: true });
  const { clearAfterSuccess, heartbeat } = options;
  if (clearAfterSuccess !== undefined && clearAfterSuccess !== 'forever') milliseconds(clearAfterSuccess, 'clearAfterSuccess');
  if (heartbeat !== undefined) milliseconds(heartbeat, 'heartbeat');
}
