import { metrics, type Attributes } from '@opentelemetry/api';

/**
 * The metrics of OpenTelemetry, in one table that the documentation is held against. They cost nothing without an SDK. A meter is
 * looked up at every use: an SDK may be set up after this library is loaded. Attributes never hold an ID, a path or a value, so
 * the number of series is bounded.
 */

/** The scope of all instruments and spans. */
export const SCOPE = 'mooring';

interface Metric {
  readonly kind: 'counter' | 'gauge' | 'histogram';
  readonly unit: string;
  readonly description: string;
  readonly attributes: readonly string[];
  /** Bounds of the buckets of a histogram. */
  readonly buckets?: readonly number[];
}

/** From a second to a week: external jobs take minutes or days, for which the SDK's own bounds are too low. */
const JOB_SECONDS = [1, 5, 15, 60, 300, 900, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400, 259_200, 604_800];

type Row = readonly [unit: string, description: string, ...attributes: string[]];

const counter = ([unit, description, ...attributes]: Row): Metric => ({ kind: 'counter', unit, description, attributes });
const gauge = (row: Row): Metric => ({ ...counter(row), kind: 'gauge' });

/** The name of a metric. */
export type MetricName = `mooring.${Counted | Gauged | 'job.duration'}`;

type Counted =
  | 'decisions'
  | 'reconnects'
  | 'saved_time'
  | 'submits'
  | 'status_errors'
  | 'stale_writes'
  | 'missing_objects'
  | 'orphans'
  | 'offloaded_bytes'
  | 'swept_entries'
  | 'swept_objects'
  | 'swept_bytes'
  | 'summary_errors';

type Gauged = 'job.count' | 'job.oldest_age';

/** Every metric by its name. */
export const METRICS: Readonly<Record<MetricName, Metric>> = {
  'mooring.job.count': gauge(['{job}', 'External jobs that wait', 'mooring.flow', 'mooring.job.state']),
  'mooring.job.oldest_age': gauge(['s', 'How long the oldest of them has waited', 'mooring.flow', 'mooring.job.state']),
  'mooring.job.duration': {
    kind: 'histogram',
    unit: 's',
    description: 'Time from the first send of a submission until the end of its job is recorded',
    attributes: ['mooring.job.name', 'mooring.job.state'],
    buckets: JOB_SECONDS,
  },
  'mooring.decisions': counter(['{run}', 'Runs of external jobs, by what they did', 'mooring.decision', 'mooring.job.name']),
  'mooring.reconnects': counter(['{run}', 'Runs that found the job of an attempt that had died', 'mooring.job.name']),
  'mooring.saved_time': counter(['s', 'How long these jobs had run by then', 'mooring.job.name']),
  'mooring.submits': counter(['{submit}', 'Submits that were sent, by their outcome', 'mooring.job.name', 'error.type']),
  'mooring.status_errors': counter(['{error}', 'Statuses that could not be had', 'mooring.job.name', 'error.type']),
  'mooring.orphans': counter(['{job}', 'External jobs that came to be held by no record']),
  'mooring.stale_writes': counter(['{write}', 'Writes of attempts that had been superseded']),
  'mooring.missing_objects': counter(['{object}', 'Objects that entries refer to and that do not exist']),
  'mooring.offloaded_bytes': counter(['By', 'Bytes put in the object store, as stored']),
  'mooring.swept_entries': counter(['{entry}', 'Expired entries that were removed']),
  'mooring.swept_objects': counter(['{object}', 'Objects that were removed because nothing needs them']),
  'mooring.swept_bytes': counter(['By', 'Bytes in those objects']),
  'mooring.summary_errors': counter(['{error}', 'Reads for the gauges that failed', 'error.type']),
};

/** Adds to a counter. An attribute that is `undefined` is left out. */
export function add(name: `mooring.${Counted}`, by: number, attributes: Attributes = {}): void {
  const { unit, description } = METRICS[name];
  metrics.getMeter(SCOPE).createCounter(name, { unit, description }).add(by, known(attributes));
}

/** Records how long a job took, in seconds. */
export function recordDuration(seconds: number, attributes: Attributes): void {
  const name = 'mooring.job.duration';
  const { unit, description, buckets = [] } = METRICS[name];
  const options = { unit, description, advice: { explicitBucketBoundaries: [...buckets] } };
  metrics.getMeter(SCOPE).createHistogram(name, options).record(seconds, known(attributes));
}

function known(attributes: Attributes): Attributes {
  return Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
}
