import type { Readable } from 'node:stream';
import type { CallOptions } from '../async/deadline.ts';
import type { Version } from '../format/write-id.ts';
import type { Retention } from '../model/retention.ts';
import type { TaskScope } from '../model/scope.ts';
import type { AnyShape, KeyOf, StateShape } from '../model/storable.ts';

/** Options of a write. */
export interface WriteOptions extends CallOptions {
  /**
   * How long the value is kept.
   * @defaultValue the store's; asset state does not expire
   */
  retention?: Retention;
}

/** Options of a write that may compare first. */
export interface SetOptions extends WriteOptions {
  /**
   * Writes only over this version, or only where there is none; else `VersionConflictError`.
   * @defaultValue none: the last write wins
   */
  ifVersion?: Version | 'absent';
}

/** What is known of a value without fetching it. */
export interface Entry {
  /** The key that it was written under. */
  key: string;
  /** The write that it is of: to be compared with `ifVersion`. */
  version: Version;
  /** Bytes of the serialized value, before compression. */
  size: number;
  /** Whether it lies in the object store. */
  offloaded: boolean;
  /** When it was written, by the metastore's clock. */
  updatedAt: Date;
  /** `undefined`: never. */
  expiresAt: Date | undefined;
  /** The task that wrote it; `undefined` for people and tools. */
  writer: TaskScope | undefined;
}

/**
 * The state of one scope. In an attempt it is fenced: once a newer attempt has begun, every write rejects with
 * `StaleAttemptError`. Keys and values are checked before any I/O (`InvalidKeyError`, `InvalidValueError`,
 * `ValueTooLargeError`); every request to a store, codec or encryption ends within `commandTimeout` (`StoreUnavailableError`, or
 * for a write that may have been applied `OutcomeUnknownError`); a call may make several, one after the other.
 */
export interface StateHandle<out Shape extends StateShape<Shape> = AnyShape> {
  /**
   * The value, or `undefined` where there is none or it expired.
   * @throws `MissingObjectError`, `CorruptEntryError`, `UnknownLocationError`, `CodecUnavailableError` where there is one that cannot be read;
   * `ValueTooLargeError` for offloaded bytes above `maxValueBytes`, which `getStream` reads
   */
  get<K extends KeyOf<Shape>>(key: K, options?: CallOptions): Promise<Shape[K] | undefined>;
  /** The value with what is known of it. Errors as `get`. */
  getEntry<K extends KeyOf<Shape>>(key: K, options?: CallOptions): Promise<(Entry & { value: Shape[K] }) | undefined>;
  /** Several values in one round trip; keys without a value are left out. Errors as `get`. */
  getMany<K extends KeyOf<Shape>>(keys: readonly K[], options?: CallOptions): Promise<Partial<Pick<Shape, K>>>;
  /**
   * Writes one value.
   * @throws `VersionConflictError` when `ifVersion` is not what is there
   */
  set<K extends KeyOf<Shape>>(key: K, value: Shape[K], options?: SetOptions): Promise<Entry>;
  /**
   * The serialized value as a stream of its bytes, or `undefined` where there is none or it expired: those of a `Uint8Array` or of a
   * stream as they were, else UTF-8 of JSON. What was written as a stream is read in constant memory. The bytes are verified at the
   * end: a stream of others fails with `CorruptEntryError` instead of ending. Read it to its end, or destroy it, before you close
   * the store, which destroys it.
   * @throws as `get`, for what is known before the first byte; later the stream fails with the same errors
   */
  getStream(key: KeyOf<Shape>, options?: CallOptions): Promise<Readable | undefined>;
  /**
   * Writes a stream of bytes of any size in constant memory. Nothing is stored unless it ends; what `body` throws passes as it is.
   * `body` may be as slow as it likes, a store that does not go on for five times `commandTimeout` is given up, at the end after one more for each GiB; from call to commit
   * it may take an hour at most, and is then ended, as it is where the store closes before `body` has ended. All are
   * `StoreUnavailableError`. `get` returns a `Uint8Array` up to `maxValueBytes`.
   * A stream or an iterator is read once: after a failure, also one that is `retryable`, try again with a new one.
   * @throws `ConfigError` for a stream that was read, ended, failed or was destroyed, and for one, or an iterator, that `setStream` was
   * given before; nothing is written. `VersionConflictError` when `ifVersion` is not what is there in the end. `InvalidValueError` for a chunk that is no
   * `Uint8Array`. `ValueTooLargeError` above `maxValueBytes` where there is no object store
   */
  setStream(key: KeyOf<Shape>, body: AsyncIterable<Uint8Array>, options?: SetOptions): Promise<Entry>;
  /** Writes several values, all or none. A property that is `undefined` is left as it is. */
  setMany(values: Partial<Shape>, options?: WriteOptions): Promise<void>;
  /** The value; where there is none, the one that `create` makes, stored before it is returned. */
  getOrSet<K extends KeyOf<Shape>>(key: K, create: () => Promise<Shape[K]>, options?: WriteOptions): Promise<Shape[K]>;
  /** Compare-and-set, again until it succeeds. `change` may run several times; where it returns `undefined`, the key is deleted. */
  update<K extends KeyOf<Shape>>(
    key: K,
    change: (current: Shape[K] | undefined) => Shape[K] | undefined,
    options?: WriteOptions,
  ): Promise<Shape[K] | undefined>;
  /** Deletes a value; a missing one is no error. */
  delete(key: KeyOf<Shape>, options?: CallOptions): Promise<void>;
  /** What is there, in the order of the keys; fetches no object. */
  entries(options?: CallOptions & { prefix?: string }): AsyncIterable<Entry>;
  /**
   * Wipes the scope, and supersedes an attempt that is running; what runs next is a new job. `allItems`: every mapped item of
   * the task in its run.
   * @defaultValue `allItems` is false
   * @throws `AmbiguousSubmitError` while a submit of the scope is unresolved. `ConfigError` for a task inside an attempt, which it
   * would end, and with `allItems` on an asset
   */
  clear(options?: CallOptions & { allItems?: boolean }): Promise<void>;
}
