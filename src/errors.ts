import type { Duration } from './duration.ts';
import type { AssetScope, TaskScope } from './scope.ts';
import type { Version } from './fence.ts';
import { LENGTH_OF_TIME, lengthOfTime } from './length-of-time.ts';
import type { JsonValue } from './value.ts';

/**
 * One family of errors. Classed by what the caller must do next; `code` is stable, and is Temporal's failure type letter for
 * letter. Text and fields hold identifiers, never a value and never a credential.
 */

const brand = Symbol.for('mooring.error');

/** Where an error happened. */
export interface ErrorContext {
  scope?: TaskScope | AssetScope | undefined;
  key?: string | undefined;
  store?: string | undefined;
  cause?: unknown;
}

/** What all errors of this library share. */
export abstract class MooringError<Code extends string = string> extends Error {
  /** Stable, dotted: `mooring.stale-attempt`. */
  abstract readonly code: Code;
  /** Whether the same call may succeed later. */
  readonly retryable: boolean;
  /** Whose state it was. */
  declare readonly scope?: TaskScope | AssetScope;
  /** Under which key. */
  declare readonly key?: string;
  /** In which store. */
  declare readonly store?: string;

  constructor(message: string, retryable: boolean, context: ErrorContext = {}) {
    const { scope, key, store, cause } = context;
    const where = [
      scope && `scope=${describeScope(scope)}`,
      key !== undefined && `key=${JSON.stringify(key)}`,
      store !== undefined && `store=${store}`,
    ].filter(Boolean);
    super(where.length > 0 ? `${message} [${where.join(', ')}]` : message, cause === undefined ? {} : { cause });
    this.name = new.target.name;
    this.retryable = retryable;
    if (scope) this.scope = scope;
    if (key !== undefined) this.key = key;
    if (store !== undefined) this.store = store;
  }

  static {
    Object.defineProperty(this.prototype, brand, { value: true });
  }
}

/** One line that names a scope. */
export function describeScope(scope: TaskScope | AssetScope): string {
  if (!('flow' in scope)) return `asset:${scope.name ?? scope.uri}`;
  const item = scope.itemKey ?? scope.mapIndex;
  return [scope.flow, scope.run, scope.task, ...(item === undefined ? [] : [String(item)])].join('/');
}

/** A rejected value as text: short, and never more of a string than tells what it was. */
function received(value: unknown): string {
  if (typeof value === 'string') return JSON.stringify(value.length > 40 ? `${value.slice(0, 40)}…` : value);
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'object' && value !== null) return Array.isArray(value) ? 'an array' : 'an object';
  return String(value);
}

/** An option, or a call, that cannot be meant. Nothing was written. */
export class ConfigError extends MooringError<'mooring.config'> {
  readonly code = 'mooring.config' as const;
  /** The option, by its name. */
  readonly option: string;
  constructor(option: string, rule: string, ...value: [] | [unknown]) {
    super(`${option} ${rule}${value.length > 0 ? `, received ${received(value[0])}` : ''}`, false);
    this.option = option;
  }
}

/** A key, or a part of a scope, that cannot be a path segment. Nothing was read or written. */
export class InvalidKeyError extends MooringError<'mooring.invalid-key'> {
  readonly code = 'mooring.invalid-key' as const;
  constructor(what: string, rule: string, value: unknown) {
    super(`${what} ${rule}, received ${received(value)}`, false);
  }
}

/** A value that JSON would change silently, or refuse. Nothing was written. */
export class InvalidValueError extends MooringError<'mooring.invalid-value'> {
  readonly code = 'mooring.invalid-value' as const;
  /** Where in the value, as a path: `$.pages[3].at`. */
  readonly at: string;
  constructor(at: string, problem: string, context?: ErrorContext) {
    super(`${at} ${problem}`, false, context);
    this.at = at;
  }
}

/** A value above the hard limit. Nothing was written. */
export class ValueTooLargeError extends MooringError<'mooring.value-too-large'> {
  readonly code = 'mooring.value-too-large' as const;
  /** Of the serialized value, before compression. */
  readonly bytes: number;
  /** `maxValueBytes` of the store. */
  readonly limit: number;
  constructor(bytes: number, limit: number, hint: string, context?: ErrorContext) {
    super(`the value has ${bytes} bytes, maxValueBytes is ${limit}; ${hint}`, false, context);
    this.bytes = bytes;
    this.limit = limit;
  }
}

