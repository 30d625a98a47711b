import { checkOptions, duration, requireStore, retention, rule, trueOrFalse } from '../../src/adapter-kit.ts';
import type { Checks, Duration, Retention, StateStore } from '../../src/adapter-kit.ts';

/** Options for the state of a worker's activities. */
export interface ActivityStateOptions {
  /**
   * How long the state of the scope `'activity'` is kept once the activity has returned its result. The time in which a lost
   * completion is noticed comes first. State that activities share is kept for the store's `retention`.
   * @defaultValue `'1d'`
   */
  clearAfterSuccess?: Retention;
  /**
   * How often automatic heartbeats are sent for an activity that has asked for its context.
   * @defaultValue a third of the activity's `heartbeatTimeout`; none if it has none
   */
  heartbeat?: Duration;
  /**
   * The most bytes of the result of an activity that used its context; a larger one fails it for good. With the plugin the
   * encoded bytes count, else the JSON. Without this limit, a result that the server refuses is retried without end.
   * @defaultValue 2 MiB, the server's own default, with the plugin; else any
   */
  maxResultBytes?: number;
  /**
   * Whether the details of heartbeats show the external jobs of an activity, with state, progress, ID and link, while its own code
   * has given no details. Temporal's UI shows them with the pending activity. The next attempt finds them in
   * `heartbeatDetails`, as `{ mooring: … }`.
   * @defaultValue false
   */
  reportJobs?: boolean;
}

const CHECKS: Checks<ActivityStateOptions> = {
  clearAfterSuccess: retention,
  heartbeat: duration,
  reportJobs: trueOrFalse,
  maxResultBytes: rule('must be a number of bytes above 0', (bytes) => typeof bytes === 'number' && bytes > 0),
};

/**
 * Refuses invalid options when the plugin is made.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkActivityOptions(store: StateStore, options: ActivityStateOptions): void {
  requireStore(store, 'store');
  checkOptions('options', options, CHECKS);
}
