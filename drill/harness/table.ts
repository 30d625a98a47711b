import type { Gap } from '../../src/job/protocol/crash-point.ts';
import type { End } from './ends.ts';

/** What must be true of each cell of the crash table, and how far one run kept it. */

/** How far an external system knows a repeated submit: by its key, by a search only, or not at all. */
export type SystemKind = 'keyed' | 'findable' | 'plain';

/** What is counted when a run is over. */
export interface Counted {
  /** Jobs that the external system has. */
  submissions: number;
  /** Jobs of the external system that go on after the job was cancelled. */
  running: number;
  /** The result came back, and is the external system's. */
  result: boolean;
}

/** How a run ended. */
export interface CellRun extends Counted {
  /** Attempts that the runtime counted. */
  attempts: number;
  /** The job ended with AmbiguousSubmitError: a person has to look. */
  ambiguous: boolean;
  /** The job ended since somebody cancelled it. */
  cancelled: boolean;
  /** Why it failed. */
  reason: string;
  /** What the attempts decided, in order. */
  decisions: readonly string[];
  /** In milliseconds. */
  took: number;
  /** What went wrong with the run itself: the gap was never reached, the job never ended. */
  trouble?: string;
}

/** How a job may end. */
export type JobOutcome = 'result' | 'ambiguous' | 'cancelled';

/** What the table demands of a cell. */
export interface Expected {
  submissions: readonly number[];
  outcomes: readonly JobOutcome[];
  /** What the last attempt decided, if no timing can change it. */
  decision?: string;
}

/** The gaps in which an external system that neither deduplicates nor can be searched leaves a question open. */
const OPEN_ON_PLAIN: Partial<Record<Gap, readonly number[]>> = { G3: [0], G4: [0, 1], G5: [1], G6: [1] };

/** In these gaps the external job has ended: who cancels then may be too late. */
const TOO_LATE: readonly Gap[] = ['G10', 'G11'];

/** The cell of the table. */
export function expected(end: End, gap: Gap, system: SystemKind): Expected {
  if (end === 'cancel')
    return { submissions: [0, 1], outcomes: TOO_LATE.includes(gap) ? ['cancelled', 'result'] : ['cancelled'] };
  const open = system === 'plain' ? OPEN_ON_PLAIN[gap] : undefined;
  if (open && end === 'kill') return { submissions: open, outcomes: ['ambiguous'] };
  // Who goes on may still write down what became of its submit, before anybody asks.
  if (open && end === 'stall') return { submissions: [0, 1], outcomes: ['ambiguous', 'result'] };
  return { submissions: [1], outcomes: ['result'] };
}

/** What a run did other than is expected; nothing if it kept it. */
export function deviation({ submissions, outcomes, decision }: Expected, run: CellRun): string | undefined {
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
export function outcomeOf({ result, ambiguous, cancelled }: CellRun): JobOutcome | 'no result' {
  if (result) return 'result';
  if (ambiguous) return 'ambiguous';
  return cancelled ? 'cancelled' : 'no result';
}

/** Whether attempts submitted more often than there were attempts. */
export function isTooMany(run: CellRun): boolean {
  return run.submissions > run.attempts;
}

/** Whether nobody will ever hear of the job: no result, and nobody was asked, or wanted none. */
export function isLost(run: CellRun): boolean {
  return outcomeOf(run) === 'no result';
}
