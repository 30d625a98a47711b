/** The public core: everything here is the contract, and nothing here loads a client. */
export type { CallOptions } from './async/deadline.ts';
export type { Clock } from './async/clock.ts';
export type { BuiltInCodec, Codec, Encryption } from './codec/codec.ts';
export type { Duration } from './model/duration.ts';
export {
  AlreadySubmittedError,
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
} from './model/errors/store.ts';
export type { DecisionKind, StateEvent, SweepReport } from './observe/events.ts';
export type { Version } from './model/version.ts';
export type { Callback } from './job/callback/answer.ts';
export { callbackHandler, type CallbackHandler, type CallbackHandlerOptions } from './job/callback/handler.ts';
export { cancelExternalJobs, type CancelExternalJobsOptions, type CancelOutcome } from './job/operator/cancel-recorded.ts';
export {
  cannotKnow,
  type CallContext,
  type CancelContext,
  type CancelJobReason,
  type JobContext,
  type JobDescription,
  type PreviousJob,
  type Submission,
  type SubmitContext,
} from './job/call-context.ts';
export { externalJob } from './job/define.ts';
export type { ExternalId, ExternalJob } from './job/external-job.ts';
export { dnsLabelKey, hexKey, uuidKey } from './format/key-shapes.ts';
export { observeJobs, type ObserveJobsOptions } from './job/operator/observe.ts';
export { jobRecords } from './job/operator/records.ts';
export type { DailySavings, JobCount, JobEvent, JobPoll, JobRecord, JobRecords, JobState } from './job/operator/record.ts';
export type { JobListOptions, Orphan, SavingsOptions } from './job/operator/record.ts';
export { jobStatus, type JobStatus, type StatusDetails, type StatusWord, type StatusWords } from './job/status.ts';
export { submitRequest } from './job/submit-request/submit-request.ts';
export { isSuspension } from './job/attempt/suspension.ts';
export type { Decision, RunOptions, TaskContext, Wait } from './job/task-context.ts';
export type { Logger } from './observe/logger.ts';
export { doctor } from './maintenance/doctor/doctor.ts';
export type { Finding } from './maintenance/doctor/finding.ts';
export { reconcile, type ReconcileOptions } from './maintenance/reconcile/reconcile.ts';
export { recover, type RecoveredEntry, type RecoverOptions, type RecoverReport } from './maintenance/recover/recover.ts';
export { sweep, type SweepOptions } from './maintenance/sweep/sweep.ts';
export type { Metastore } from './metastore/metastore.ts';
export { checkedObjectStore, type UncheckedObjectStore } from './object-store/checked.ts';
export type { ObjectStore, PutOptions } from './object-store/object-store.ts';
export type { RememberedFor } from './model/remembered.ts';
export type { Retention } from './model/retention.ts';
export type { RetryAfter } from './model/retry-after.ts';
export type { AssetScope, TaskScope } from './model/scope.ts';
export { createStateStore } from './state-store/create-state-store.ts';
export type { StateStoreOptions } from './state-store/options.ts';
export type { Entry, SetOptions, StateHandle, WriteOptions } from './state-store/state-handle.ts';
export type { StateStore } from './state-store/state-store.ts';
export type { AnyShape, Json, JsonValue, KeyOf, StateShape, Storable } from './model/storable.ts';
