import { milliseconds, type Duration } from '../../model/duration.ts';
import { checkOptions, duration, rule, type Checks } from '../../model/checks.ts';
import { isUnmetered, observeGauges } from '../../observe/gauges.ts';
import { internalsOf } from '../../state-store/internals.ts';
import type { StateStore } from '../../state-store/state-store.ts';
import { jobRecords } from './records.ts';

/** Gauges of the jobs that wait, for whoever collects metrics. */

/** Options of `observeJobs()`. */
export interface ObserveJobsOptions {
  /**
   * The shortest time between two reads of the store; what collects more often gets the same numbers again.
   * @defaultValue '10s'
   */
  every?: Duration;
  /**
   * The longest that a collection waits for a read.
   * @defaultValue '5s'
   */
  timeout?: Duration;
  /**
   * The most flows that get series of their own. All others are counted together, as the flow `_OTHER`.
   * @defaultValue 100
   */
  flows?: number;
}

const CHECKS: Checks<ObserveJobsOptions> = {
  every: duration,
  timeout: duration,
  flows: rule(
    'must be a whole number from 0 to 1000',
    (flows) => Number.isSafeInteger(flows) && Number(flows) >= 0 && Number(flows) <= 1_000,
  ),
};

const NO_SDK = 'observeJobs() was called before an SDK of OpenTelemetry was set up: its gauges stay unseen';

/**
 * Shows the external jobs of a store as the gauges `mooring.job.count` and `mooring.job.oldest_age`, by flow and state: those that
 * are open, that wait for a person or have failed, and orphans. They are read when metrics are collected, from an index, never by
 * a scan. Set up the SDK of OpenTelemetry before. If a read fails, the gauges show no number until one succeeds.
 *
 * @returns a function that stops it.
 * @throws {@link ConfigError} for an invalid option, and if `createStateStore()` did not make the store.
 */
export function observeJobs(store: StateStore, options: ObserveJobsOptions = {}): () => void {
  checkOptions('options', options, CHECKS);
  const { clock, timer, logger } = internalsOf(store);
  if (isUnmetered()) logger?.warn({}, NO_SDK);
  const records = jobRecords(store);
  const { every = '10s', timeout = '5s', flows = 100 } = options;
  return observeGauges({
    read: (signal) => records.summary({ signal }),
    now: () => clock.now(),
    timer,
    every: milliseconds(every, 'every'),
    timeout: milliseconds(timeout, 'timeout'),
    flows,
  });
}
