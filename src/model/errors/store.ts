import type { ConfigError } from './config.ts';
import { describeScope, hasErrorBrand, MooringError, received, type ErrorContext } from './family.ts';
import type { Version } from '../version.ts';
import type {
  AlreadySubmittedError,
  AmbiguousSubmitError,
  ExternalJobFailedError,
  ExternalJobMissingError,
  ExternalJobUnknownError,
  InputChangedError,
  NotSubmittedError,
} from './job.ts';
import type { JsonValue } from '../storable.ts';

export * from './config.ts';
export { describeScope, MooringError, type ErrorContext } from './family.ts';
export * from './job.ts';

/** The errors of stores and state, and the union of all. */

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
  /** Bytes of the serialized value, before compression. */
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
  /** The attempt that was refused, as its runtime counts; absent if it is not known. */
  declare readonly attempt?: number;
  /** Who owns the task: attempt, host, process, and since when; absent if it is not known. */
  declare readonly holder?: string;
  constructor(why: string, context: ErrorContext & { attempt?: number | undefined; holder?: string | undefined } = {}) {
    const { attempt, holder } = context;
    const who = attempt === undefined ? 'this attempt' : `attempt ${attempt}`;
    super(`${who} no longer owns the task: ${why}${holder === undefined ? '' : ` (${holder})`}`, true, context);
    if (attempt !== undefined) this.attempt = attempt;
    if (holder !== undefined) this.holder = holder;
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

/**
 * Adds the scope and the key to an error that was made where only paths are known. Leaves other errors unchanged.
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
  | AlreadySubmittedError
  | AmbiguousSubmitError
  | ExternalJobFailedError
  | ExternalJobMissingError
  | ExternalJobUnknownError
  | InputChangedError
  | NotSubmittedError;

/** Whether an error is one of this library's: by brand, so that it holds across copies of the package and across realms. */
export function isMooringError(error: unknown): error is AnyMooringError {
  return hasErrorBrand(error);
}
