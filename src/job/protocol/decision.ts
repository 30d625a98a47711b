import { deadlineOf, firstSentAt, withCurrent, type HeldRecord, type PreviousSubmission } from '../../format/record.ts';
import type { RecordFields, StoredRecord } from '../../format/record.ts';
import { parseWriteId } from '../../format/write-id.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { ResolvedAttempt } from '../attempt/options.ts';
import type { Snapshot } from '../attempt/owned-scope.ts';
import type { JobOptions } from '../options.ts';
import type { Decision } from '../task-context.ts';

/**
 * The decision table of `docs/design.md`, as pure functions. The next step follows from the record, from what the external system
 * can do, and from what the runtime says of the attempt. Nothing here waits, reads or writes. Times are milliseconds of the
 * metastore's clock.
 */

/** The facts from the runtime, the scope and the input. */
export interface Facts
  extends Pick<ResolvedAttempt, 'surelyFirst' | 'attempt' | 'job' | 'createdAt'>, Pick<Snapshot, 'first' | 'lostAt'> {
  /** The nonce of this attempt's writes. */
  nonce: string;
  now: number;
  /** Digest; `undefined`: the external job has none. */
  fingerprint: string | undefined;
  /** The idempotency key for a submission that was never opened. */
  keyOf(submission: number): string;
}

/** The abilities of the external system, and the choices of its user. */
export type ExternalSystem = Pick<
  JobOptions,
  'name' | 'idempotentFor' | 'findable' | 'findLag' | 'findableFor' | 'submitTimeout' | 'onInputChange' | 'pollInterval'
>;

/** How a key is sent without starting a second job. */
export type Way =
  /** Nobody has sent it before. */
  | { way: 'first' }
  /**
   * The external system remembers it until `keyedUntil`: the deadline of this send must be earlier. If there is a search, it is
   * asked first, since a person may have deleted the job there.
   */
  | { way: 'resend'; keyedUntil: number }
  /** The job is looked for first. From `shownUntil` on, an empty search tells nothing. */
  | { way: 'search'; shownUntil: number };

/** One send. */
export type SendPlan = Way & {
  kind: 'submitted' | 'repeated' | 'resubmitted';
  submission: number;
  /** The write-ahead: what is recorded before the submit. */
  fields: RecordFields;
  /** Nothing is sent before this time: an unresolved send may be accepted until then, or a failure is followed by a pause. */
  waitUntil: number | undefined;
  /**
   * What came before. `unresolved`: an earlier send of this submission. Otherwise this attempt opens the submission, and
   * withdrawing it leaves none. That does not count as a loss if what came before is `known`.
   */
  before: 'known' | 'unknown' | 'unresolved';
  /** The external job that this submission replaces. It is cancelled once this submission is recorded. */
  cancels?: JsonValue | undefined;
};

/** A send whose outcome nobody can tell. */
export interface Unresolved {
  submission: number;
  /** The record that waits for a person. */
  fields: RecordFields & { firstSentAt: number };
  /** Until then its attempt may still record the outcome; `undefined`: that attempt's state is lost. */
  waitUntil: number | undefined;
  /** From then on no request is on its way, and `find` shows every job that was accepted. */
  settledAt: number;
  /** The signs of a lost submit, if no record tells of one. */
  why?: string;
}

/** The next step, and its name. */
export type Step =
  | ({ do: 'send' } & SendPlan)
  /** The input changed under an unresolved send: wait, look for that job, then decide again. */
  | { do: 'resolve'; kind: 'input-changed'; record: StoredRecord; waitUntil: number }
  /** Ask the external system how the recorded job is. */
  | { do: 'look'; kind: 'reconnected'; record: HeldRecord }
  /** The recorded result. */
  | { do: 'return'; kind: 'already-succeeded'; record: HeldRecord }
  /** The recorded failure, which is final. */
  | { do: 'fail'; kind: 'already-failed'; record: HeldRecord }
  /** Nothing can tell: wait, read again, and if nothing changed, record that a person must answer. */
  | ({ do: 'give-up'; kind: 'ambiguous' } & Unresolved)
  /** A person has not answered yet. */
  | { do: 'ambiguous'; kind: 'ambiguous'; record: StoredRecord }
  | { do: 'input-changed'; kind: 'input-changed'; record: StoredRecord };

