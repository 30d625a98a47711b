import type { CallOptions } from '../../async/deadline.ts';
import type { Duration } from '../../model/duration.ts';
import type { Version } from '../../format/write-id.ts';
import type { TaskScope } from '../../model/scope.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { DecisionKind } from '../../observe/events.ts';
import type { JobDescription } from '../call-context.ts';
import type { JobStatus } from '../status.ts';

/** What operators see of the records of external jobs. The stored form is in `format/record.ts`. */

/** The state of a record. */
export type JobState = 'submitting' | 'ambiguous' | 'submitted' | 'succeeded' | 'failed';

/** How an external job was when it was last asked for. */
export interface JobPoll {
  at: Date;
  state: JobStatus['state'];
  /** Why the state is unknown. */
  detail: string | undefined;
  /** The progress that the external system told, if its JSON has at most 1,000 characters. */
  progress: JsonValue | undefined;
  /** How many polls there were since the submission. Those of an attempt that was killed are counted up to its last write. */
  count: number;
  /** When the attempt that waits means to ask next. */
  next: Date | undefined;
}

/**
 * What happened to an external job. Of several releases after each other the last one stands for all. So an attempt was killed if
 * its last event is no end, and the next event is of a later attempt and no release.
 */
export interface JobEvent {
  at: Date;
  kind: DecisionKind | 'released' | 'succeeded' | 'failed' | 'cancelled' | 'adopted' | 'not-submitted' | 'reopened';
  submission: number;
  /** The number of the attempt; `undefined` if a person did it, and for a cancel. A write at the same time may lose a cancel. */
  attempt: number | undefined;
}

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
  /** Which attempt works on the task, or did so last: a line with its number, host, process and time. */
  holder: string | undefined;
  /** The last poll; `undefined` before the first one. Written at most a minute later while an attempt holds on. */
  lastPoll: JobPoll | undefined;
  /** Oldest first; the last 20. */
  history: readonly JobEvent[];
} & (
  | { state: 'submitting'; deadline: Date }
  | { state: 'ambiguous' }
  | { state: 'submitted' | 'succeeded'; externalId: JsonValue }
  | {
      state: 'failed';
      externalId: JsonValue;
      reason: string;
      /** Whether the next attempt submits again. Otherwise every attempt fails with this failure. */
      retryable: boolean;
    }
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

/** Options of `list()`. Each leaves out what it does not fit. */
export interface JobListOptions extends CallOptions {
  /** @defaultValue all of them, which looks at every scope of the namespace */
  state?: JobState | readonly JobState[];
  /** Only records of this task, which is looked at directly: no index is read. */
  scope?: TaskScope;
  /** The flow of the scope: the queue with its prefix, or Temporal's namespace and type of workflow. */
  flow?: string;
  /** The run of the scope, or what it begins with before a `@` or `/`: the ID of a job of BullMQ, or of a workflow. */
  run?: string;
  /** The name of the external job. */
  name?: string;
  /** Only those whose `since` is longer ago. */
  olderThan?: Duration;
}

/** How many jobs of a flow are in a state. */
export interface JobCount {
  flow: string;
  state: 'submitting' | 'submitted' | 'ambiguous' | 'failed' | 'orphan';
  count: number;
  /** The earliest time of them: when it was first sent, or when it failed or became an orphan. */
  oldest: Date;
}

/** Options of `savings()`. */
export interface SavingsOptions extends CallOptions {
  /**
   * How many days to go back, today included: 1 to 400, which is how long they are kept.
   * @defaultValue 30
   */
  days?: number;
}

/** What was not run twice on one day. */
export interface DailySavings {
  /** `2026-12-01`, in UTC. */
  day: string;
  /** How often an attempt found the job of an earlier one. */
  reconnects: number;
  /** For how long these jobs had run by then. */
  hours: number;
  /** What that costs, by currency, as far as `describe` stated a `costPerHour`. */
  costs: Readonly<Record<string, number>>;
}

/** Records and orphans, for operators. An answer to a record that changed meanwhile rejects with `VersionConflictError`. */
export interface JobRecords {
  /**
   * The records, in no order. The metastore has an index of those that are not succeeded. If succeeded ones are asked for, every
   * scope of the namespace is looked at.
   */
  list(options?: JobListOptions): AsyncIterable<JobRecord>;
  /** How many jobs are open, have failed, or wait for a person. It reads the index alone, and may count what has just expired. */
  summary(options?: CallOptions): Promise<readonly JobCount[]>;
  /** What attempts did not submit again because they found the job, by the day in UTC, oldest first. */
  savings(options?: SavingsOptions): Promise<readonly DailySavings[]>;
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
