import { METRICS, type MetricName } from './figures.ts';
import type { Measured, MeasuredSide, Result } from './rounds.ts';

/**
 * A result as lines of text: a side each, with the median, the range and the ratio to the plain client of each figure. Then the
 * ratio of this build to each side that is neither of them.
 */
export function resultText({ name, sides }: Result): string {
  const plain = best(sides.filter(({ role }) => role === 'plain'));
  const own = sides.find(({ role }) => role === 'this');
  const others = sides.filter(({ role }) => role === 'against' || role === 'peer');
  const metrics = sides.reduce<readonly Measured[]>((most, { figures }) => (figures.length > most.length ? figures : most), []);
  const table = [
    [name, ...metrics.flatMap(({ metric }) => [METRICS[metric].title, 'min-max', 'ratio'])],
    ...sides.map((side) => [`  ${side.label}`, ...side.figures.flatMap((figure) => [...cells(figure), ratio(figure, plain)])]),
    ...(own ? others : []).map((other) => [
      `  ${own?.label} to ${other.label}`,
      ...(own?.figures ?? []).flatMap((figure) => ['', '', ratio(figure, other)]),
    ]),
  ];
  const said = (table[0] ?? []).map((_head, column) => table.slice(1).some((row) => (row[column] ?? '') !== ''));
  const shown = table.map((row) => row.filter((_cell, column) => column === 0 || said[column]));
  const widths = (shown[0] ?? []).map((_head, column) => Math.max(...shown.map((row) => row[column]?.length ?? 0)));
  return shown
    .map((row) => row.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))))
    .map((row) => row.join('  ').trimEnd())
    .join('\n');
}

/** The best of several, by their first figure. */
export function best(sides: readonly MeasuredSide[]): MeasuredSide | undefined {
  const rank = ({ figures: [first] }: MeasuredSide): number =>
    first === undefined ? 0 : 'moreIsBetter' in METRICS[first.metric] ? -first.median : first.median;
  return sides.toSorted((a, b) => rank(a) - rank(b))[0];
}

function cells({ metric, min, median, max }: Measured): string[] {
  const [low, high] = [number(metric, min), number(metric, max)];
  return [withUnit(metric, median), min === max ? '' : `${low}-${high}`];
}

function number(metric: MetricName, value: number): string {
  return value.toLocaleString('en', { maximumFractionDigits: METRICS[metric].digits });
}

/** A figure with its unit. */
export function withUnit(metric: MetricName, value: number): string {
  const { unit } = METRICS[metric];
  return `${number(metric, value)}${unit && ` ${unit}`}`;
}

function ratio({ ratios }: Measured, to: MeasuredSide | undefined): string {
  const value = to && ratios[to.label];
  return value === undefined ? '' : `${value.toFixed(2)}x`;
}
