import type { Entry, StateStore, TaskScope } from '../../../index.ts';
import { ageOf, lengthInWords } from '../../layout/age.ts';
import { tableLines, type TableTerminal } from '../../layout/table.ts';
import { bytesInWords } from '../../words.ts';

/** The values of a task: that they are there, never what they are. */

const MOST = 100;
const COLUMNS = [
  { title: 'KEY' },
  { title: 'SIZE' },
  { title: 'PLACE' },
  { title: 'WRITTEN', yields: 1 },
  { title: 'ENDS', yields: 2 },
];

/** Some values. */
export interface ValueList {
  readonly entries: readonly Entry[];
  /** Whether there are more. */
  readonly more: boolean;
}

/** Reads what is known of the values, and no value. */
export async function valuesOf(store: StateStore, scope: TaskScope, signal: AbortSignal): Promise<ValueList> {
  const entries: Entry[] = [];
  for await (const entry of store.task(scope).entries({ signal })) {
    if (entries.length === MOST) return { entries, more: true };
    entries.push(entry);
  }
  return { entries, more: false };
}

/** The values as lines. */
export function valueLines({ entries, more }: ValueList, now: number, terminal: TableTerminal): string[] {
  if (entries.length === 0) return ['  none'];
  const rows = entries.map(({ key, size, offloaded, updatedAt, expiresAt }) => [
    key,
    bytesInWords(size),
    offloaded ? 'object store' : 'Redis',
    `${ageOf(updatedAt, now)} ago`,
    expiresAt === undefined ? 'never' : `in ${lengthInWords(Math.max(0, expiresAt.getTime() - now))}`,
  ]);
  const indented = { ...terminal, columns: terminal.columns === undefined ? undefined : terminal.columns - 2 };
  return [...tableLines(COLUMNS, rows, indented), ...(more ? [`… more than ${MOST}`] : [])].map((line) => `  ${line}`);
}

/** A value for `--json`. */
export function valueReport({ key, size, offloaded, updatedAt, expiresAt }: Entry): object {
  return { key, size, place: offloaded ? 'object-store' : 'metastore', updatedAt, expiresAt };
}
