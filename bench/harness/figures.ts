/** What is measured, and how it is shown. */

/** How a figure is called, its unit, how many digits it has, and whether more of it is better. */
interface Metric {
  readonly title: string;
  readonly unit: string;
  readonly digits: number;
  readonly moreIsBetter?: boolean;
}

/** Every figure that a bench may measure. */
export const METRICS = {
  rate: { title: 'per second', unit: '/s', digits: 0, moreIsBetter: true },
  speed: { title: 'MB per second', unit: 'MB/s', digits: 0, moreIsBetter: true },
  time: { title: 'time', unit: 'ms', digits: 2 },
  client: { title: 'CPU of the client', unit: 'us', digits: 1 },
  server: { title: 'CPU of Redis', unit: 'us', digits: 1 },
  commands: { title: 'commands', unit: '', digits: 1 },
  inner: { title: 'calls in scripts', unit: '', digits: 1 },
  block: { title: 'longest block', unit: 'ms', digits: 1 },
  memory: { title: 'memory', unit: 'B', digits: 0 },
  resident: { title: 'resident', unit: 'MiB', digits: 0 },
} as const satisfies Record<string, Metric>;

/** The name of a figure. */
export type MetricName = keyof typeof METRICS;

/** What one round of one side gave: times in milliseconds, CPU in microseconds per operation, memory in bytes or MiB. */
export type Figures = Readonly<Partial<Record<MetricName, number>>>;

/** Many rounds of one figure. */
export interface Summary {
  readonly min: number;
  readonly median: number;
  readonly max: number;
}

/** The middle of the values; of an even number of them, the mean of the two in the middle. `NaN` of none. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const [low, high] = [sorted[(sorted.length - 1) >> 1] ?? Number.NaN, sorted[sorted.length >> 1] ?? Number.NaN];
  return (low + high) / 2;
}

/** Minimum, median and maximum. */
export function summary(values: readonly number[]): Summary {
  return { min: Math.min(...values), median: median(values), max: Math.max(...values) };
}

/** The median of the ratios of each round: both sides of a round met the same machine. */
export function pairedRatio(of: readonly number[], to: readonly number[]): number {
  return median(of.map((value, round) => value / (to[round] ?? Number.NaN)));
}
