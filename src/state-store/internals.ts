import type { CallOptions, Timer } from '../async/deadline.ts';
import type { Check } from '../model/checks.ts';
import { ConfigError } from '../model/errors/store.ts';
import type { StateEvent } from '../observe/events.ts';
import type { OpenMetastore } from '../metastore/metastore.ts';
import type { InFlight } from './in-flight.ts';
import type { TakeBody } from './write/fresh-body.ts';
import type { ShareSignal } from '../async/shared-signal.ts';
import type { ResolvedOptions } from './options.ts';
import type { StateStore } from './state-store.ts';
import type { Queue } from '../async/concurrency.ts';

/** The places of a write at which a crash leaves different things behind. */
export type WritePoint = 'before-put' | 'after-put' | 'before-commit' | 'after-commit';

/** What a store is made of. The library works on this; users hold a `StateStore`. */
export interface Internals extends Omit<ResolvedOptions, 'metastore' | 'onEvent'>, InFlight {
  readonly metastore: OpenMetastore;
  readonly timer: Timer;
  /** Awaited before an object is put: makes sure, once, that metastore and object store know of each other (`objects/lineage.ts`). */
  readonly beforeObject: (call: CallOptions) => Promise<void>;
  /** Called around the puts and the commit of a write, and waited for; only tests set it (`withCoreParts()`). */
  readonly writePoint?: (point: WritePoint) => void | Promise<void>;
  /** Called at the places of the crash table; only tests set it (`job/protocol/crash-point.ts`). */
  readonly crashPoint?: (gap: `G${number}`) => void | Promise<void>;
  /** Joins the one listener on a caller's signal. */
  readonly shareSignal: ShareSignal;
  /** Takes the body of a stream, once. */
  readonly takeBody: TakeBody;
  /** Queues codecs that work on many bytes. */
  readonly codecQueue: Queue;
  /** The external jobs that tasks use in this process, by path and record (`job/protocol/cancel-job.ts`). */
  readonly usedJobs: Map<string, object>;
  /** Hands an event to the user's listener and to the counters; never throws. */
  emit(event: StateEvent): void;
}

const key = Symbol('mooring.internals');

/** Puts the internals behind the public face. */
export function withInternals<Store extends StateStore>(store: Store, parts: Internals): Store {
  return Object.defineProperty(store, key, { value: parts });
}

/**
 * The internals behind a store.
 *
 * @throws {@link ConfigError} if `createStateStore()` of this copy of the library did not make it.
 */
export function internalsOf(store: StateStore): Internals {
  const parts = (store as { [key]?: Internals } | undefined)?.[key];
  // Without what was received: it may be the address of a server, with its password.
  if (!parts) throw new ConfigError('store', 'must come from createStateStore()');
  return parts;
}

/**
 * Checks what an option must be: a store.
 *
 * @throws {@link ConfigError} if `createStateStore()` of this copy of the library did not make it.
 */
export const requireStore: Check = (store) => void internalsOf(store as StateStore);
