import {
  type AttemptOptions,
  ConfigError,
  type Duration,
  milliseconds,
  requireExternalJobs,
  requireKnownNames,
  resolveWait,
  type Retention,
  type StateStore,
  type TaskScope,
} from '../../src/index.ts';

/** How a processor waits, and what becomes of its state. */
export interface ProcessorOptions<J> extends Pick<AttemptOptions, 'wait' | 'externalJobs'> {
  /**
   * How long the state is kept once BullMQ has completed the job.
   * @defaultValue `'1d'`; with a `scope` of your own, the retention of the store
   */
  clearAfterSuccess?: Retention;
  /**
   * What becomes of an external job that still runs when BullMQ gives the job up.
   * @defaultValue `'leave'`
   */
  onFinalFailure?: 'leave' | 'cancel';
  /**
   * Whose state it is: choose your own, so that jobs share it.
   * @defaultValue queue, job ID and creation time
   */
  scope?: (job: J) => TaskScope;
  /**
   * How often the locks of a worker's jobs are extended and so proven to be held, and how often somebody's wish to cancel one of
   * them is heard. The shortest of its processors counts.
   * @defaultValue a third of the worker's `lockDuration`
   */
  heartbeat?: Duration;
  /**
   * Whether the progress of external jobs is written to `job.progress`, by `externalIdKey`.
   * @defaultValue false
   */
  reportProgress?: boolean;
}

const OPTIONS: Readonly<Record<keyof ProcessorOptions<unknown>, true>> = {
  wait: true,
  clearAfterSuccess: true,
  onFinalFailure: true,
  externalJobs: true,
  scope: true,
  heartbeat: true,
  reportProgress: true,
};

/**
 * Refuses invalid options, when the processor is made.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkOptions<J>(store: StateStore, options: ProcessorOptions<J>): void {
  requireStore(store);
  requireKnownNames('options', options, OPTIONS);
  const { wait, clearAfterSuccess, onFinalFailure, externalJobs, scope, heartbeat, reportProgress } = options;
  if (wait !== undefined) resolveWait(wait, true);
  if (clearAfterSuccess !== undefined && clearAfterSuccess !== 'forever') milliseconds(clearAfterSuccess, 'clearAfterSuccess');
  if (onFinalFailure !== undefined && !['leave', 'cancel'].includes(onFinalFailure)) {
    throw new ConfigError('onFinalFailure', "must be 'leave' or 'cancel'", onFinalFailure);
  }
  requireExternalJobs(externalJobs);
  if (scope !== undefined) requireFunction('scope', scope);
  if (heartbeat !== undefined) milliseconds(heartbeat, 'heartbeat');
  if (reportProgress !== undefined && typeof reportProgress !== 'boolean') {
    throw new ConfigError('reportProgress', 'must be true or false', reportProgress);
  }
}

/**
 * Checks a store.
 *
 * @throws {@link ConfigError}
 */
export function requireStore(store: StateStore | undefined): void {
  if (typeof (store as Partial<StateStore> | undefined)?.task !== 'function') {
    throw new ConfigError('store', 'must come from createStateStore()', store);
  }
}

/**
 * Checks a function.
 *
 * @throws {@link ConfigError}
 */
export function requireFunction(option: string, value: unknown): void {
  if (typeof value !== 'function') throw new ConfigError(option, 'must be a function', value);
}
