/** What must be true of each cell of the crash table, and how far one run kept it. */
import type { Side } from '../batch-service/job.ts';
import type { Gap } from '../gaps.ts';

/** How a run ended. */
export interface Run {
  /** Jobs that the far side accepted. */
  submissions: number;
  /** The result came back, and was the far side's. */
  result: boolean;
  /** The job ended with AmbiguousSubmitError: a person has to look. */
  ambiguous: boolean;
  /** What the attempts decided, in order. */
  decisions: readonly string[];
  /** What went wrong with the run itself: the gap was never reached, the job never ended. */
  trouble?: string;
}

/** What the table demands of a cell. */
export interface Expected {
  submissions: readonly number[];
  outcome: 'result' | 'ambiguous';
  /** What the last attempt decided, where no timing can change it. */
  decision?: string;
}

/** The gaps in which a far side that neither deduplicates nor can be searched leaves a question open. */
const OPEN_ON_PLAIN: Partial<Record<Gap, readonly number[]>> = { G3: [0], G4: [0, 1], G5: [1], G6: [1] };

/** What the second attempt decides: in G7 to G9 the far side's job still runs, in G10 and G11 it has ended. */
const DECISIONS: Partial<Record<Gap, string>> = {
  G7: 'reconnected',
  G8: 'reconnected',
  G9: 'reconnected',
  G10: 'already-succeeded',
  G11: 'already-succeeded',
};

/** The cell of the table. */
export function expected(gap: Gap, side: Side): Expected {
  const open = side === 'plain' ? OPEN_ON_PLAIN[gap] : undefined;
  if (open) return { submissions: open, outcome: 'ambiguous', decision: 'ambiguous' };
  const decision = DECISIONS[gap];
  return { submissions: [1], outcome: 'result', ...(decision && { decision }) };
}

/** What a run did other than the table says; nothing where it kept it. */
export function deviation(gap: Gap, side: Side, run: Run): string | undefined {
  const { submissions, outcome, decision } = expected(gap, side);
  if (run.trouble !== undefined) return run.trouble;
  if (!submissions.includes(run.submissions)) return `${run.submissions} submissions instead of ${submissions.join(' or ')}`;
  if (outcome === 'result' && !run.result) return run.ambiguous ? 'AmbiguousSubmitError instead of the result' : 'no result';
  if (outcome === 'ambiguous' && !run.ambiguous) return 'no AmbiguousSubmitError';
  const decided = run.decisions.at(-1);
  return decision === undefined || decision === decided ? undefined : `decided ${decided} instead of ${decision}`;
}

/** Jobs too many. */
export function duplicates(run: Run): number {
  return Math.max(0, run.submissions - 1);
}

/** Whether nobody will ever hear of the job: no result, and nobody was asked. */
export function isLost(run: Run): boolean {
  return !run.result && !run.ambiguous;
}