/** The facts of a step that people are shown. */
export function described(step: Step): Decision<JsonValue> {
  const about = 'record' in step ? step.record : { ...step.fields, submission: step.submission };
  const { submission, idempotencyKey, externalId } = about;
  return { kind: step.kind, submission, idempotencyKey, externalId };
}

/** The next step from a record, or from none. */
export function decide(record: StoredRecord | undefined, system: ExternalSystem, facts: Facts): Step {
  if (!record || record.letter === 'n') return openRecorded(record, system, facts);
  if ((record.letter === 'o' || record.letter === 'f') && isOfAnotherJob(record, facts)) {
    return nextSubmission(record, system, facts);
  }
  if (record.letter === 'a') return { do: 'ambiguous', kind: 'ambiguous', record };
  if (inputChanged(record, facts)) {
    return record.letter === 's' ? changedUnresolved(record, system, facts) : afterInputChange(record, system, facts);
  }
  switch (record.letter) {
    case 's':
      return repeat(record, system, facts);
    case 'e':
      return { do: 'look', kind: 'reconnected', record };
    case 'o':
      return { do: 'return', kind: 'already-succeeded', record };
    case 'f':
      if (record.retryable === false) return { do: 'fail', kind: 'already-failed', record };
      return nextSubmission(record, system, facts, { notBefore: record.updatedAt + pauseAfter(record.submission, system) });
  }
}

/**
 * Whether a finished record is the outcome of another job of the runtime. It is if another job opened it in a shared scope, or if
 * it was there before the first attempt. A record that this attempt wrote is its own.
 */
