import type { CallOptions } from '../../async/deadline.ts';
import type { Duration } from '../../model/duration.ts';
import type { Version } from '../../format/write-id.ts';
import type { TaskScope } from '../../model/scope.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { JobDescription } from '../call-context.ts';

/** What operators see of the records of external jobs. The stored form is in `format/record.ts`. */

/** The record of an external job. `version` identifies the write that it comes from; an answer is compared with it. */
export type JobRecord = {
  scope: TaskScope;
  externalIdKey: string;
  /** The name of the external job for people; `undefined` if it has no name. */
  name: string | undefined;
  /** The runtime's job that opened the submission; `undefined` for a record of an older version. */
  job: string | undefined;
  version: Version;
  submission: number;
  idempotencyKey: string;
  /** When it last changed; for an unresolved submission, when it was first sent. */
  since: Date;
  /** Earlier submissions; one without an ID was never resolved. */
  previous: readonly { submission: number; externalId: JsonValue | undefined; idempotencyKey: string }[];
  /** How `describe` of the external job shows it to people; `undefined` without it. */
  description: JobDescription | undefined;
} & (
  | { state: 'submitting'; deadline: Date }
  | { state: 'ambiguous' }
  | { state: 'submitted' | 'succeeded'; externalId: JsonValue }
  | { state: 'failed'; externalId: JsonValue; reason: string }
);

/** An external job that exists and that no record holds. */
export interface Orphan {
  /** The task that submitted it. */
  scope: TaskScope;
  /** The name of the record that does not hold it. */
  externalIdKey: string;
  /** Its identity in the external system. */
  externalId: JsonValue;
  /** When it was listed. */
  since: Date;
}

/** Records and orphans, for operators. An answer to a record that changed meanwhile rejects with `VersionConflictError`. */
export interface JobRecords {
  /** The records, in no order. `olderThan`: only those whose `since` is longer ago. */
  list(options?: CallOptions & { state?: JobRecord['state']; flow?: string; olderThan?: Duration }): AsyncIterable<JobRecord>;
  /**
   * One record, or `undefined`.
   * @defaultValue `externalIdKey` is 'external_job_id'
   */
  get(scope: TaskScope, externalIdKey?: string, options?: CallOptions): Promise<JobRecord | undefined>;
  /**
   * Answers that the job was submitted, and has this ID.
   * @throws `ConfigError` if the record is not unresolved, or its submit may still be on its way
   */
  adopt(record: JobRecord, externalId: JsonValue, options?: CallOptions): Promise<void>;
  /**
   * Answers that the job was not submitted, and that no request is on its way. The next attempt opens the next submission. Errors
   * as `adopt`.
   */
  markNotSubmitted(record: JobRecord, options?: CallOptions): Promise<void>;
  /**
   * Allows a failed job to be submitted again: the next attempt opens the next submission.
   * @throws `ConfigError` if the record is not failed
   */
  reopen(record: JobRecord, options?: CallOptions): Promise<void>;
  /** External jobs that no record holds, in no order. */
  orphans(options?: CallOptions): AsyncIterable<Orphan>;
  /** Takes an orphan off the list, once it was cancelled or may be left alone. */
  forget(orphan: Orphan, options?: CallOptions): Promise<void>;
}
