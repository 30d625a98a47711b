import type { Place } from '../harness/cell.ts';
import { expected, outcomeOf, type CellRun, type Expected } from '../harness/table.ts';

/** What the crash table says of a run of a user's definition. */

/** What a run showed that it should not. `trouble`: nothing, since it could not be made. */
export type Fault = 'double' | 'lost-job' | 'lost-result' | 'other' | 'trouble';

/** A fault, and what to say of it. */
export interface Flaw {
  readonly fault: Fault;
  readonly text: string;
}

/** Gaps that only a job reaches that still runs when it is asked for the first time. */
const QUICK: readonly string[] = ['G9'];
const TOO_QUICK = '; if the external job was over before its first poll, give an input that runs longer';

/** The cell of the table for an external system whose jobs end when they like, and which may fail a job by itself. */
export function demanded({ end, gap, system }: Place, decisions: readonly string[]): Expected {
  const { submissions, outcomes } = expected(end, gap, system);
  const failures = decisions.filter((decision) => decision === 'resubmitted').length;
  const more = Array.from({ length: failures }, (_, at) => Math.max(...submissions) + at + 1);
  // A worker hears of it within a heartbeat: a quick job may be over by then.
  return { submissions: [...submissions, ...more], outcomes: end === 'cancel' ? ['cancelled', 'result'] : outcomes };
}

/**
 * What a run showed that it should not; nothing if it kept the table.
 *
 * @param ids - How many different IDs the external system gave.
 */
export function flawOf(place: Place, run: CellRun, ids: number): Flaw | undefined {
  const { submissions: jobs, outcomes } = demanded(place, run.decisions);
  if (run.submissions > Math.max(...jobs))
    return { fault: 'double', text: `${run.submissions} jobs instead of ${jobs.join(' or ')}` };
  if (ids > Math.max(...jobs)) {
    return { fault: 'double', text: `the external system gave ${ids} different IDs, and count says ${run.submissions}` };
  }
  const trouble = run.trouble ?? (place.end === 'release' && run.decisions.length < 2 ? 'the job was not released' : undefined);
  if (trouble !== undefined) return { fault: 'trouble', text: QUICK.includes(place.gap) ? `${trouble}${TOO_QUICK}` : trouble };
  const outcome = outcomeOf(run);
  if (outcome === 'no result')
    return { fault: 'lost-result', text: `no result: ${run.reason || 'it differs from the undisturbed one'}` };
  if (!jobs.includes(run.submissions)) {
    const fault = outcome === 'result' ? 'lost-job' : 'other';
    return { fault, text: `${run.submissions} jobs instead of ${jobs.join(' or ')}, and the job ended with: ${outcome}` };
  }
  if (run.running > 0) return { fault: 'other', text: `${run.running} jobs go on after the cancellation` };
  if (outcomes.includes(outcome)) return undefined;
  return { fault: 'other', text: `${outcome} instead of ${outcomes.join(' or ')}` };
}
