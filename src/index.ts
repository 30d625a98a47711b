/** The public core: everything here is the contract, and nothing here loads a client. */
export type { CallOptions } from './call.ts';
export type { Clock } from './clock.ts';
export type { BuiltInCodec } from './codec/built-in.ts';
export type { Codec, Encryption } from './codec/codec.ts';
export { builtInCodecs } from './codec/registry.ts';
export { shorten } from './codec/shorten.ts';
export { milliseconds, type Duration } from './duration.ts';
export {
  AmbiguousSubmitError,
  CodecUnavailableError,
  ConfigError,
  CorruptEntryError,
  ExternalJobFailedError,
  ExternalJobMissingError,
  ExternalJobUnknownError,
  InputChangedError,
  InvalidKeyError,
  InvalidValueError,
  isMooringError,
  MissingObjectError,
  MooringError,
  NotSubmittedError,
  OutcomeUnknownError,
  StaleAttemptError,
  StateLostError,
  StoreUnavailableError,
  UnknownLocationError,
  ValueTooLargeError,
  VersionConflictError,
  type AnyMooringError,
} from './errors.ts';
export type { DecisionKind, StateEvent } from './events.ts';
export type { Version } from './fence.ts';
export { beginAttempt, type Attempt } from './job/attempt.ts';
export { requireExternalJobs, resolveWait, type AttemptOptions, type Release } from './job/attempt-options.ts';
export { cancelExternalJobs, type CancelExternalJobsOptions, type CancelOutcome } from './job/cancel-recorded.ts';
export { requestCancellation } from './job/cancel-request.ts';
export {
  externalJob,
  type CallContext,
  type CancelJobReason,
  type ExternalId,
  type ExternalJob,
  type SubmitContext,
} from './job/external-job.ts';
export { jobRecords } from './job/job-records.ts';
export type { JobRecord, JobRecords, Orphan } from './job/job-record.ts';
export { jobStatus, type JobStatus } from './job/job-status.ts';
export { isStoreOutage } from './job/outage.ts';
export { isSuspension } from './job/suspension.ts';
export type { Decision, RunOptions, TaskContext, Wait } from './job/task-context.ts';
export type { Logger } from './logger.ts';
export { doctor } from './maintenance/doctor.ts';
export type { Finding } from './maintenance/finding.ts';
export { reconcile, type ReconcileOptions } from './maintenance/reconcile.ts';
export { recover, type RecoveredEntry, type RecoverOptions, type RecoverReport } from './maintenance/recover.ts';
export { sweep, type SweepOptions } from './maintenance/sweep.ts';
export type { Metastore } from './metastore/metastore.ts';
export type { ObjectStore } from './object-store/object-store.ts';
export { requireKnownNames } from './option-names.ts';
export type { Retention } from './retention.ts';
export type { AssetScope, TaskScope } from './scope.ts';
export { createStateStore } from './state-store/create-state-store.ts';
export type { StateStoreOptions } from './state-store/options.ts';
export type { Entry, SetOptions, StateHandle, WriteOptions } from './state-store/state-handle.ts';
export type { StateStore } from './state-store/state-store.ts';
export type { SweepReport } from './sweep-report.ts';
export type { AnyShape, Json, JsonValue, KeyOf, StateShape, Storable } from './value.ts';
