import { ConfigError } from './config.ts';
import { MooringError, type ErrorContext } from './family.ts';
import { askedWait, type RetryAfter } from '../retry-after.ts';
import type { JsonValue } from '../storable.ts';

/** What becomes of an external job, as errors. */

/** The external job may or may not have been submitted, and nothing can tell. A person answers, with `jobRecords()`. */
export class AmbiguousSubmitError extends MooringError<'mooring.ambiguous-submit'> {
  readonly code = 'mooring.ambiguous-submit' as const;
  /** What the external system was given to know the submission by. */
  readonly idempotencyKey: string;
  /** Which submission, from 1. */
  readonly submission: number;
  /** Since when. */
  readonly since: Date;
  /**
   * @param record - The submission; `why`: what was seen, if no record tells of a submit; `address`: the words that name the
   * record to the command, after its name.
   */
  constructor(
    record: { idempotencyKey: string; submission: number; since: Date; why?: string | undefined; address?: string | undefined },
    context?: ErrorContext,
  ) {
    super(
      `submission ${record.submission} (idempotency key ${record.idempotencyKey}) may or may not have reached the external system` +
        `${record.why === undefined ? '' : `: ${record.why}`}; look there, then ${answerOf(record.address)}`,
      false,
      context,
    );
    this.idempotencyKey = record.idempotencyKey;
    this.submission = record.submission;
    this.since = record.since;
  }
}

function answerOf(address: string | undefined): string {
  if (address === undefined) return 'adopt its ID or mark it not submitted with jobRecords()';
  return `run \`mooring adopt ${address} ID\` if it is there, or \`mooring not-submitted ${address}\` if it is not`;
}

/** The external job failed. `retryable` as its status said; then the next attempt is the next submission. */
export class ExternalJobFailedError extends MooringError<'mooring.external-job-failed'> {
  readonly code = 'mooring.external-job-failed' as const;
  /** The job that failed. */
  readonly externalId: JsonValue;
  /** Which submission of the task it was, from 1. */
  readonly submission: number;
  /** What the external system said. */
  readonly reason: string;
  constructor(job: { externalId: JsonValue; submission: number; reason: string; retryable: boolean }, context?: ErrorContext) {
    super(
      `external job ${JSON.stringify(job.externalId)} (submission ${job.submission}) failed: ${job.reason}`,
      job.retryable,
      context,
    );
    this.externalId = job.externalId;
    this.submission = job.submission;
    this.reason = job.reason;
  }
}

/** The external system no longer knows the external job. Retryable with `onMissing: 'resubmit'`: the next attempt is the next submission. */
export class ExternalJobMissingError extends MooringError<'mooring.external-job-missing'> {
  readonly code = 'mooring.external-job-missing' as const;
  /** The job that is missing. */
  readonly externalId: JsonValue;
  /** @param more - What that may mean. */
  constructor(externalId: JsonValue, retryable: boolean, context?: ErrorContext, more = '') {
    super(`the external system does not know external job ${JSON.stringify(externalId)}${more}`, retryable, context);
    this.externalId = externalId;
  }
}

/** The external system did not say, in words that `getStatus` classifies, how the job is. Nothing was submitted. */
export class ExternalJobUnknownError extends MooringError<'mooring.external-job-unknown'> {
  readonly code = 'mooring.external-job-unknown' as const;
  /** The job that was asked for. */
  readonly externalId: JsonValue;
  constructor(externalId: JsonValue, detail: string, context?: ErrorContext) {
    super(`the state of external job ${JSON.stringify(externalId)} is unknown: ${detail}`, true, context);
    this.externalId = externalId;
  }
}

/** The input is not the one that was submitted, and `onInputChange` is `'fail'`. */
export class InputChangedError extends MooringError<'mooring.input-changed'> {
  readonly code = 'mooring.input-changed' as const;
  /** The job of the earlier input; `null` while its submit is unresolved. */
  readonly externalId: JsonValue;
  constructor(externalId: JsonValue, context?: ErrorContext) {
    super(`the input changed since external job ${JSON.stringify(externalId)} was submitted (see onInputChange)`, false, context);
    this.externalId = externalId;
  }
}

/**
 * Thrown by a user's `submit` when the external system certainly accepted nothing. `submitRequest` throws it for a request that
 * certainly did not leave this machine.
 */
export class NotSubmittedError extends MooringError<'mooring.not-submitted'> {
  readonly code = 'mooring.not-submitted' as const;
  /**
   * How long the external system asked to be left alone, in milliseconds. A retryable refusal with it is submitted again after that
   * time: the run waits as it waits for its job, on hold or released. Without it the error passes, and the runtime's own backoff
   * decides.
   * @defaultValue none
   */
  declare readonly retryAfter?: number;
  /**
   * Whether the next submit has another idempotency key, since this one is dead. No job has it, none can come, and the external
   * system only repeats its refusal. After that, a Redis that loses state while the job runs can cause a second job. The first
   * key that is then tried is not the job's. `false`: the key stays, and this refusal is not counted as one of the key.
   * @defaultValue for an external job with `idempotentFor`, and without `retryAfter`: true from the second refusal of a key on that no
   * earlier attempt has sent; else false
   */
  declare readonly newKey?: boolean;
  /**
   * @param options - `retryable`: whether a submit may be accepted later. `retryAfter`: not before that time; the text of a
   * `Retry-After` header will do, and a date in it is counted from the system's clock. `newKey`: with another key.
   * @defaultValue `retryable` is true; `retryAfter` is none
   * @throws {@link ConfigError} for an invalid `retryAfter` or `newKey`. A `submit` that throws this counts as not submitted too.
   */
  constructor(
    message: string,
    options: { cause?: unknown; retryable?: boolean; retryAfter?: RetryAfter; newKey?: boolean } = {},
  ) {
    const { cause, retryable = true, retryAfter, newKey } = options;
    super(message, retryable, { cause });
    const wait = askedWait(retryAfter, 'retryAfter', Date.now());
    if (wait !== undefined) this.retryAfter = wait;
    if (newKey === undefined) return;
    if (typeof (newKey as unknown) !== 'boolean') throw new ConfigError('newKey', 'must be true or false', newKey);
    this.newKey = newKey;
  }
}

/**
 * Thrown by a user's `submit` when the external system refuses an idempotency key because it knows it: a job of this submission
 * exists. The attempt reconnects to that job once `find`, or `getStatus` for the given ID, has shown it.
 */
export class AlreadySubmittedError extends MooringError<'mooring.already-submitted'> {
  readonly code = 'mooring.already-submitted' as const;
  /** The ID of the job that exists; `undefined`: `find` tells it. */
  readonly externalId: string | number | object | undefined;
  /**
   * @param externalId - The ID of the job, if the external system told it, or if the idempotency key is the ID.
   * @defaultValue `externalId` is what `find` returns for the key
   */
  constructor(externalId?: string | number | object, context?: ErrorContext) {
    super(
      'the external system refused the idempotency key because it knows it, and no job with this key was found there',
      true,
      context,
    );
    this.externalId = externalId;
  }
}
