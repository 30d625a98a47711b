import { cutTo, oneLine, widthOf } from './text.ts';
import type { Colour, Terminal } from '../terminal.ts';

/** Tables that fit the terminal. On a pipe nothing is cut. */

/** A column. */
export interface Column {
  readonly title: string;
  /**
   * In which order columns give way when the terminal is narrow: the highest first. One without it stays whole.
   * @defaultValue none
   */
  readonly yields?: number;
}

/** A cell: a text, and its colour on a terminal. */
export type Cell = string | { readonly text: string; readonly colour: Colour };

/** What a table needs of the terminal. */
export type TableTerminal = Pick<Terminal, 'columns' | 'paint'>;

const GAP = '  ';
/** A column that has to give way is cut down to so many letters, then left out. */
const LEAST = 8;

/** The lines of a table, the first of which are the titles. A column that has no text in any row is left out. */
export function tableLines(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { columns: wide, paint }: TableTerminal,
): string[] {
  const texts = rows.map((row) => row.map((cell) => oneLine(typeof cell === 'string' ? cell : cell.text)));
  const natural = columns.map(({ title }, at) => {
    const longest = Math.max(0, ...texts.map((row) => widthOf(row[at] ?? '')));
    return longest === 0 ? 0 : Math.max(longest, widthOf(title));
  });
  const widths = wide === undefined ? natural : fitted(columns, natural, wide);
  const last = widths.findLastIndex((width) => width > 0);
  const line = (cells: readonly string[], colours: readonly (Colour | undefined)[]): string =>
    cells
      .flatMap((cell, at) => {
        const width = widths[at] ?? 0;
        if (width === 0) return [];
        const text = cutTo(width, cell);
        const colour = colours[at];
        const shown = colour === undefined ? text : paint(colour, text);
        return [at === last ? shown : shown + ' '.repeat(width - widthOf(text))];
      })
      .join(GAP)
      .trimEnd();
  return [
    line(
      columns.map(({ title }) => title),
      columns.map(() => 'dim' as const),
    ),
    ...texts.map((row, index) =>
      line(
        row,
        (rows[index] ?? []).map((cell) => (typeof cell === 'string' ? undefined : cell.colour)),
      ),
    ),
  ];
}

/** Widths that fit: columns are cut, and if that is not enough left out, in the order in which they give way. */
function fitted(columns: readonly Column[], natural: readonly number[], wide: number): number[] {
  const widths = [...natural];
  const excess = (): number => {
    const shown = widths.filter((width) => width > 0);
    return shown.reduce((sum, width) => sum + width, GAP.length * (shown.length - 1)) - wide;
  };
  const order = columns
    .map(({ yields }, at) => ({ at, yields }))
    .filter((column): column is { at: number; yields: number } => column.yields !== undefined)
    .toSorted((a, b) => b.yields - a.yields);
  for (const least of [LEAST, 0]) {
    for (const { at } of order) {
      const width = widths[at] ?? 0;
      const over = excess();
      if (over <= 0) return widths;
      widths[at] = least === 0 ? 0 : Math.min(width, Math.max(least, width - over));
    }
  }
  return widths;
}
