/** What must be true of each cell of the crash table, and how far one run kept it. */
import type { SystemKind } from '../batch-service/job.ts';
import type { Gap } from '../gaps.ts';
import type { End } from './ends.ts';
import { FAILURES } from './messages.ts';

/** How a run ended. */
export interface Run {
  /** Jobs that the external system accepted. */
  submissions: number;
  /** Attempts that the runtime counted. */
  attempts: number;
  /** Jobs of the external system that go on after the job was cancelled. */
  running: number;
  /** The result came back, and was the external system's. */
  result: boolean;
  /** The job ended with AmbiguousSubmitError: a person has to look. */
  ambiguous: boolean;
  /** The job ended since somebody cancelled it. */
  cancelled: boolean;
  /** Why it failed. */
  reason: string;
  /** What the attempts decided, in order. */
  decisions: readonly string[];
  /** What went wrong with the run itself: the gap was never reached, the job never ended. */
  trouble?: string;
}

/** How a job may end. */
export type Outcome = 'result' | 'ambiguous' | 'cancelled';

/** What the table demands of a cell. */
export interface Expected {
  submissions: readonly number[];
  outcomes: readonly Outcome[];
  /** What the last attempt decided, where no timing can change it. */
  decision?: string;
}

/** The gaps in which an external system that neither deduplicates nor can be searched leaves a question open. */
const OPEN_ON_PLAIN: Partial<Record<Gap, readonly number[]>> = { G3: [0], G4: [0, 1], G5: [1], G6: [1] };

/**
 * What the second attempt decides after a kill, where that is no outcome. In G7 to G9 the external system's job still runs, in
 * G10 and G11 it has ended.
 */
const DECISIONS: Partial<Record<Gap, string>> = {
  G7: 'reconnected',
  G8: 'reconnected',
  G9: 'reconnected',
  G10: 'already-succeeded',
  G11: 'already-succeeded',
};

/** In these gaps the external job has ended: who cancels then may be too late. */
const TOO_LATE: readonly Gap[] = ['G10', 'G11'];

/** The cell of the table. */
export function expected(end: End, gap: Gap, system: SystemKind): Expected {
  if (end === 'cancel')
    return { submissions: [0, 1], outcomes: TOO_LATE.includes(gap) ? ['cancelled', 'result'] : ['cancelled'] };
  if (end === 'failure') return { submissions: [FAILURES + 1], outcomes: ['result'] };
  const open = system === 'plain' ? OPEN_ON_PLAIN[gap] : undefined;
  if (open && end === 'kill') return { submissions: open, outcomes: ['ambiguous'] };
  // Who goes on may still write down what became of its submit, before anybody asks.
  if (open && end === 'stall') return { submissions: [0, 1], outcomes: ['ambiguous', 'result'] };
  const decision = end === 'kill' ? DECISIONS[gap] : undefined;
  return { submissions: [1], outcomes: ['result'], ...(decision && { decision }) };
}

/** What a run did other than the table says; nothing where it kept it. */
export function deviation(end: End, gap: Gap, system: SystemKind, run: Run): string | undefined {
  const { submissions, outcomes, decision } = expected(end, gap, system);
  if (run.trouble !== undefined) return run.trouble;
  if (isLost(run)) return `no result: ${run.reason}`;
  if (!submissions.includes(run.submissions)) return `${run.submissions} submissions instead of ${submissions.join(' or ')}`;
  if (isTooMany(run)) return `${run.submissions} submissions in ${run.attempts} attempts`;
  if (run.running > 0) return `${run.running} external jobs go on after the cancellation`;
  const outcome = outcomeOf(run);
  if (!outcomes.some((allowed) => allowed === outcome)) return `${outcome} instead of ${outcomes.join(' or ')}`;
  const decided = run.decisions.at(-1);
  return decision === undefined || decision === decided ? undefined : `decided ${decided} instead of ${decision}`;
}

/** How a run ended, in a word. */
export function outcomeOf({ result, ambiguous, cancelled }: Run): Outcome | 'no result' {
  if (result) return 'result';
  if (ambiguous) return 'ambiguous';
  return cancelled ? 'cancelled' : 'no result';
}

/** Jobs too many: a failure calls for one more. */
export function duplicates(end: End, run: Run): number {
  return Math.max(0, run.submissions - (end === 'failure' ? FAILURES + 1 : 1));
}

/** Whether attempts submitted more often than there were attempts. */
export function isTooMany(run: Run): boolean {
  return run.submissions > run.attempts;
}

/** Whether nobody will ever hear of the job: no result, and nobody was asked, or wanted none. */
export function isLost(run: Run): boolean {
  return outcomeOf(run) === 'no result';
}
