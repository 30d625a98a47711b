/** `mooring/adapter-kit`: what an adapter of a runtime is made of. `mooring` is for those who use one. */
export { systemClock, type Clock } from './async/clock.ts';
export { bounded, systemTimer, type CallOptions, type Timer } from './async/deadline.ts';
export { retry } from './async/retry.ts';
export { createTransferWait, MIN_TRANSFER_RATE, transferTime, type TransferWait } from './async/transfer.ts';
export type { Codec } from './codec/codec.ts';
export { shorten } from './codec/compress-if-smaller.ts';
export { builtInCodecs } from './codec/registry.ts';
export { recordAddress } from './format/path.ts';
export { beginAttempt, type Attempt } from './job/attempt/attempt.ts';
export { requireExternalJobs, resolveWait, type AttemptOptions, type JobReport, type Release } from './job/attempt/options.ts';
export { reportEntry } from './job/attempt/report.ts';
export { isStale, isSuspension } from './job/attempt/suspension.ts';
export { externalJob, requireExternalJob } from './job/define.ts';
export type { ExternalId, ExternalJob } from './job/external-job.ts';
export { cancelExternalJobs } from './job/operator/cancel-recorded.ts';
export { requestCancellation } from './job/operator/cancel-request.ts';
export { jobRecords } from './job/operator/records.ts';
export type { RunOptions, TaskContext, Wait } from './job/task-context.ts';
export { requireKnownNames } from './model/check-options.ts';
export * from './model/checks.ts';
export { milliseconds, type Duration } from './model/duration.ts';
export { isStoreOutage } from './model/errors/outage.ts';
export {
  AmbiguousSubmitError,
  CodecUnavailableError,
  ConfigError,
  CorruptEntryError,
  InvalidValueError,
  isMooringError,
  MissingObjectError,
  StaleAttemptError,
  StoreUnavailableError,
  UnknownLocationError,
  type AnyMooringError,
} from './model/errors/store.ts';
export { messageOf } from './model/reason.ts';
export type { Retention } from './model/retention.ts';
export type { TaskScope } from './model/scope.ts';
export type { AnyShape, JsonValue, StateShape } from './model/storable.ts';
export type { ObjectStore } from './object-store/object-store.ts';
export { withProgress, type Progress } from './object-store/progress.ts';
export type { Logger } from './observe/logger.ts';
export { requireStore } from './state-store/internals.ts';
export type { StateHandle } from './state-store/state-handle.ts';
export type { StateStore } from './state-store/state-store.ts';
