import type { CallOptions } from '../async/deadline.ts';

/** Options of `put()`. */
export interface PutOptions extends CallOptions {
  ifAbsent: boolean;
  /**
   * When the value ends, for stores whose bucket can delete expired objects by itself. Nothing relies on it.
   * @defaultValue none: it does not end, or that is not known
   */
  expiresAt?: Date;
  /**
   * The SHA-256 of a body of bytes, in hex, for stores whose protocol sends it along and that would compute it once more.
   * @defaultValue not known
   */
  sha256?: string;
}

/**
 * Where large values lie, under names that are never used twice. A store does not retry, log or translate: the façade turns
 * whatever it throws into one error family. Only a missing object is `undefined`; a missing permission or bucket is an error.
 */
export interface ObjectStore {
  /** What references record, so that a moved store keeps its objects readable. */
  readonly alias: string;
  /**
   * Makes an object. `'exists'`: with `ifAbsent`, one of that name was there and is unchanged. Without `ifAbsent` an object of
   * that name is replaced.
   */
  put(key: string, body: Uint8Array | AsyncIterable<Uint8Array>, options: PutOptions): Promise<'created' | 'exists'>;
  /**
   * The bytes of an object; `undefined` if there is none. Bytes from `end` on are not wanted, so that an object that is larger
   * than it should be is not held whole. A store that gives those too only uses more memory.
   */
  get(key: string, options?: CallOptions & { end?: number }): Promise<Uint8Array | undefined>;
  /**
   * The bytes of an object, or a part of them; `undefined` if there is none. `start` and `end` are byte offsets, `end` exclusive.
   */
  getStream(
    key: string,
    options?: CallOptions & { start?: number; end?: number },
  ): Promise<AsyncIterable<Uint8Array> | undefined>;
  /** Resolves with the keys that could not be deleted. A missing one counts as deleted. */
  delete(keys: readonly string[], options?: CallOptions): Promise<readonly { key: string; error: unknown }[]>;
  /** The objects of values, in the order of the keys' bytes. Other objects are passed over. */
  list(prefix: string, options?: CallOptions): AsyncIterable<{ key: string; size: number; modifiedAt: Date }>;
  /**
   * Uploads that were begun before `before` and never finished, which `list` does not show; `remove` ends each of them. Left out
   * by stores that leave none.
   */
  unfinished?(before: Date, options: CallOptions & { prefix: string; remove: boolean }): AsyncIterable<{ key: string }>;
  /**
   * The rules of the bucket itself for objects whose keys begin with `prefix`: whether one ends unfinished uploads, and the names
   * of those that delete objects by age. `endsUploads` is left out if uploads end by themselves. `undefined`: the store is none
   * that has rules. Only `doctor()` calls it. Left out by stores that cannot tell.
   */
  rules?(prefix: string, options?: CallOptions): Promise<{ endsUploads?: boolean; deleting: readonly string[] } | undefined>;
  /**
   * What a person should do about an error of this store. `undefined`: check the bucket and its rights, as `doctor()` says then.
   * Only `doctor()` calls it.
   */
  remedy?(error: unknown): string | undefined;
}
