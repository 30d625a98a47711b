import { callable, checkOptions, duration, trueOrFalse, oneOf, requireExternalJobs } from '../../src/adapter-kit.ts';
import { requireStore, resolveWait, retention } from '../../src/adapter-kit.ts';
import type { AttemptOptions, Checks, Duration, Retention, StateStore, TaskScope, Wait } from '../../src/adapter-kit.ts';

/** How a processor waits, and what becomes of its state. */
export interface ProcessorOptions<J> extends Pick<AttemptOptions, 'wait' | 'externalJobs'> {
  /**
   * How long the state is kept once BullMQ has completed the job.
   * @defaultValue `'1d'`; with a `scope` of your own, the retention of the store
   */
  clearAfterSuccess?: Retention;
  /**
   * What becomes of an external job that is still running if BullMQ gives the job up.
   * @defaultValue `'leave'`
   */
  onFinalFailure?: 'leave' | 'cancel';
  /**
   * The scope of the state. Give your own if jobs share it.
   * @defaultValue queue, job ID and creation time
   */
  scope?: (job: J) => TaskScope;
  /**
   * How often the locks of a worker's jobs are extended, which proves that they are held, and requests to cancel are read. The
   * shortest time of its processors counts.
   * @defaultValue a third of the worker's `lockDuration`
   */
  heartbeat?: Duration;
  /**
   * Whether the state of external jobs is written to `job.progress`: for each an entry under its name (or `externalIdKey`), and for
   * one of an item under `name[item]`, with `state`, `progress`, `externalId` and `url`. At most once a second.
   * @defaultValue false
   */
  reportProgress?: boolean;
}

const CHECKS: Checks<ProcessorOptions<unknown>> = {
  wait: (wait) => resolveWait(wait as Wait, true),
  clearAfterSuccess: retention,
  onFinalFailure: oneOf('leave', 'cancel'),
  externalJobs: requireExternalJobs,
  scope: callable,
  heartbeat: duration,
  reportProgress: trueOrFalse,
};

/**
 * Refuses invalid options, when the processor is made.
 *
 * @throws {@link ConfigError} that names the option.
 */
export function checkProcessorOptions<J>(store: StateStore, options: ProcessorOptions<J>): void {
  requireStore(store, 'store');
  checkOptions<ProcessorOptions<never>>('options', options, CHECKS);
}
