import { parseWriteId } from '../../format/write-id.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { JobOptions } from '../external-job.ts';
import type { JobStatus } from '../status.ts';
import { deadlineOf, withCurrent, type PreviousSubmission, type StoredRecord } from '../../format/record.ts';

/**
 * The decision table of `docs/design.md`, as pure functions: what is recorded, what the far side can do and what the runtime
 * says of the attempt give the next step. Nothing here waits, reads or writes. Times are milliseconds of the metastore.
 */

/** What the runtime, the scope and the input say. */
export interface Facts {
  /** The runtime says that this is the first attempt, and nothing happened to its fence. */
  first: boolean;
  /** The runtime says that this is the first attempt, whatever happened since, and nobody else can have been given the job. */
  surelyFirst: boolean;
  /** As the runtime counts, for people. */
  attempt: number;
  /** The runtime's job. */
  job: string;
  /** Of this attempt's writes. */
  nonce: string;
  /** When state was noted as lost. */
  lostAt: number | undefined;
  now: number;
  /** When the runtime created the job. */
  createdAt: number;
  /** Digest; `undefined`: the external job has none. */
  fingerprint: string | undefined;
  /** The idempotency key of a submission that was never opened. */
  keyOf(submission: number): string;
}

/** What the far side can do. */
export type FarSide = Pick<
  JobOptions,
  'idempotentFor' | 'findable' | 'findLag' | 'submitTimeout' | 'onInputChange' | 'missingGrace' | 'pollInterval'
>;

/** One send, in the order of its parts. */
export interface SendPlan {
  kind: 'submitted' | 'repeated' | 'resubmitted';
  submission: number;
  idempotencyKey: string;
  fingerprint: string | undefined;
  previous: readonly PreviousSubmission[];
  /** Before anything else: an unresolved send may be accepted until then. */
  waitUntil: number | undefined;
  /** Look for the job before the submit. */
  find: boolean;
  /** When a submit with this key may first have been sent; `undefined`: this is the first. */
  firstSentAt: number | undefined;
  /** The far side knows an old key again until then: the deadline of this send must lie before. */
  keyedUntil: number | undefined;
  /** This attempt opens the submission, so withdrawing it leaves none. */
  opened: boolean;
  /** What came before this submission is known, so that one that is withdrawn is none, and not lost. */
  known: boolean;
  /** The external job that this submission replaces, to be cancelled once this one is written down. */
  cancels: JsonValue | undefined;
}

/** A send whose outcome nobody can tell. */
export interface Unresolved {
  submission: number;
  idempotencyKey: string;
  fingerprint: string | undefined;
  previous: readonly PreviousSubmission[];
  /** When it may first have been sent. */
  since: number;
  /** Until then its attempt may still write down what became of it; `undefined`: that attempt's state is lost. */
  waitUntil: number | undefined;
  /** From then on no request is on its way, and the external system shows all that it accepted. */
  settledAt: number;
  /** What was seen, where no record tells of a submit. */
  why?: string;
}

/** What comes next. */
export type Step =
  | { do: 'send'; plan: SendPlan }
  /** The input changed under an unresolved send: wait, look for that job, then decide again. */
  | { do: 'resolve'; waitUntil: number }
  /** Ask the far side how the recorded job is. */
  | { do: 'look' }
  /** The recorded result. */
  | { do: 'return' }
  /** The recorded failure, which is for good. */
  | { do: 'fail' }
  /** Nothing can tell: wait, read again, and where nothing changed write it down for a person. */
  | { do: 'give-up'; lost: Unresolved }
  /** A person has not answered yet. */
  | { do: 'ambiguous' }
  | { do: 'input-changed' };

