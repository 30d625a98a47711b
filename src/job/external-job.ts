import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { requireKnownNames } from '../model/check-options.ts';
import { encodeSegment } from '../format/path.ts';
import { retentionMs, type Retention, type RetentionMs } from '../model/retention.ts';
import type { JobStatus } from './status.ts';

/** What a user says of a far side: facts, from which the protocol chooses what is safe. */

/** The identity of an external job at its far side. Anything but `undefined` and `null`: `0` and `''` are IDs. */
export type ExternalId = string | number | object;

/** What every call of a far side gets. */
export interface CallContext {
  /** Aborts at the call's timeout, and when the attempt ends. */
  signal: AbortSignal;
}

/** What `submit` gets. Its signal is the submit timeout alone: stopping a submit half-way would make it ambiguous. */
export interface SubmitContext extends CallContext {
  /** 40 lower-case letters and digits, the first a letter: the same whenever this submission is repeated. */
  idempotencyKey: string;
  /** From 1; a failed external job is submitted again as the next. */
  submission: number;
  /** What a webhook of the far side must bring back. */
  callbackToken: string;
}

/** Why `cancel` is called. */
export type CancelJobReason = 'requested' | 'input-changed' | 'gave-up';

/** A job in an external system, as its user describes it. A class may implement it. */
export interface ExternalJob<Input, Id extends ExternalId, Result> {
  /**
   * What people call it: kept in its record, and told in logs, metrics and listings. A record that a job of another name made is refused.
   * @defaultValue none
   */
  readonly name?: string;
  /**
   * The name of its record. Each external job of one task needs its own.
   * @defaultValue 'external_job_id'
   */
  readonly externalIdKey?: string;
  /** Starts the job. Throws `NotSubmittedError` where the far side certainly accepted nothing; any other error leaves that open. */
  submit(input: Input, context: SubmitContext): Promise<Id>;
  /**
   * How long the far side knows an idempotency key again, so that repeating a submit with it does no harm.
   * @defaultValue none: a repeated submit starts a second job
   */
  readonly idempotentFor?: Retention;
  /** The job that was submitted with a key, in any state; the newest, where there are several. */
  find?(idempotencyKey: string, context: CallContext & { input: Input }): Promise<Id | undefined>;
  /**
   * How long after a submit was accepted `find` may not show it.
   * @defaultValue '10s'
   */
  readonly findLag?: Duration;
  /** How the job is. */
  getStatus(id: Id, context: CallContext): Promise<JobStatus>;
  /**
   * The result of a job that succeeded. It is stored if JSON holds it unchanged, or if it is a `Uint8Array` or a `Buffer` as a whole; else a later attempt
   * asks for it again.
   */
  getResult?(id: Id, context: CallContext): Promise<Result>;
  /**
   * Whether the result is stored, for an attempt that comes after a lost completion. False (it is large, or not JSON): asked
   * for again.
   * @defaultValue true
   */
  readonly rememberResult?: boolean;
  /** Stops the job. Never called because an attempt lost its task: the next one needs the job alive. */
  cancel?(id: Id, context: CallContext & { reason: CancelJobReason }): Promise<void>;
  /**
   * What of the input makes another job. Stored as a digest.
   * @defaultValue none: a changed input reconnects
   */
  fingerprint?(input: Input): string;
  /**
   * What happens if the fingerprint differs. `'resubmit'` cancels the old job once the next one is written down; it is listed as an
   * orphan until that succeeded.
   * @defaultValue 'fail'
   */
  readonly onInputChange?: 'fail' | 'resubmit';
  /**
   * What happens if the external system does not know the job any more. `'resubmit'`: that counts as a failure, and the next attempt is
   * the next submission.
   * @defaultValue 'fail'
   */
  readonly onMissing?: 'fail' | 'resubmit';
  /**
   * How long after the submit `missing` counts as active.
   * @defaultValue '1m'
   */
  readonly missingGrace?: Duration;
  /**
   * The longest that `submit` may take. Written down before it: nobody submits again earlier.
   * @defaultValue '1m'
   */
  readonly submitTimeout?: Duration;
  /**
   * The longest that one call of `find`, `getStatus`, `getResult` or `cancel` may take.
   * @defaultValue '30s'
   */
  readonly callTimeout?: Duration;
  /**
   * The time between two calls of `getStatus`; between two bounds it grows with the age of the job. Jitter shortens it.
   * @defaultValue from '1s' to '30s'
   */
  readonly pollInterval?: Duration | { from: Duration; to: Duration };
}

