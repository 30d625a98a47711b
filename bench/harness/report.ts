import { METRICS } from './figures.ts';
import type { Measured, MeasuredSide, Result } from './rounds.ts';

/**
 * A result as lines of text: a side each, with the median, the range and the ratio to the plain client of each figure. Then the
 * ratio of this build to each side that is neither of them.
 */
export function resultText({ name, sides }: Result): string {
  const plain = sides.find(({ role }) => role === 'plain');
  const own = sides.find(({ role }) => role === 'this');
  const others = sides.filter((side) => side !== own && side.role !== 'plain');
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

function cells({ metric, min, median, max }: Measured): string[] {
  const { unit, digits } = METRICS[metric];
  const shown = (value: number): string => value.toLocaleString('en', { maximumFractionDigits: digits });
  return [`${shown(median)}${unit && ` ${unit}`}`, min === max ? '' : `${shown(min)}-${shown(max)}`];
}

function ratio({ ratios }: Measured, to: MeasuredSide | undefined): string {
  const value = to && ratios[to.label];
  return value === undefined ? '' : `${value.toFixed(2)}x`;
}
