import { milliseconds, type Duration } from '../model/duration.ts';
import { ConfigError } from '../model/errors/store.ts';
import { requireKnownNames } from '../model/check-options.ts';
import { anything, callable, checkEach, trueOrFalse, oneOf, shortText, type Check, type Checks } from '../model/checks.ts';
import { encodeSegment } from '../format/path.ts';
import { retentionMs, type Retention, type RetentionMs } from '../model/retention.ts';
import type { JobStatus } from './status.ts';

/** The user's description of an external system: facts from which the protocol chooses what is safe. */

/** The identity of an external job in its system. Any value but `undefined` and `null`: `0` and `''` are IDs. */
export type ExternalId = string | number | object;

/** The second argument of every call of an external system. */
export interface CallContext {
  /** Aborts at the call's timeout, or when the attempt ends. */
  signal: AbortSignal;
}

/** The context of `submit`. Its signal aborts at the submit timeout only: stopping a submit half-way would make it ambiguous. */
export interface SubmitContext extends CallContext {
  /** 40 lower-case letters and digits, the first a letter: the same whenever this submission is repeated. */
  idempotencyKey: string;
  /** From 1; a failed external job is submitted again as the next. */
  submission: number;
  /** The text that a webhook of the external system must bring back. */
  callbackToken: string;
}

/** Why `cancel` is called. */
export type CancelJobReason = 'requested' | 'input-changed' | 'gave-up';

/** An external job of any types, which the public functions have checked. */
export type AnyJob = ExternalJob<unknown, ExternalId, unknown>;

/** A job in an external system, as its user describes it. A class may implement it. */
export interface ExternalJob<Input, Id extends ExternalId, Result> {
  /**
   * The name that people see in logs, metrics and listings. It is kept in the record, and a record that a job of another name
   * made is refused.
   * @defaultValue none
   */
  readonly name?: string;
  /**
   * The name of its record. Each external job of one task needs its own.
   * @defaultValue 'external_job_id'
   */
  readonly externalIdKey?: string;
  /**
   * Starts the job. Throws `NotSubmittedError` if the external system certainly accepted nothing. Any other error leaves that
   * open.
   */
  submit(input: Input, context: SubmitContext): Promise<Id>;
  /**
   * How long the external system remembers an idempotency key, so that repeating a submit with it starts no second job.
   * @defaultValue none: a repeated submit starts a second job
   */
  readonly idempotentFor?: Retention;
  /** Finds the job that was submitted with a key, in any state; if there are several, the newest. */
  find?(idempotencyKey: string, context: CallContext & { input: Input }): Promise<Id | undefined>;
  /**
   * How long a job that was accepted may be missing from `find`.
   * @defaultValue '10s'
   */
  readonly findLag?: Duration;
  /** Asks how the job is. */
  getStatus(id: Id, context: CallContext): Promise<JobStatus>;
  /**
   * Fetches the result of a job that succeeded. It is stored if JSON holds it unchanged, or if it is a `Uint8Array` or a `Buffer`
   * as a whole; else a later attempt asks for it again.
   */
  getResult?(id: Id, context: CallContext): Promise<Result>;
  /**
   * Whether the result is stored, for an attempt after a lost completion. False (for a result that is large, or not JSON): that
   * attempt fetches it again.
   * @defaultValue true
   */
  readonly rememberResult?: boolean;
  /** Stops the job. Never called because an attempt lost its task: the next one needs the job alive. */
  cancel?(id: Id, context: CallContext & { reason: CancelJobReason }): Promise<void>;
  /**
   * The part of the input that decides whether it is the same job. Stored as a digest.
   * @defaultValue none: a changed input reconnects
   */
  fingerprint?(input: Input): string;
  /**
   * What happens if the fingerprint differs. `'resubmit'` cancels the old job once the next one is recorded. It is listed as an
   * orphan until that succeeded.
   * @defaultValue 'fail'
   */
  readonly onInputChange?: 'fail' | 'resubmit';
  /**
   * What happens if the external system no longer knows the job. `'resubmit'`: that counts as a failure, and the next attempt
   * submits again.
   * @defaultValue 'fail'
   */
  readonly onMissing?: 'fail' | 'resubmit';
  /**
   * How long after the submit the status `missing` counts as active.
   * @defaultValue '1m'
   */
  readonly missingGrace?: Duration;
  /**
   * The longest that `submit` may take. The deadline is recorded first, and nobody submits again before it.
   * @defaultValue '1m'
   */
  readonly submitTimeout?: Duration;
  /**
   * The longest that one call of `find`, `getStatus`, `getResult` or `cancel` may take.
   * @defaultValue '30s'
   */
  readonly callTimeout?: Duration;
  /**
   * The time between two calls of `getStatus`. With two bounds, it grows with the age of the job. Jitter shortens it.
   * @defaultValue from '1s' to '30s'
   */
  readonly pollInterval?: Duration | { from: Duration; to: Duration };
}

