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
   * How often an activity that has its context heartbeats by itself.
   * @defaultValue a third of the activity's `heartbeatTimeout`; none if it has none
   */
  heartbeat?: Duration;
  /**
   * Bytes that the result of an activity may have which used its context: a larger one fails it for good. Encoded, with the plugin; else of
   * JSON. More than the server takes is retried without end.
   * @defaultValue 2 MiB, the server's own default, with the plugin; else any
   */
  maxResultBytes?: number;
}

/**
 * Refuses invalid options when the plugin is made.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkOptions(store: StateStore, options: ActivityStateOptions): void {
  if (typeof (store as Partial<StateStore> | undefined)?.task !== 'function') {
    throw new ConfigError('store', 'must come from createStateStore()', store);
  }
  requireKnownNames('options', options, { clearAfterSuccess: true, heartbeat: true, maxResultBytes: true });
  const { clearAfterSuccess = 'forever', heartbeat = 1, maxResultBytes = 1 } = options;
  if (clearAfterSuccess !== 'forever') milliseconds(clearAfterSuccess, 'clearAfterSuccess');
  milliseconds(heartbeat, 'heartbeat');
  if (!(maxResultBytes > 0)) throw new ConfigError('maxResultBytes', 'must be a number of bytes above 0', maxResultBytes);
}
