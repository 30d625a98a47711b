import type { CallOptions } from '../async/deadline.ts';
import type { Duration } from '../model/duration.ts';
import type { DecisionKind } from '../observe/events.ts';
import type { AssetScope, TaskScope } from '../model/scope.ts';
import type { StateHandle } from '../state-store/state-handle.ts';
import type { AnyShape, StateShape } from '../model/storable.ts';
import type { ExternalId, ExternalJob } from './external-job.ts';

/** The task's view of its attempt: the same under every runtime and in a test. */

/**
 * How a task waits. `hold` keeps the worker's slot. `release` frees it between polls, once the external job is older than
 * `holdFor` (0: at the first poll that finds it running). The task then starts again from its beginning, so its steps belong in
 * `getOrSet()`.
 * @defaultValue `holdFor` is '30s'
 */
export type Wait = { mode: 'hold' } | { mode: 'release'; holdFor?: Duration };

/** Options of `run()`. Its `signal` stops the waiting; the external job goes on. */
export interface RunOptions extends CallOptions {
  /**
   * How the task waits for the external job.
   * @defaultValue what the adapter was told, else `{ mode: 'hold' }`
   */
  wait?: Wait;
}

/** What `run()` would do now. */
export interface Decision<Id> {
  /** What it would do, or find. */
  kind: DecisionKind;
  /** The number of the submission, from 1. */
  submission: number;
  /** The key of that submission. */
  idempotencyKey: string;
  /** The ID of the external job; `undefined` if no record holds one. */
  externalId: Id | undefined;
}

/** One attempt of one task. */
export interface TaskContext<out Shape extends StateShape<Shape> = AnyShape> {
  /** Whose attempt it is: the task, or one of its items. */
  readonly scope: TaskScope;
  /** From 1, as the runtime counts. */
  readonly attempt: number;
  /** Aborts if the attempt is cancelled or superseded, or if its worker closes. Rethrow its reason. */
  readonly signal: AbortSignal;
  /** The task's state, fenced: once a newer attempt has begun, writes reject with `StaleAttemptError`. */
  readonly state: StateHandle<Shape>;
  /** State of an asset, in this task's name; not fenced. */
  asset<S extends StateShape<S> = AnyShape>(scope: AssetScope): StateHandle<S>;
  /**
   * The same task for one mapped item, with state and external jobs of its own: by its identity (text) or its position (number).
   * @throws `ConfigError` if the task is an item already
   */
  item<S extends StateShape<S> = Shape>(item: string | number): TaskContext<S>;
  /** A key for the user's own calls of external systems: 40 lower-case letters and digits, the same in every attempt. */
  idempotencyKey(name: string): string;
  /**
   * Submits the job, or reconnects to the one of an earlier attempt, waits for its end and returns its result.
   * @throws `AmbiguousSubmitError` if the job may have been submitted and nothing can tell. `ExternalJobFailedError`,
   * `ExternalJobMissingError`, `ExternalJobUnknownError`, `InputChangedError`. `StaleAttemptError` once a newer attempt owns the
   * task. `ConfigError` for a second run of one `externalIdKey`. Whatever `submit` or `getResult` threw.
   */
  run<Input, Id extends ExternalId, Result>(
    job: ExternalJob<Input, Id, Result>,
    input: Input,
    options?: RunOptions,
  ): Promise<Result>;
  /** `run()` up to the wait: submits the job, or reconnects, and returns its ID. A later `run()` waits for it. Errors as `run`. */
  submit<Input, Id extends ExternalId, Result>(job: ExternalJob<Input, Id, Result>, input: Input): Promise<Id>;
  /** What `run()` would do now. Polls the external system once if the record holds an ID. Submits, waits and writes nothing. */
  decide<Input, Id extends ExternalId, Result>(job: ExternalJob<Input, Id, Result>, input: Input): Promise<Decision<Id>>;
}