/** The options of an external job, resolved: lengths of time in milliseconds. */
export interface JobOptions {
  /** The name of the job for people. */
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

/** The record of an external job that names none. */
export const DEFAULT_EXTERNAL_ID_KEY = 'external_job_id';

/**
 * Infers the types of an external job from a literal (write `submit` first), and checks it.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError} for an invalid option.
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
 * @throws {@link ConfigError} {@link InvalidKeyError} for an invalid option.
 */
export function jobOptions<Input, Id extends ExternalId, Result>(job: ExternalJob<Input, Id, Result>): JobOptions {
  if (typeof job !== 'object' || job === null) throw new ConfigError('externalJob', 'must be an object', job);
  const prototype: unknown = Object.getPrototypeOf(job);
  // An instance of a class may have other properties.
  if (prototype === Object.prototype || prototype === null) requireKnownNames('externalJob', job, CHECKS);
  checkEach<AnyJob>(job, CHECKS, ['submit', 'getStatus']);
  const { name, externalIdKey = DEFAULT_EXTERNAL_ID_KEY, idempotentFor } = job;
  return {
    name,
    externalIdKey,
    recordName: encodeSegment('externalIdKey', externalIdKey),
    idempotentFor: idempotentFor === undefined ? undefined : retentionMs(idempotentFor, 'idempotentFor'),
    findable: job.find !== undefined,
    findLag: milliseconds(job.findLag ?? '10s', 'findLag'),
    rememberResult: job.rememberResult ?? true,
    onInputChange: job.onInputChange ?? 'fail',
    onMissing: job.onMissing ?? 'fail',
    missingGrace: milliseconds(job.missingGrace ?? '1m', 'missingGrace'),
    submitTimeout: milliseconds(job.submitTimeout ?? '1m', 'submitTimeout'),
    callTimeout: milliseconds(job.callTimeout ?? '30s', 'callTimeout'),
    pollInterval: pollInterval(job.pollInterval),
  };
}

/**
 * Checks what an option must be: an external job.
 *
 * @throws {@link ConfigError} {@link InvalidKeyError}
 */
export const requireExternalJob: Check = (job, option) => {
  if (typeof (job as Partial<AnyJob> | null | undefined)?.submit !== 'function') {
    throw new ConfigError(option, 'must be an external job: see externalJob()', job);
  }
  jobOptions(job as AnyJob);
};

/** The name is a tag of metrics. */
const LONGEST_NAME = 100;

const CHECKS: Checks<AnyJob> = {
  name: shortText(LONGEST_NAME),
  externalIdKey: anything,
  submit: callable,
  idempotentFor: anything,
  find: callable,
  findLag: anything,
  getStatus: callable,
  getResult: callable,
  rememberResult: trueOrFalse,
  cancel: callable,
  fingerprint: callable,
  onInputChange: oneOf('fail', 'resubmit'),
  onMissing: oneOf('fail', 'resubmit'),
  missingGrace: anything,
  submitTimeout: anything,
  callTimeout: anything,
  pollInterval: anything,
};

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
