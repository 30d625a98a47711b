import type { CallOptions, Timer } from '../async/deadline.ts';
import type { Clock } from '../async/clock.ts';
import type { BuiltInCodec } from '../codec/built-in.ts';
import type { Codec, Encryption } from '../codec/codec.ts';
import type { Check } from '../model/checks.ts';
import { ConfigError } from '../model/errors/store.ts';
import type { StateEvent } from '../observe/events.ts';
import type { Logger } from '../observe/logger.ts';
import type { OpenMetastore } from '../metastore/metastore.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { Random } from '../async/random.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { TakeBody } from './write/fresh-body.ts';
import type { ShareSignal } from '../async/shared-signal.ts';
import type { StateStore } from './state-store.ts';
import type { Turns } from './codec-queue.ts';

/** Where a crash of a write leaves something else behind than elsewhere. */
export type WritePoint = 'before-put' | 'after-put' | 'before-commit' | 'after-commit';

/** What a store is made of. The rooms of the core work on this; users hold a `StateStore`. */
export interface StoreCore {
  readonly namespace: string;
  readonly metastore: OpenMetastore;
  readonly objectStore: ObjectStore | undefined;
  /** By alias, the current one included. */
  readonly locations: ReadonlyMap<string, ObjectStore>;
  /** Bytes; a value of this size or more is offloaded. */
  readonly offloadThreshold: number;
  readonly maxValueBytes: number;
  /** `undefined`: stored as it is. */
  readonly codec: Codec | undefined;
  /** By name: all that reading may meet. */
  readonly codecs: ReadonlyMap<string, BuiltInCodec>;
  readonly encryption: Encryption | undefined;
  readonly retention: RetentionMs;
  /** Milliseconds. */
  readonly commandTimeout: number;
  readonly logger: Logger | undefined;
  readonly clock: Clock;
  readonly timer: Timer;
  readonly random: Random;
  /** Awaited before an object is put: makes sure, once, that metastore and object store know of each other (`generation.ts`). */
  readonly beforeObject: (call: CallOptions) => Promise<void>;
  /** Called around the puts and the commit of a write, and waited for; only tests set it (`withCoreParts()`). */
  readonly writePoint?: (point: WritePoint) => void | Promise<void>;
  /** Called at the places of the crash table; only tests set it (`job/protocol/crash-point.ts`). */
  readonly crashPoint?: (gap: `G${number}`) => void | Promise<void>;
  /** Takes part in the one listener on a caller's signal. */
  readonly shareSignal: ShareSignal;
  /** Takes the body of a stream, once. */
  readonly takeBody: TakeBody;
  /** Lets a codec work on many bytes once it is its turn. */
  readonly codecTurn: Turns;
  /** The external jobs that tasks use in this process, by path and record (`job/protocol/cancel-job.ts`). */
  readonly usedJobs: Map<string, object>;
  /** Hands an event to the user's listener and to the counters; never throws. */
  emit(event: StateEvent): void;
  /** Counts an operation as in flight, so that `close()` waits for it; refuses it once closed. */
  track<T>(operation: () => Promise<T>): Promise<T>;
  /** Lets `close()` wait for what cleans up after an operation, also once closed. It must have an end, and not reject. */
  beside(work: () => Promise<void>): void;
  /** Aborts when `close()` begins: for what waits for a user. */
  readonly closing: AbortSignal;
}

const core = Symbol('mooring.core');

/** Puts the core behind the public face. */
export function withCore<Store extends StateStore>(store: Store, parts: StoreCore): Store {
  return Object.defineProperty(store, core, { value: parts });
}

/**
 * The core behind a store.
 *
 * @throws {@link ConfigError} when it is not of `createStateStore()` of this copy of the library.
 */
export function coreOf(store: StateStore): StoreCore {
  const parts = (store as { [core]?: StoreCore } | undefined)?.[core];
  if (!parts) throw new ConfigError('store', 'must come from createStateStore()', store);
  return parts;
}

/**
 * Checks what an option must be: a store.
 *
 * @throws {@link ConfigError} when it is not of `createStateStore()` of this copy of the library.
 */
export const requireStore: Check = (store) => void coreOf(store as StateStore);
