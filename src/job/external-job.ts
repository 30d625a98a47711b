import type { Duration } from '../model/duration.ts';
import type { RememberedFor } from '../model/remembered.ts';
import type { cannotKnow, CancelContext, JobContext } from './call-context.ts';
import type { JobDescription, SubmitContext } from './call-context.ts';
import type { JobStatus } from './status.ts';

/** The user's description of an external system: facts from which the protocol chooses what is safe. */

/** The identity of an external job in its system. Any value but `undefined` and `null`: `0` and `''` are IDs. */
export type ExternalId = string | number | object;

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
   * Starts the job. Throws `NotSubmittedError` if the external system certainly accepted nothing, and `AlreadySubmittedError` if
   * it refused a key that it knows. Any other error leaves open whether the job exists. With `idempotentFor` the key is then sent
   * again, for as long as one `submitTimeout`.
   */
  submit(input: Input, context: SubmitContext): Promise<Id>;
  /**
   * How long a repeated idempotency key starts no second job: the external system answers with the first job, or refuses the key.
   * @defaultValue none: a repeated submit starts a second job
   */
  readonly idempotentFor?: RememberedFor;
  /**
   * How long `find` shows a job. After that an empty answer tells nothing, and a person answers.
   * @defaultValue 'until-deleted'
   */
  readonly findableFor?: RememberedFor;
  /**
   * How long after its end the external system keeps a job, if it deletes jobs by itself. After that the status `missing` means
   * that the job may have ended, and that its outcome is unknown. What is remembered `'until-deleted'` is forgotten then.
   * @defaultValue none: it is kept until somebody deletes it
   */
  readonly remembersFor?: Duration;
  /**
   * Finds the job that was submitted with a key, in any state. If there are several, it finds the newest. It returns `undefined` if
   * there certainly is none, and `cannotKnow` if it cannot tell.
   */
  find?(idempotencyKey: string, context: JobContext<Input>): Promise<Id | undefined | typeof cannotKnow>;
  /**
   * How long a job that was accepted may be missing from `find`; 0: it is never missing.
   * @defaultValue '10s'
   */
  readonly findLag?: Duration;
  /** Asks how the job is. */
  getStatus(id: Id, context: JobContext<Input>): Promise<JobStatus>;
  /**
   * Fetches the result of a job that succeeded. It is stored if JSON holds it unchanged, or if it is a `Uint8Array` or a `Buffer`
   * as a whole; else a later attempt asks for it again.
   */
  getResult?(id: Id, context: JobContext<Input>): Promise<Result>;
  /**
   * Whether the result is stored, for an attempt after a lost completion. False (for a result that is large, or not JSON): that
   * attempt fetches it again.
   * @defaultValue true
   */
  readonly rememberResult?: boolean;
  /**
   * Stops the job. Never called because an attempt lost its task: the next one needs the job alive. Mooring asks `getStatus`
   * first, and leaves a job alone that is over: some systems rewrite its end.
   */
  cancel?(id: Id, context: CancelContext<Input>): Promise<void>;
  /** What people are shown of the job: in the job's log, in records and listings. It does no I/O. */
  describe?(id: Id): JobDescription;
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
   * submits again. A missing job may still run: choose this only if two jobs do no harm, or if missing proves that none runs.
   * @defaultValue 'fail'
   */
  readonly onMissing?: 'fail' | 'resubmit';
  /**
   * How long after the submit the status `missing` counts as active; 0: never.
   * @defaultValue '1m'
   */
  readonly missingGrace?: Duration;
  /**
   * How long an attempt keeps asking while nobody can tell how the job is: `getStatus` throws, or returns `unknown`. Then it fails
   * with `ExternalJobUnknownError`, and the next attempt asks again.
   * @defaultValue '15m'
   */
  readonly unknownFor?: Duration;
  /**
   * How long after its submit a job that is still active is given up. It is cancelled with the reason `gave-up`, and counts as
   * failed.
   * @defaultValue none: it may run without end
   */
  readonly giveUpAfter?: Duration;
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