/** Somebody else wrote first. Read again and decide again. */
export class VersionConflictError extends MooringError<'mooring.version-conflict'> {
  readonly code = 'mooring.version-conflict' as const;
  /** The version that is there now. */
  readonly current: Version | 'absent';
  constructor(current: Version | 'absent', context?: ErrorContext) {
    super(`another write came first, the current version is ${current}`, true, context);
    this.current = current;
  }
}

/** A newer attempt owns this state, or the runtime gave the job to another. The attempt should end; the runtime's own retry goes on. */
export class StaleAttemptError extends MooringError<'mooring.stale-attempt'> {
  readonly code = 'mooring.stale-attempt' as const;
  constructor(why: string, context?: ErrorContext) {
    super(`this attempt no longer owns the task: ${why}`, true, context);
  }
}

/** A store did not take the call. Nothing was written. */
export class StoreUnavailableError extends MooringError<'mooring.store-unavailable'> {
  readonly code = 'mooring.store-unavailable' as const;
  constructor(message: string, context?: ErrorContext) {
    super(message, true, context);
  }
}

/** A write without an answer, or short of the durability asked for: it may have been applied. */
export class OutcomeUnknownError extends MooringError<'mooring.outcome-unknown'> {
  readonly code = 'mooring.outcome-unknown' as const;
  /** Whether no answer came, or the write was applied and did not reach the `durability` asked for. */
  readonly reason: 'no-answer' | 'not-replicated';
  /** The external job that was submitted and whose ID could not be written down. */
  declare readonly externalId?: JsonValue;
  constructor(
    reason: 'no-answer' | 'not-replicated',
    message: string,
    context: ErrorContext & { externalId?: JsonValue | undefined } = {},
  ) {
    super(message, true, context);
    this.reason = reason;
    if (context.externalId !== undefined) this.externalId = context.externalId;
  }
}

/** The entry is there and its object is not. Never the same as no value. */
export class MissingObjectError extends MooringError<'mooring.missing-object'> {
  readonly code = 'mooring.missing-object' as const;
  constructor(object: string, context?: ErrorContext) {
    super(`the object ${object}, which the entry refers to, does not exist`, false, context);
  }
}

/** Stored bytes that are not what was written, or of a format that this version does not know. */
export class CorruptEntryError extends MooringError<'mooring.corrupt-entry'> {
  readonly code = 'mooring.corrupt-entry' as const;
  constructor(problem: string, context?: ErrorContext) {
    super(problem, false, context);
  }
}

/** A reference names an object store that was not given. */
export class UnknownLocationError extends MooringError<'mooring.unknown-location'> {
  readonly code = 'mooring.unknown-location' as const;
  /** The alias that the reference recorded. */
  readonly alias: string;
  constructor(alias: string, known: readonly string[], context?: ErrorContext) {
    super(
      `the value lies in the object store ${JSON.stringify(alias)}, which is neither objectStore nor one of formerObjectStores ` +
        `(known: ${known.length > 0 ? known.join(', ') : 'none'})`,
      false,
      context,
    );
    this.alias = alias;
  }
}

/** The codec that a value was written with is not here. */
export class CodecUnavailableError extends MooringError<'mooring.codec-unavailable'> {
  readonly code = 'mooring.codec-unavailable' as const;
  /** The name that the entry recorded. */
  readonly codec: string;
  constructor(codec: string, remedy: string, context?: ErrorContext) {
    super(`the codec ${JSON.stringify(codec)} is not available: ${remedy}`, false, context);
    this.codec = codec;
  }
}

/** The metastore lacks state that the objects are evidence of. Restore it, or run `recover()`, which names what it cannot read. */
export class StateLostError extends MooringError<'mooring.state-lost'> {
  readonly code = 'mooring.state-lost' as const;
  constructor(why: string, context?: ErrorContext) {
    super(`${why}; nothing was deleted: ${RECOVERY}`, false, context);
  }
}

const RECOVERY =
  'restore the metastore, or run recover(); objects that it cannot read need their codec or encryption, or have to be deleted or moved away first';

