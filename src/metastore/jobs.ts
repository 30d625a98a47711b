import type { CallOptions } from '../async/deadline.ts';
import type { IndexedJob, IndexedState } from '../format/jobs/members.ts';
import type { ScopeAddress } from './scope-address.ts';

/** Which jobs are open or wait for a person, without a look at every scope; and what was not run twice. */

/** The index of jobs. */
export interface MetastoreJobs {
  /**
   * Pages of the jobs in these states, in no order. A job that is in one of them throughout is there at least once. One that is not
   * there any more may be named.
   */
  open(states: readonly IndexedState[], call: CallOptions): AsyncIterable<readonly IndexedJob[]>;
  /** Makes the index say of a scope what the scope holds. `names`: what the index may name without reason. */
  index(scope: ScopeAddress, names: readonly string[], call: CallOptions): Promise<void>;
}

/** Work that an external system did not have to do again. */
export interface Saving {
  /** In milliseconds. */
  time: number;
  cost?: { amount: number; currency: string } | undefined;
}

/** The savings of one day. */
export interface SavedOnDay {
  reconnects: number;
  /** In milliseconds. */
  time: number;
  /** By currency. */
  costs: Readonly<Record<string, number>>;
}

/** What was not run twice, by the day in UTC: `2026-12-01`. */
export interface MetastoreSavings {
  /** Counts one. A lost answer may count it twice. */
  add(day: string, saving: Saving, call: CallOptions): Promise<void>;
  read(day: string, call: CallOptions): Promise<SavedOnDay>;
}