/** The next step from a record, or from none. */
export function decide(record: StoredRecord | undefined, far: FarSide, facts: Facts): Step {
  if (!record || record.letter === 'n') return openRecorded(record, far, facts);
  if (isFinished(record) && isOfAnotherJob(record, facts)) return nextSubmission(record, far, facts);
  switch (record.letter) {
    case 'a':
      return { do: 'ambiguous' };
    case 's':
      return inputChanged(record, facts) ? changedUnresolved(record, far, facts) : repeat(record, far, facts);
    case 'e':
      return inputChanged(record, facts) ? afterInputChange(record, far, facts) : { do: 'look' };
    case 'o':
      return inputChanged(record, facts) ? afterInputChange(record, far, facts) : { do: 'return' };
    case 'f':
      if (inputChanged(record, facts)) return afterInputChange(record, far, facts);
      if (record.retryable === false) return { do: 'fail' };
      return nextSubmission(record, far, facts, { notBefore: record.updatedAt + pauseAfter(record.submission, far) });
  }
}

function isFinished({ letter }: StoredRecord): boolean {
  return letter === 'o' || letter === 'f';
}

/**
 * Whether a finished record is the outcome of another job than this one: another job of the runtime opened it, in a scope that they
 * share, or it was there before the first attempt. What this very attempt wrote is its own.
 */
function isOfAnotherJob({ job, endedBy, version }: StoredRecord, facts: Facts): boolean {
  if (parseWriteId(version)?.nonce === facts.nonce) return false;
  return facts.surelyFirst || (job !== undefined && job !== facts.job && endedBy !== facts.job);
}

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 60_000;

/** Milliseconds between a failure and the next submission: twice as long each time, whatever the runtime's own backoff is. */
function pauseAfter(submission: number, { pollInterval }: FarSide): number {
  return Math.min(LONGEST_PAUSE, Math.min(pollInterval.from, FIRST_PAUSE) * 2 ** (submission - 1));
}

/** Whether the input is another than the recorded one. A fingerprint that only one side has says nothing. */
export function inputChanged(record: StoredRecord, { fingerprint }: Pick<Facts, 'fingerprint'>): boolean {
  return record.fingerprint !== undefined && fingerprint !== undefined && record.fingerprint !== fingerprint;
}

/** None: no submission is open. The number goes on from what was withdrawn, answered or cleared. */
function openRecorded(record: StoredRecord | undefined, far: FarSide, facts: Facts): Step {
  const previous = record?.previous ?? [];
  const kind = previous.length > 0 ? 'resubmitted' : 'submitted';
  return open(
    { submission: Math.max(1, record?.submission ?? 1), previous, kind, known: record !== undefined && isKnown(record) },
    far,
    facts,
  );
}

/**
 * Not lost, even where the state was lost before: a person, or a tool, wrote it, or an attempt that withdrew what it had opened
 * after such an answer, or after a recorded end.
 */
function isKnown({ version, known }: StoredRecord): boolean {
  return known === true || (parseWriteId(version)?.nonce.startsWith('t') ?? false);
}

/** Opens the submission after the recorded one. Only what is none can be lost: here the record tells what came before. */
function nextSubmission(
  record: StoredRecord,
  far: FarSide,
  facts: Facts,
  more: Pick<Opening, 'cancels' | 'notBefore'> = {},
): Step {
  const previous = withCurrent(record);
  return open({ submission: record.submission + 1, previous, kind: 'resubmitted', known: true, ...more }, far, facts);
}

interface Opening {
  submission: number;
  previous: readonly PreviousSubmission[];
  kind: 'submitted' | 'resubmitted';
  known: boolean;
  cancels?: JsonValue | undefined;
  notBefore?: number;
}

