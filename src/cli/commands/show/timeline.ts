import type { JobEvent, JobRecord } from '../../../index.ts';

/** What happened to a job, with what nobody could write down. */

/** Kinds after which the attempt goes on. It ended without a word if another attempt comes next. */
const GOES_ON: readonly JobEvent['kind'][] = ['submitted', 'repeated', 'resubmitted', 'reconnected'];

const KINDS: Readonly<Record<TimelineEntry['kind'], string>> = {
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
  cancelled: 'the external job was cancelled',
  adopted: 'answered that it was submitted',
  'not-submitted': 'answered that it never arrived',
  reopened: 'let it be submitted again',
  began: 'took the task up',
  killed: 'ended without a word: killed, or its submit got no answer',
};

/** A line of the timeline. */
export interface TimelineEntry {
  /** When it happened; for a kill, when the next attempt came. */
  readonly at: Date;
  readonly kind: JobEvent['kind'] | 'killed' | 'began';
  readonly submission: number;
  /** `undefined` if a person did it. */
  readonly attempt: number | undefined;
}

/**
 * The history, oldest first, with the kills that follow from it. An attempt that only looks writes at most once a minute: until
 * then it is known as the holder.
 */
export function timelineOf({ history, holder }: Pick<JobRecord, 'history' | 'holder'>): TimelineEntry[] {
  const entries: TimelineEntry[] = [];
  let last: JobEvent | undefined;
  const come = (at: Date, attempt: number | undefined): void => {
    if (last && attempt !== undefined && attempt !== last.attempt && GOES_ON.includes(last.kind)) {
      entries.push({ ...last, at, kind: 'killed' });
    }
  };
  for (const event of history) {
    // The last of several releases stands for all of them.
    if (event.kind !== 'released') come(event.at, event.attempt);
    entries.push(event);
    if (event.attempt !== undefined) last = event;
  }
  const [, attempt, since = ''] = /^attempt (\d+),.* since (\S+)$/.exec(holder ?? '') ?? [];
  const at = new Date(since);
  if (last && Number(attempt) > (last.attempt ?? 0) && at > last.at) {
    come(at, Number(attempt));
    entries.push({ at, kind: 'began', submission: last.submission, attempt: Number(attempt) });
  }
  return entries;
}

/** Who did it, and what. */
export function eventInWords({ attempt, kind, submission }: TimelineEntry): [who: string, what: string] {
  const who = attempt === undefined ? (kind === 'cancelled' ? 'as asked' : 'a person') : `attempt ${attempt}`;
  return [who, `${KINDS[kind]} (submission ${submission})`];
}
