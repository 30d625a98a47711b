import {
  ConfigError,
  type Duration,
  milliseconds,
  requireKnownNames,
  type Retention,
  type StateStore,
  type TaskScope,
  type Wait,
} from '../../src/index.ts';

/** How a processor waits, and what becomes of its state. */
export interface ProcessorOptions<J> {
  /**
   * Whether waiting for an external job keeps the worker's slot, or gives it back between polls.
   * @defaultValue `{ mode: 'hold' }`
   */
  wait?: Wait;
  /**
   * How long the state is kept once BullMQ has completed the job.
   * @defaultValue `'1d'`
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
   * How often the job's lock is extended and so proven to be held.
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
  scope: true,
  heartbeat: true,
  reportProgress: true,
};

/**
 * Refuses what cannot be meant, when the processor is made.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkOptions<J>(store: StateStore, options: ProcessorOptions<J>): void {
  if (typeof (store as Partial<StateStore> | undefined)?.task !== 'function') {
    throw new ConfigError('store', 'must come from createStateStore()', store);
  }
  requireKnownNames('options', options, OPTIONS);
  const { wait, clearAfterSuccess, onFinalFailure, scope, heartbeat, reportProgress } = options;
  if (wait !== undefined) checkWait(wait);
  if (clearAfterSuccess !== undefined && clearAfterSuccess !== 'forever') milliseconds(clearAfterSuccess, 'clearAfterSuccess');
  if (onFinalFailure !== undefined && !['leave', 'cancel'].includes(onFinalFailure)) {
    throw new ConfigError('onFinalFailure', "must be 'leave' or 'cancel'", onFinalFailure);
  }
  if (scope !== undefined && typeof scope !== 'function') throw new ConfigError('scope', 'must be a function of the job', scope);
  if (heartbeat !== undefined) milliseconds(heartbeat, 'heartbeat');
  if (reportProgress !== undefined && typeof reportProgress !== 'boolean') {
    throw new ConfigError('reportProgress', 'must be true or false', reportProgress);
  }
}

function checkWait(wait: Wait): void {
  if (wait?.mode !== 'hold' && wait?.mode !== 'release') {
    throw new ConfigError('wait', "must be { mode: 'hold' } or { mode: 'release' }", wait);
  }
  requireKnownNames('wait', wait, { mode: true, holdFor: true });
  if (wait.mode === 'release' && wait.holdFor !== undefined) milliseconds(wait.holdFor, 'wait.holdFor');
}
