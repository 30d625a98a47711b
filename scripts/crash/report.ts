/** The crash report for people: a table, a row for each cell. */
import type { Cell, Report } from './harness.ts';

const HEAD = ['gap', 'far side', 'runs', 'submissions', 'duplicates', 'lost', 'ambiguous', 'decisions', ''];
const NUMBERS = [2, 3, 4, 5, 6];

/** The table and its sums. */
export function reportText(report: Report): string {
  const rows = [HEAD, ...report.cells.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => (cells[column] as string).length)));
  const lines = rows.map((cells) =>
    cells
      .map((cell, column) =>
        NUMBERS.includes(column) ? cell.padStart(widths[column] as number) : cell.padEnd(widths[column] as number),
      )
      .join('  ')
      .trimEnd(),
  );
  const runs = report.cells.reduce((sum, cell) => sum + cell.runs, 0);
  const sums = `${runs} runs: ${report.duplicates} duplicates, ${report.lost} lost, ${report.deviations} other than the crash table says`;
  return `${lines.join('\n')}\n\n${sums}\n`;
}

function row(cell: Cell): string[] {
  const numbers = [cell.runs, cell.submissions, cell.duplicates, cell.lost, cell.ambiguous].map(String);
  const decisions = Object.entries(cell.decisions).map(([decision, count]) => `${decision} ${count}`);
  return [cell.gap, cell.farSide, ...numbers, decisions.join(', '), [...new Set(cell.deviations)].join('; ')];
}
