import type { BoardEvents, BoardOrphan, BoardRow } from '../src/board/wire.js';
import { now } from './words.js';

/** What is known, and in which view it belongs. */

export interface Picture {
  rows: Map<string, BoardRow>;
  orphans: readonly BoardOrphan[];
  savings: BoardEvents['savings']['days'] | undefined;
  may: BoardEvents['hello'];
  /** When it was complete, by the metastore's clock. */
  looked: number | undefined;
  more: number;
}

export function emptyPicture(): Picture {
  const may = { allowChanges: false, showValues: false };
  return { rows: new Map(), orphans: [], savings: undefined, may, looked: undefined, more: 0 };
}

/** Whether its submit cannot be on its way any more, and nobody has said what became of it. */
export function isOverdue({ state, deadline }: BoardRow): boolean {
  return state === 'submitting' && deadline !== undefined && deadline < now();
}

/** Views that are tables of records. */
export type TableView = 'now' | 'waits' | 'failures';

/** The view in which a record is shown. */
function viewOf(row: BoardRow): TableView {
  if (row.state === 'failed') return 'failures';
  return row.state === 'ambiguous' || isOverdue(row) ? 'waits' : 'now';
}

/** The records of one view. */
export function rowsOf({ rows }: Picture, view: TableView): BoardRow[] {
  return [...rows.values()].filter((row) => viewOf(row) === view);
}
