import type { JobRecord } from '../../../index.ts';
import { nameOf, pathOf } from '../../address/name.ts';
import { ageOf } from '../../layout/age.ts';
import { shownId, pollInWords, STATE_COLOURS } from '../../layout/job.ts';
import type { Cell, Column } from '../../layout/table.ts';

/** A record as a row of the table. */

/** The columns. What a person types next is never cut. */
export const COLUMNS: readonly Column[] = [
  { title: 'STATE' },
  { title: 'AGE' },
  { title: 'JOB' },
  { title: 'NAME', yields: 3 },
  { title: 'EXTERNAL ID', yields: 1 },
  { title: 'STATUS', yields: 2 },
  { title: 'HOLDER', yields: 4 },
];

/** The cells of a record. */
export function cellsOf(record: JobRecord, { now, paths }: { now: number; paths: boolean }): Cell[] {
  const { scope, externalIdKey, state, since, name } = record;
  return [
    { text: state, colour: STATE_COLOURS[state] },
    ageOf(since, now),
    (paths ? pathOf : nameOf)(scope, externalIdKey),
    name ?? '',
    'externalId' in record ? shownId(record.externalId) : '',
    pollInWords(record, now),
    // The time is that of the attempt, and not what the table is about.
    record.holder?.replace(/, since .*$/, '') ?? '',
  ];
}
