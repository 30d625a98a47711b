/**
 * The index of the jobs that are open, or that wait for a person: one sorted set per shard. A member is the name of a record, or of
 * an orphan, then a space and the path of its scope. The score orders members by state, and within a state by age:
 * `rank * 10^13 + since`, in milliseconds. The index may name a job that is not there any more; it lacks none that is.
 */

/** A state of a job that the index holds. */
export type IndexedState = 'submitting' | 'submitted' | 'ambiguous' | 'failed' | 'orphan';

/** The rank of each state. */
export const JOB_RANK: Readonly<Record<IndexedState, number>> = {
  submitting: 1,
  submitted: 2,
  ambiguous: 3,
  failed: 4,
  orphan: 5,
};

/** More than any time in milliseconds that has 13 digits. */
export const RANK_STEP = 1e13;

const STATES = Object.keys(JOB_RANK) as readonly IndexedState[];

/** A job as the index names it. */
export interface IndexedJob {
  path: string;
  /** The name of a record, or of an orphan: `<record>:<digest of the external ID>`. */
  name: string;
  state: IndexedState;
  /** When it was first sent; for a failure or an orphan, when it was recorded. In milliseconds. */
  since: number;
}

/** Reads a member and its score; `undefined` for what a newer version wrote. */
export function indexedJob(member: string, score: number): IndexedJob | undefined {
  const space = member.indexOf(' ');
  const state = STATES[Math.floor(score / RANK_STEP) - 1];
  if (space < 0 || state === undefined) return undefined;
  return { name: member.slice(0, space), path: member.slice(space + 1), state, since: score % RANK_STEP };
}

/** The lowest and the highest score that these states may have. */
export function scoresOf(states: readonly IndexedState[]): readonly [least: number, most: number] {
  const ranks = states.map((state) => JOB_RANK[state]);
  return [Math.min(...ranks) * RANK_STEP, (Math.max(...ranks) + 1) * RANK_STEP - 1];
}
