import { jobRecords, type JobRecord, type StateStore } from '../../../index.ts';
import { waitsForPerson } from '../../layout/job.ts';
import type { JobsQuery } from './query.ts';

/** Lists jobs: what waits for a person first, then the oldest. */

/** What was listed. */
export interface Listing {
  /** At most as many as were asked for. */
  readonly records: readonly JobRecord[];
  /** How many there are. */
  readonly total: number;
  /** How many of them wait for a person. */
  readonly waiting: number;
  /** How many others are `submitting` past their deadline, which is asked for where a person looks for what waits. */
  readonly late: number;
}

/** Reads them. Holds at most twice as many as are shown. */
export async function listJobs(
  store: StateStore,
  query: JobsQuery,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<Listing> {
  let records: JobRecord[] = [];
  let total = 0;
  let waiting = 0;
  for await (const record of jobRecords(store).list({ ...query.records, signal })) {
    if (!query.isWanted(record)) continue;
    total += 1;
    if (waitsForPerson(record)) waiting += 1;
    records.push(record);
    if (records.length >= 2 * query.limit) records = firstOf(records, query.limit);
  }
  const looksForWaiting = query.records.state?.includes('ambiguous') && !query.records.state.includes('submitting');
  const late = looksForWaiting ? await countLate(store, query, { now, signal }) : 0;
  return { records: firstOf(records, query.limit), total, waiting, late };
}

async function countLate(
  store: StateStore,
  { records, isWanted }: JobsQuery,
  { now, signal }: { now: number; signal: AbortSignal },
): Promise<number> {
  let late = 0;
  for await (const record of jobRecords(store).list({ ...records, state: ['submitting'], signal })) {
    if (record.state === 'submitting' && record.deadline.getTime() < now && isWanted(record)) late += 1;
  }
  return late;
}

function firstOf(records: readonly JobRecord[], limit: number): JobRecord[] {
  return records.toSorted((a, b) => rank(a) - rank(b) || a.since.getTime() - b.since.getTime()).slice(0, limit);
}

function rank(record: JobRecord): number {
  return waitsForPerson(record) ? 0 : 1;
}
