/** The public core: everything here is the contract, and nothing here loads a client. */
export type { CallOptions } from './call.ts';
export type { Clock } from './clock.ts';
export type { Codec, Encryption } from './codec/codec.ts';
export type { Duration } from './duration.ts';
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
  StoreUnavailableError,
  UnknownLocationError,
  ValueTooLargeError,
  VersionConflictError,
  type AnyMooringError,
} from './errors.ts';
export type { DecisionKind, StateEvent, SweepReport } from './events.ts';
export type { Version } from './fence.ts';
export type { Logger } from './logger.ts';
export type { Metastore } from './metastore/metastore.ts';
export type { ObjectStore } from './object-store/object-store.ts';
export type { Retention } from './retention.ts';
export type { AssetScope, TaskScope } from './scope.ts';
export type { Entry, SetOptions, StateHandle, WriteOptions } from './state-store/state-handle.ts';
export type { StateStore } from './state-store/state-store.ts';
export type { AnyShape, Json, JsonValue, KeyOf, StateShape, Storable } from './value.ts';
