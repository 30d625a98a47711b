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
   * Writes only over this version, or with `'absent'` only if there is none. Otherwise the write rejects with `VersionConflictError`.
   * @defaultValue none: the last write wins
   */
  ifVersion?: Version | 'absent';
}

/** What is known of a value without fetching it. */
export interface Entry {
  /** The key that it was written under. */
  key: string;
  /** Identifies the write that stored it; to be given as `ifVersion`. */
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
 * `StaleAttemptError`. Keys and values are checked before any I/O (`InvalidKeyError`, `InvalidValueError`, `ValueTooLargeError`).
 * Every request to a store, codec or encryption ends within `commandTimeout`, and the time of a value's bytes at
 * `minTransferRate`. It then fails with `StoreUnavailableError`, or with `OutcomeUnknownError` for a write that may have been
 * applied. A call may make several requests, one after the other.
 */
export interface StateHandle<out Shape extends StateShape<Shape> = AnyShape> {
  /**
   * The value, or `undefined` if there is none or it has expired.
   * @throws `MissingObjectError`, `CorruptEntryError`, `UnknownLocationError`, `CodecUnavailableError` if the value cannot be
   * read; `ValueTooLargeError` for offloaded bytes above `maxValueBytes`, which `getStream` reads
   */
  get<K extends KeyOf<Shape>>(key: K, options?: CallOptions): Promise<Shape[K] | undefined>;
  /** The value with what is known of it. Errors as `get`. */
  getEntry<K extends KeyOf<Shape>>(key: K, options?: CallOptions): Promise<(Entry & { value: Shape[K] }) | undefined>;
  /** Several values in one round trip; keys without a value are left out. Errors as `get`. */
  getMany<K extends KeyOf<Shape>>(keys: readonly K[], options?: CallOptions): Promise<Partial<Pick<Shape, K>>>;
  /**
   * Writes one value.
   * @throws `VersionConflictError` if the key has another version than `ifVersion`
   */
  set<K extends KeyOf<Shape>>(key: K, value: Shape[K], options?: SetOptions): Promise<Entry>;
  /**
   * The serialized value as a stream of its bytes, or `undefined` if there is none or it has expired. The bytes of a `Uint8Array`
   * or of a stream are unchanged; any other value is JSON in UTF-8. A value that was written as a stream is read in constant
   * memory. The bytes are verified at the end: if they are wrong, the stream fails with `CorruptEntryError` instead of ending.
   * Read it to its end, or destroy it, before you close the store, which destroys it.
   * @throws as `get`, before the first byte; later the stream fails with the same errors
   */
  getStream(key: KeyOf<Shape>, options?: CallOptions): Promise<Readable | undefined>;
  /**
   * Writes a stream of bytes of any size in constant memory. Nothing is stored unless `body` ends; what `body` throws passes
   * unchanged. `body` may be slow, but the write rejects with `StoreUnavailableError` in three cases. The object store makes no
   * progress for five times `commandTimeout`, at the end plus one for each GiB, and the time of the bytes that are on their way at
   * `minTransferRate`. The write takes more than an hour from call to
   * commit. The store closes before `body` has ended. `get` returns a `Uint8Array` up to `maxValueBytes`. A stream or an iterator
   * is read once: after any failure, try again with a new one.
   * @throws `ConfigError`, before anything is written, for a stream that was read, ended, failed or was destroyed. Also for a
   * stream or an iterator that `setStream` was given before. `VersionConflictError` if at the end the key has another version
   * than `ifVersion`. `InvalidValueError` for a chunk that is not a `Uint8Array`. `ValueTooLargeError` above `maxValueBytes` if
   * there is no object store
   */
  setStream(key: KeyOf<Shape>, body: AsyncIterable<Uint8Array>, options?: SetOptions): Promise<Entry>;
  /** Writes several values, all or none. The key of a property that is `undefined` stays unchanged. */
  setMany(values: Partial<Shape>, options?: WriteOptions): Promise<void>;
  /** The value. If there is none, `create` makes it, and it is stored before it is returned. */
  getOrSet<K extends KeyOf<Shape>>(key: K, create: () => Promise<Shape[K]>, options?: WriteOptions): Promise<Shape[K]>;
  /** Compare-and-set, again until it succeeds. `change` may run several times. If it returns `undefined`, the key is deleted. */
  update<K extends KeyOf<Shape>>(
    key: K,
    change: (current: Shape[K] | undefined) => Shape[K] | undefined,
    options?: WriteOptions,
  ): Promise<Shape[K] | undefined>;
  /** Deletes a value; a missing one is no error. */
  delete(key: KeyOf<Shape>, options?: CallOptions): Promise<void>;
  /** Lists the entries, ordered by key. Fetches no object. */
  entries(options?: CallOptions & { prefix?: string }): AsyncIterable<Entry>;
  /**
   * Wipes the scope, and supersedes a running attempt; the next run starts a new job. `allItems` wipes every mapped item of the
   * task in its run.
   * @defaultValue `allItems` is false
   * @throws `AmbiguousSubmitError` while a submit of the scope is unresolved. `ConfigError` for a task inside an attempt, which
   * it would end, and for `allItems` on an asset
   */
  clear(options?: CallOptions & { allItems?: boolean }): Promise<void>;
}