function isOfAnotherJob({ job, endedBy, version }: StoredRecord, facts: Facts): boolean {
  if (parseWriteId(version)?.nonce === facts.nonce) return false;
  return facts.surelyFirst || (job !== undefined && job !== facts.job && endedBy !== facts.job);
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** Milliseconds between a failure and the next submission: doubled each time, whatever the runtime's own backoff is. */
function pauseAfter(submission: number, { pollInterval }: ExternalSystem): number {
  return Math.min(LONGEST_PAUSE, Math.min(pollInterval.from, FIRST_PAUSE) * 2 ** (submission - 1));
}

/** Whether the input differs from the recorded one. A fingerprint says nothing if only one of the two has it. */
export function inputChanged(record: StoredRecord, { fingerprint }: Pick<Facts, 'fingerprint'>): boolean {
  return record.fingerprint !== undefined && fingerprint !== undefined && record.fingerprint !== fingerprint;
}

/** The step if no submission is open. The submission number continues from the one that was withdrawn, answered or cleared. */
function openRecorded(record: StoredRecord | undefined, system: ExternalSystem, facts: Facts): Step {
  const { submission = 1, previous = [] } = record ?? {};
  return open({ submission: Math.max(1, submission), previous, before: isKnown(record) ? 'known' : 'unknown' }, system, facts);
}

/**
 * This record is not a loss, even if state was lost before. A person or a tool wrote it. Or an attempt withdrew what it had
 * opened after such an answer, or after a recorded end.
 */
function isKnown(record: StoredRecord | undefined): boolean {
  return record?.known === true || parseWriteId(record?.version ?? '')?.nonce.startsWith('t') === true;
}

/** Opens the submission after the recorded one. Nothing can be lost here: the record tells what came before. */
function nextSubmission(
  record: StoredRecord,
  system: ExternalSystem,
  facts: Facts,
  more: Pick<Opening, 'cancels' | 'notBefore'> = {},
): Step {
  const earlier = withCurrent(record);
  // Only a failure of this very job is one that its next submission follows, and may repair.
  const previous = more.notBefore === undefined ? earlier.map(({ reason: _, ...one }) => one) : earlier;
  return open({ submission: record.submission + 1, previous, before: 'known', ...more }, system, facts);
}

interface Opening extends Pick<SendPlan, 'submission' | 'before' | 'cancels'> {
  previous: readonly PreviousSubmission[];
  notBefore?: number;
}

function open({ previous, notBefore, ...opening }: Opening, system: ExternalSystem, facts: Facts): Step {
  const { submission, before } = opening;
  const looks = system.idempotentFor === undefined && system.findable && !facts.first;
  const { fingerprint } = facts;
  const fields = written(system, facts, { idempotencyKey: facts.keyOf(submission), fingerprint, previous });
  const plan = {
    do: 'send',
    kind: previous.length > 0 ? 'resubmitted' : 'submitted',
    ...opening,
    fields,
    waitUntil: notBefore,
    // The search is a precaution: no earlier send is known or lost.
    ...(looks ? ({ way: 'search', shownUntil: Number.POSITIVE_INFINITY } as const) : ({ way: 'first' } as const)),
  } as const;
  if (facts.lostAt === undefined) return plan;
  // The lost state may have held this submission, sent at any time since the job was created.
  const since = facts.createdAt;
  const sent = { ...fields, firstSentAt: since };
  const settledAt = facts.lostAt + system.submitTimeout + system.findLag;
  const again = resend(system, facts, since, settledAt);
  if (again) {
    const kind = plan.kind === 'submitted' ? 'repeated' : plan.kind;
    return { ...plan, kind, fields: sent, ...again, waitUntil: latest(notBefore, again.waitUntil) };
  }
  if (before === 'known') return plan;
  const why = whyLost(facts);
  return { do: 'give-up', kind: 'ambiguous', submission, fields: sent, waitUntil: undefined, settledAt, why };
}

type Sent = Pick<RecordFields, 'idempotencyKey' | 'fingerprint' | 'firstSentAt' | 'previous'>;

/** What is recorded of a send. */
function written<T extends Sent>({ name, submitTimeout, findLag }: ExternalSystem, { job }: Facts, sent: T) {
  return { name, job, ...sent, submitTimeout, findLag };
}

function latest(...times: readonly (number | undefined)[]): number | undefined {
  const given = times.filter((time) => time !== undefined);
  return given.length > 0 ? Math.max(...given) : undefined;
}

function whyLost({ attempt, createdAt, lostAt = 0 }: Facts): string {
  const [created, noted] = [createdAt, lostAt].map((ms) => new Date(ms).toISOString());
  return (
    `attempt ${attempt} of a job that was created at ${created} found no trace of an earlier attempt (noted at ${noted}), so the metastore ` +
    'lost its state, or was first used after the job was created'
  );
}

/** The step after a send of an earlier attempt whose outcome nobody knows: the same submission, with the same key. */
function repeat(record: StoredRecord, system: ExternalSystem, facts: Facts): Step {
  const { submission, idempotencyKey, previous } = record;
  const since = firstSentAt(record);
  const settledAt = settled(record, system);
  const fingerprint = facts.fingerprint ?? record.fingerprint;
  const fields = written(system, facts, { idempotencyKey, fingerprint, firstSentAt: since, previous });
  const again = resend(system, facts, since, settledAt);
  if (again) return { do: 'send', kind: 'repeated', submission, fields, before: 'unresolved', ...again };
  const lost = { ...fields, job: record.job ?? facts.job };
  return { do: 'give-up', kind: 'ambiguous', submission, fields: lost, waitUntil: deadlineOf(record), settledAt };
}

function settled(record: StoredRecord, system: ExternalSystem): number {
  return deadlineOf(record) + Math.max(record.findLag, system.findLag);
}

/**
 * How to send a key that may have been sent before. While the external system remembers keys, it is sent again. Otherwise `find`
 * looks first, as long as it shows a job that ended at once. Without such a `find` it is not sent.
 */
function resend(
  { idempotentFor = Number.NEGATIVE_INFINITY, findable, findableFor, submitTimeout }: ExternalSystem,
  { now }: Facts,
  since: number,
  settledAt: number,
): (Way & Pick<SendPlan, 'waitUntil'>) | undefined {
  const keyedUntil = since + idempotentFor;
  if (now + submitTimeout < keyedUntil) return { way: 'resend', waitUntil: undefined, keyedUntil };
  const shownUntil = since + findableFor;
  return findable && Math.max(now, settledAt) < shownUntil ? { way: 'search', waitUntil: settledAt, shownUntil } : undefined;
}

/** The step if the input changed and nobody knows whether the old input was submitted. */
function changedUnresolved(record: StoredRecord, system: ExternalSystem, facts: Facts): Step {
  const again = resend(system, facts, firstSentAt(record), settled(record, system));
  if (again?.waitUntil === undefined) return afterInputChange(record, system, facts);
  return { do: 'resolve', kind: 'input-changed', record, waitUntil: again.waitUntil };
}

/** The step if the input changed and the record tells all of the old job. */
export function afterInputChange(record: StoredRecord, system: ExternalSystem, facts: Facts): Step {
  if (system.onInputChange === 'fail') return { do: 'input-changed', kind: 'input-changed', record };
  return nextSubmission(record, system, facts, record.letter === 'e' ? { cancels: record.externalId } : {});
}