function open({ submission, previous, kind, known, cancels, notBefore }: Opening, far: FarSide, facts: Facts): Step {
  const idempotencyKey = facts.keyOf(submission);
  const plan: SendPlan = {
    kind,
    submission,
    idempotencyKey,
    fingerprint: facts.fingerprint,
    previous,
    waitUntil: notBefore,
    find: far.idempotentFor === undefined && far.findable && !facts.first,
    firstSentAt: undefined,
    keyedUntil: undefined,
    opened: true,
    known,
    cancels,
  };
  if (facts.lostAt === undefined) return { do: 'send', plan };
  // What was lost may have been this submission, at any time since the job was created.
  const since = facts.createdAt;
  const settledAt = facts.lostAt + far.submitTimeout + far.findLag;
  const again = resend(far, facts, since, settledAt);
  if (again) {
    const repeated = kind === 'submitted' ? 'repeated' : kind;
    const waitUntil = latest(notBefore, again.waitUntil);
    return { do: 'send', plan: { ...plan, kind: repeated, firstSentAt: since, ...again, waitUntil } };
  }
  if (known) return { do: 'send', plan };
  const { fingerprint } = facts;
  const lost = { submission, idempotencyKey, fingerprint, previous, since, waitUntil: undefined, settledAt, why: whyLost(facts) };
  return { do: 'give-up', lost };
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

/** A send of an earlier attempt, whose outcome nobody knows: the same submission, with the same key. */
function repeat(record: StoredRecord, far: FarSide, facts: Facts): Step {
  const { submission, idempotencyKey, previous } = record;
  const since = sentAt(record);
  const settledAt = settled(record, far);
  const fingerprint = facts.fingerprint ?? record.fingerprint;
  const same = { submission, idempotencyKey, fingerprint, previous };
  const again = resend(far, facts, since, settledAt);
  if (!again) return { do: 'give-up', lost: { ...same, since, waitUntil: deadlineOf(record), settledAt } };
  const plan = {
    kind: 'repeated',
    ...same,
    firstSentAt: since,
    opened: false,
    known: true,
    cancels: undefined,
    ...again,
  } as const;
  return { do: 'send', plan };
}

function sentAt(record: StoredRecord): number {
  return record.firstSentAt ?? record.updatedAt;
}

function settled(record: StoredRecord, far: FarSide): number {
  return deadlineOf(record) + Math.max(record.findLag, far.findLag);
}

/**
 * How a key that may have been sent before can be sent again: by the far side's memory for keys while it lasts, else by looking
 * first, else not at all.
 */
function resend(
  far: FarSide,
  { now }: Facts,
  since: number,
  settledAt: number,
): Pick<SendPlan, 'waitUntil' | 'find' | 'keyedUntil'> | undefined {
  const keyedUntil = far.idempotentFor === undefined ? undefined : windowEnd(since, far.idempotentFor);
  if (keyedUntil !== undefined && now + far.submitTimeout < keyedUntil) return { waitUntil: undefined, find: false, keyedUntil };
  return far.findable ? { waitUntil: settledAt, find: true, keyedUntil: undefined } : undefined;
}

function windowEnd(sentAt: number, idempotentFor: NonNullable<FarSide['idempotentFor']>): number {
  return idempotentFor === 'forever' ? Number.POSITIVE_INFINITY : sentAt + idempotentFor;
}

/** The input changed, and whether the old one was submitted is unknown. */
function changedUnresolved(record: StoredRecord, far: FarSide, facts: Facts): Step {
  const known = resend(far, facts, sentAt(record), settled(record, far));
  return known?.waitUntil === undefined ? afterInputChange(record, far, facts) : { do: 'resolve', waitUntil: known.waitUntil };
}

/** The input changed, and all that can be known of the old job is in the record. */
export function afterInputChange(record: StoredRecord, far: FarSide, facts: Facts): Step {
  if (far.onInputChange === 'fail') return { do: 'input-changed' };
  return nextSubmission(record, far, facts, record.letter === 'e' ? { cancels: record.externalId } : {});
}

/** What a classified status of the recorded job means. */
export type Verdict = 'wait' | 'succeeded' | 'failed' | 'missing';

/** Judges a status; `unknown` is not one to judge: it is asked again. */
export function judge(
  status: Exclude<JobStatus, { state: 'unknown' }>,
  record: StoredRecord,
  far: Pick<FarSide, 'missingGrace'>,
  now: number,
): Verdict {
  switch (status.state) {
    case 'active':
      return 'wait';
    case 'succeeded':
    case 'failed':
      return status.state;
    case 'missing':
      return now < record.updatedAt + far.missingGrace ? 'wait' : 'missing';
  }
}
