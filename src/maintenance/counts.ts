import { isMooringError } from '../model/errors/store.ts';
import type { Internals } from '../state-store/internals.ts';
import type { SweepReport } from '../observe/events.ts';

/** What a sweep has come to so far. */
export interface Tally {
  entries: number;
  objects: number;
  bytes: number;
  /** Notes what could not be done, once for each path and code, and no more than 1,000 of it. */
  fail(path: string, error: unknown): void;
  /** A copy for the caller. */
  report(): SweepReport;
}

/** The stable code of an error. Whatever else a store threw counts as a store that could not be used. */
export function failureCode(error: unknown): string {
  return isMooringError(error) ? error.code : 'mooring.store-unavailable';
}

/** If a right is missing nothing can be done, and a report of all of it would be as large as the bucket. */
const MOST_NAMED = 1_000;

/** Nothing was done yet. */
export function createTally({ logger }: Pick<Internals, 'logger'>): Tally {
  const failed = new Map<string, SweepReport['failed'][number]>();
  const tally: Tally = {
    entries: 0,
    objects: 0,
    bytes: 0,
    fail(path, error) {
      const code = failureCode(error);
      const name = `${code} ${path}`;
      if (failed.has(name) || failed.size >= MOST_NAMED) return;
      failed.set(name, { path, code });
      logger?.warn({ path, code, err: error }, 'could not be cleaned up; the next sweep tries again');
    },
    report: () => ({ entries: tally.entries, objects: tally.objects, bytes: tally.bytes, failed: [...failed.values()] }),
  };
  return tally;
}