/** The external job may or may not have been submitted, and nothing can tell. A person answers, with `jobRecords()`. */
export class AmbiguousSubmitError extends MooringError<'mooring.ambiguous-submit'> {
  readonly code = 'mooring.ambiguous-submit' as const;
  /** What the far side was given to know the submission by. */
  readonly idempotencyKey: string;
  /** Which submission, from 1. */
  readonly submission: number;
  /** Since when. */
  readonly since: Date;
  constructor(record: { idempotencyKey: string; submission: number; since: Date }, context?: ErrorContext) {
    super(
      `submission ${record.submission} (idempotency key ${record.idempotencyKey}) may or may not have reached the far side; ` +
        'look there, then adopt its ID or mark it not submitted with jobRecords()',
      false,
      context,
    );
    this.idempotencyKey = record.idempotencyKey;
    this.submission = record.submission;
    this.since = record.since;
  }
}

/** The external job failed. `retryable` as its status said; then the next attempt is the next submission. */
export class ExternalJobFailedError extends MooringError<'mooring.external-job-failed'> {
  readonly code = 'mooring.external-job-failed' as const;
  /** The job that failed. */
  readonly externalId: JsonValue;
  /** Which submission of the task it was, from 1. */
  readonly submission: number;
  /** What the far side said. */
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

/** The far side no longer knows the external job, and `onMissing` is `'fail'`. */
export class ExternalJobMissingError extends MooringError<'mooring.external-job-missing'> {
  readonly code = 'mooring.external-job-missing' as const;
  /** The job that is missing. */
  readonly externalId: JsonValue;
  constructor(externalId: JsonValue, context?: ErrorContext) {
    super(`the far side does not know external job ${JSON.stringify(externalId)}`, false, context);
    this.externalId = externalId;
  }
}

/** The far side did not say, in words that `getStatus` classifies, how the job is. Nothing was submitted. */
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

/** Thrown by a user's `submit` when the far side certainly accepted nothing: the only error that users construct. */
export class NotSubmittedError extends MooringError<'mooring.not-submitted'> {
  readonly code = 'mooring.not-submitted' as const;
  /**
   * How long the far side asked to be left alone. A retryable refusal with it hands the job back to a runtime that can start it
   * again after a time (the adapter's `release`), for so long; without that, the error passes and the runtime's own backoff decides.
   * @defaultValue none
   */
  declare readonly retryAfter?: Duration;
  /**
   * @param options - `retryable`: whether the same submit may be accepted later. `retryAfter`: not before that time.
   * @defaultValue `retryable` is true; `retryAfter` is none
   * @throws {@link ConfigError} for a `retryAfter` that is no length of time. A `submit` that throws this counts as not submitted too.
   */
  constructor(message: string, options: { cause?: unknown; retryable?: boolean; retryAfter?: Duration } = {}) {
    const { cause, retryable = true, retryAfter } = options;
    super(message, retryable, { cause });
    if (retryAfter === undefined) return;
    if (lengthOfTime(retryAfter) === undefined) throw new ConfigError('retryAfter', LENGTH_OF_TIME, retryAfter);
    this.retryAfter = retryAfter;
  }
}

/**
 * Tells an error that was made where only paths are known whose state, and which key, it is about. Leaves others as they are.
 *
 * @returns the same error
 */
export function located(error: unknown, { scope, key }: ErrorContext): unknown {
  if (!(error instanceof MooringError) || error.scope || !scope) return error;
  const where = `scope=${describeScope(scope)}${key === undefined || error.key !== undefined ? '' : `, key=${JSON.stringify(key)}`}`;
  error.message += ` [${where}]`;
  return Object.assign(error, { scope, ...(key !== undefined && error.key === undefined && { key }) });
}

/** Every error of this library, for `switch (error.code)`. The union may grow: keep a default branch. */
export type AnyMooringError =
  | ConfigError
  | InvalidKeyError
  | InvalidValueError
  | ValueTooLargeError
  | VersionConflictError
  | StaleAttemptError
  | MissingObjectError
  | UnknownLocationError
  | CorruptEntryError
  | CodecUnavailableError
  | StateLostError
  | StoreUnavailableError
  | OutcomeUnknownError
  | AmbiguousSubmitError
  | ExternalJobFailedError
  | ExternalJobMissingError
  | ExternalJobUnknownError
  | InputChangedError
  | NotSubmittedError;

/** Whether an error is one of this library's: by brand, so that it holds across copies of the package and across realms. */
export function isMooringError(error: unknown): error is AnyMooringError {
  return typeof error === 'object' && error !== null && (error as Record<symbol, unknown>)[brand] === true;
}
