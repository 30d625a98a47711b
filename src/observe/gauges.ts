import { createNoopMeter, metrics, type BatchObservableCallback } from '@opentelemetry/api';
import { abortController } from '../async/abort.ts';
import { bounded, type Timer } from '../async/deadline.ts';
import { add, METRICS, SCOPE, type MetricName } from './metrics.ts';

/**
 * The gauges of the jobs that wait. They are read from a store when somebody collects metrics, and at most once in a while. The
 * SDK repeats the last value of a series that is not observed any more. So a series that is over is observed as 0, and each of
 * them as NaN while nobody can read: no alert rests on an old number.
 */

/** Jobs of one flow that are in one state. */
export interface WaitingJobs {
  readonly flow: string;
  readonly state: string;
  readonly count: number;
  readonly oldest: Date;
}

/** Where the numbers come from, and how often. Lengths of time are milliseconds. */
export interface GaugeSource {
  readonly read: (signal: AbortSignal) => Promise<readonly WaitingJobs[]>;
  readonly now: () => number;
  readonly timer: Timer;
  /** The shortest time between two reads. */
  readonly every: number;
  /** The longest that a read may take. */
  readonly timeout: number;
  /** The most flows that get series of their own. */
  readonly flows: number;
}

/** Whether nobody has set up an SDK yet: what is registered then is never asked for. */
export function isUnmetered(): boolean {
  return metrics.getMeter(SCOPE) === createNoopMeter();
}

/** Registers the gauges with the meter that there is now. The returned function takes them back. */
export function observeGauges({ read, now, timer, every, timeout, flows }: GaugeSource): () => void {
  const meter = metrics.getMeter(SCOPE);
  const gauge = (name: MetricName) => meter.createObservableGauge(name, METRICS[name]);
  const counts = gauge('mooring.job.count');
  const ages = gauge('mooring.job.oldest_age');
  const stopped = abortController();
  const seen = createSeries(flows);
  let last = { at: Number.NEGATIVE_INFINITY, reading: Promise.resolve(false) };

  const refresh = async (): Promise<boolean> => {
    try {
      const outcome = await bounded(timer, timeout, stopped.signal, read);
      if (outcome.ended === 'value') seen.show(outcome.value);
      if (outcome.ended === 'deadline') countFailure('timeout');
      return outcome.ended === 'value';
    } catch (error) {
      countFailure((error as { code?: unknown }).code);
      return false;
    }
  };
  const callback: BatchObservableCallback = async (result) => {
    if (!stopped.signal.aborted && now() >= last.at + every) last = { at: now(), reading: refresh() };
    const isKnown = (await last.reading) && !stopped.signal.aborted;
    for (const { attributes, count, oldest } of seen.all()) {
      result.observe(counts, isKnown ? count : Number.NaN, attributes);
      result.observe(ages, isKnown ? ageOf(now(), oldest) : Number.NaN, attributes);
    }
    if (stopped.signal.aborted) meter.removeBatchObservableCallback(callback, [counts, ages]);
  };
  meter.addBatchObservableCallback(callback, [counts, ages]);
  return () => stopped.abort();
}

function ageOf(now: number, oldest: number | undefined): number {
  return oldest === undefined ? 0 : Math.max(0, now - oldest) / 1_000;
}

function countFailure(code: unknown): void {
  add('mooring.summary_errors', 1, { 'error.type': typeof code === 'string' ? code : '_OTHER' });
}

/** What one series shows. */
interface Series {
  attributes: { 'mooring.flow': string; 'mooring.job.state': string };
  count: number;
  /** Milliseconds; `undefined`: there is no job. */
  oldest: number | undefined;
}

/** The flow of all that have no series of their own. The SDK never forgets a series, so the first flows keep theirs. */
const OTHER_FLOWS = '_OTHER';

function createSeries(flows: number): { show(jobs: readonly WaitingJobs[]): void; all(): Iterable<Series> } {
  const all = new Map<string, Series>();
  const named = new Set<string>();
  const seriesOf = (flow: string, state: string): Series => {
    if (named.size < flows) named.add(flow);
    const shown = named.has(flow) ? flow : OTHER_FLOWS;
    const key = `${state} ${shown}`;
    const known = all.get(key) ?? {
      attributes: { 'mooring.flow': shown, 'mooring.job.state': state },
      count: 0,
      oldest: undefined,
    };
    all.set(key, known);
    return known;
  };
  return {
    show(jobs) {
      for (const one of all.values()) Object.assign(one, { count: 0, oldest: undefined });
      for (const { flow, state, count, oldest } of jobs) {
        const one = seriesOf(flow, state);
        one.count += count;
        one.oldest = Math.min(one.oldest ?? Infinity, oldest.getTime());
      }
    },
    all: () => all.values(),
  };
}
