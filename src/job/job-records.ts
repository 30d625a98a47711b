import type { StateStore } from '../state-store/state-store.ts';
import type { JobRecords } from './job-record.ts';

/** The records of a store's external jobs, for operators. */
export function jobRecords(store: StateStore): JobRecords {
  throw new Error(`not yet: ${String(store)}`);
}
