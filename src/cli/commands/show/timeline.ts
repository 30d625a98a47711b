import type { JobEvent, JobRecord } from '../../../index.ts';

/** What happened to a job, with what nobody could write down. */

/** Kinds after which the attempt goes on. It ended without a word if another attempt comes next. */
const GOES_ON: readonly JobEvent['kind'][] = ['submitted', 'repeated', 'resubmitted', 'reconnected'];

const KINDS: Readonly<Record<JobEvent['kind'] | 'killed', string>> = {
  submitted: 'submitted the external job',
  repeated: 'submitted again with the same key',
  resubmitted: 'submitted the next external job',
  reconnected: 'found the running external job',
  'already-succeeded': 'found that it had succeeded',
  'already-failed': 'found that it had failed for good',
  refused: 'the external system refused the submit',
  unresolved: 'the submit failed, and nobody knows whether it arrived',
  ambiguous: 'stopped for a person: nobody knows whether the submit arrived',
  missing: 'the external system does not know the job any more',
  'input-changed': 'found a job of another input',
  released: 'gave its slot back until the next poll',
  succeeded: 'the external job succeeded',
  failed: 'the external job failed',
  adopted: 'answered that it was submitted',
  'not-submitted': 'answered that it never arrived',
  reopened: 'let it be submitted again',
  killed: 'ended without a word: killed, or its submit got no answer',
};

/** A line of the timeline. */
export interface TimelineEntry {
  /** When it happened; for a kill, when the next attempt came. */
  readonly at: Date;
  readonly kind: JobEvent['kind'] | 'killed';
  readonly submission: number;
  /** `undefined` if a person did it. */
  readonly attempt: number | undefined;
}

/** The history, oldest first, with the kills that follow from it. */
export function timelineOf({ history }: Pick<JobRecord, 'history'>): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  let last: JobEvent | undefined;
  for (const event of history) {
    if (last && event.attempt !== undefined && event.attempt !== last.attempt && GOES_ON.includes(last.kind)) {
      entries.push({ ...last, at: event.at, kind: 'killed' });
    }
    entries.push(event);
    if (event.attempt !== undefined) last = event;
  }
  return entries;
}

/** Who did it, and what. */
export function eventInWords({ attempt, kind, submission }: TimelineEntry): [who: string, what: string] {
  return [attempt === undefined ? 'a person' : `attempt ${attempt}`, `${KINDS[kind]} (submission ${submission})`];
}