/** The options of an external job, resolved: lengths of time in milliseconds. */
export interface JobOptions {
  /** What people call the job. */
  name: string | undefined;
  externalIdKey: string;
  /** The record's name in the metastore. */
  recordName: string;
  idempotentFor: RetentionMs | undefined;
  findable: boolean;
  findLag: number;
  rememberResult: boolean;
  onInputChange: 'fail' | 'resubmit';
  onMissing: 'fail' | 'resubmit';
  missingGrace: number;
  submitTimeout: number;
  callTimeout: number;
  pollInterval: { from: number; to: number };
}

/** The record that is used where an external job names none. */
export const DEFAULT_EXTERNAL_ID_KEY = 'external_job_id';

/**
 * Infers the types of an external job from a literal (write `submit` first), and checks it.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError} for an option that cannot be meant.
 */
export function externalJob<Input, Id extends ExternalId, Result = undefined>(
  job: ExternalJob<Input, Id, Result>,
): ExternalJob<Input, Id, Result> {
  jobOptions(job);
  return job;
}

/**
 * The options of an external job with their defaults.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError} for one that cannot be meant.
 */
export function jobOptions<Input, Id extends ExternalId, Result>(job: ExternalJob<Input, Id, Result>): JobOptions {
  if (typeof job !== 'object' || job === null) throw new ConfigError('externalJob', 'must be an object', job);
  requireMembers(job);
  const externalIdKey = job.externalIdKey ?? DEFAULT_EXTERNAL_ID_KEY;
  const name: unknown = job.name;
  if (name !== undefined && (typeof name !== 'string' || name === '' || name.length > LONGEST_NAME)) {
    throw new ConfigError('name', `must be a text of 1 to ${LONGEST_NAME} characters`, name);
  }
  const rememberResult: unknown = job.rememberResult ?? true;
  if (typeof rememberResult !== 'boolean') throw new ConfigError('rememberResult', 'must be true or false', rememberResult);
  return {
    name,
    externalIdKey,
    recordName: encodeSegment('externalIdKey', externalIdKey),
    idempotentFor: job.idempotentFor === undefined ? undefined : retentionMs(job.idempotentFor, 'idempotentFor'),
    findable: job.find !== undefined,
    findLag: milliseconds(job.findLag ?? '10s', 'findLag'),
    rememberResult,
    onInputChange: policy('onInputChange', job.onInputChange),
    onMissing: policy('onMissing', job.onMissing),
    missingGrace: milliseconds(job.missingGrace ?? '1m', 'missingGrace'),
    submitTimeout: milliseconds(job.submitTimeout ?? '1m', 'submitTimeout'),
    callTimeout: milliseconds(job.callTimeout ?? '30s', 'callTimeout'),
    pollInterval: pollInterval(job.pollInterval),
  };
}

/** It is a tag of metrics. */
const LONGEST_NAME = 100;

/** What a member must be: a function that is required or not, or a value that is checked by itself. */
const MEMBERS: Readonly<Record<keyof ExternalJob<unknown, ExternalId, unknown>, 'required' | 'function' | true>> = {
  name: true,
  externalIdKey: true,
  submit: 'required',
  idempotentFor: true,
  find: 'function',
  findLag: true,
  getStatus: 'required',
  getResult: 'function',
  rememberResult: true,
  cancel: 'function',
  fingerprint: 'function',
  onInputChange: true,
  onMissing: true,
  missingGrace: true,
  submitTimeout: true,
  callTimeout: true,
  pollInterval: true,
};

/** Of an instance of a class, which may have whatever else it needs, only the functions are checked. */
function requireMembers(job: object): void {
  const prototype: unknown = Object.getPrototypeOf(job);
  if (prototype === Object.prototype || prototype === null) {
    requireKnownNames('externalJob', job, MEMBERS as Readonly<Record<string, true>>);
  }
  for (const [name, kind] of Object.entries(MEMBERS)) {
    const given = (job as Record<string, unknown>)[name];
    if (kind === true || typeof given === 'function' || (kind === 'function' && given === undefined)) continue;
    throw new ConfigError(name, 'must be a function', given);
  }
}

function policy(option: string, value: unknown): 'fail' | 'resubmit' {
  if (value === undefined || value === 'fail') return 'fail';
  if (value === 'resubmit') return value;
  throw new ConfigError(option, "must be 'fail' or 'resubmit'", value);
}

function pollInterval(
  interval: Duration | { from: Duration; to: Duration } = { from: '1s', to: '30s' },
): JobOptions['pollInterval'] {
  if (typeof interval !== 'object' || interval === null) {
    const every = milliseconds(interval, 'pollInterval');
    return { from: every, to: every };
  }
  requireKnownNames('pollInterval', interval, { from: true, to: true });
  const from = milliseconds(interval.from, 'pollInterval.from');
  const to = milliseconds(interval.to, 'pollInterval.to');
  if (to < from) throw new ConfigError('pollInterval.to', 'must not be shorter than pollInterval.from', interval.to);
  return { from, to };
}
