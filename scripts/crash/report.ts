/** The crash report for people: a row for each gap and external system, a column for each way in which attempts end. */
import { END_NAMES, type End } from './ends.ts';
import type { Cell, Report } from './harness.ts';

const NONE = '-';

/** The table, what differs from it, and its sums. */
export function reportText(report: Report): string {
  const ends = END_NAMES.filter((end) => report.cells.some((cell) => cell.end === end));
  const rows = new Map<string, Map<End, Cell>>();
  for (const cell of report.cells.toSorted((a, b) => gapNumber(a) - gapNumber(b))) {
    const row = `${cell.gap} ${cell.system}`;
    rows.set(row, (rows.get(row) ?? new Map<End, Cell>()).set(cell.end, cell));
  }
  const body = [...rows].map(([row, cells]) => [
    ...row.split(' '),
    ...ends.map((end) => {
      const cell = cells.get(end);
      return cell ? told(cell) : NONE;
    }),
  ]);
  const table = aligned([['gap', 'system', ...ends], ...body]);
  const differences = report.cells.flatMap(({ end, gap, system, deviations }) =>
    [...new Set(deviations)].map((deviation) => `${end} ${gap} ${system}: ${deviation}`),
  );
  const runs = report.cells.reduce((sum, cell) => sum + cell.runs, 0);
  const sums = [
    `${runs} runs: ${report.duplicates} duplicates`,
    `${report.lost} lost`,
    `${report.tooMany} with more submissions than attempts`,
    `${report.deviations} other than the crash table says`,
  ].join(', ');
  return [table, ...(differences.length > 0 ? [differences.join('\n')] : []), sums].map((part) => `${part}\n`).join('\n');
}

function gapNumber({ gap }: Cell): number {
  return Number(gap.slice(1));
}

/** `1: result`, and how often where it is more than once. */
function told({ runs, submissions, outcomes, deviations }: Cell): string {
  const often = (count: number): string => (runs > 1 ? ` ${count}` : '');
  const ends = Object.entries(outcomes).map(([outcome, count]) => `${outcome}${often(count)}`);
  return `${submissions}: ${ends.join(', ')}${deviations.length > 0 ? ' (!)' : ''}`;
}

function aligned(rows: readonly string[][]): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
