import type { CallOptions } from '../../async/deadline.ts';
import type { Random } from '../../async/random.ts';
import type { StoredEntry } from '../../format/entry.ts';
import { NEVER } from '../../format/head.ts';
import { createWriter, drawNonce, UNFENCED, type Writer } from '../../format/write-id.ts';
import type { ScopeAddress } from '../../metastore/metastore.ts';
import { StaleAttemptError, type ErrorContext } from '../../model/errors/store.ts';
import type { AssetScope, TaskScope } from '../../model/scope.ts';
import type { RetentionMs } from '../../model/retention.ts';
import type { Internals } from '../internals.ts';
import type { Entry } from '../state-handle.ts';

/** What every operation of a handle works on: the store, the scope, and who reads and writes. */
export interface HandleDeps {
  readonly core: Internals;
  readonly scope: TaskScope | AssetScope;
  readonly address: ScopeAddress;
  readonly access: Access;
  /** Whether the scope's fence decides on writes: never on those of an asset. */
  readonly fenced: boolean;
  /** How long a value is kept if its write does not say it. */
  readonly retention: RetentionMs;
}

/** In whose name a handle reads and writes. */
export interface Access {
  /** Whether the scope's fence decides. */
  readonly fenced: boolean;
  /** What entries record as their writer; `undefined` for people and tools. */
  readonly by: TaskScope | undefined;
  /** Called before the first I/O of every operation: an attempt begins here, and throws or rejects once it has ended. */
  writer(call: CallOptions): Writer | Promise<Writer>;
  /** Called around every operation. Returns its promise, whose rejection it may count as handled. */
  during<T>(operation: () => Promise<T>): Promise<T>;
  /** A write was refused: a newer attempt owns the scope. Returns the error to throw. */
  refused(where: ErrorContext, holder: string | undefined): StaleAttemptError;
}

/** Access for people and tools, without a fence. */
export function unfencedAccess(random: Random): Access {
  const writer = createWriter(UNFENCED, drawNonce('tool', random));
  const refused: Access['refused'] = (where, holder) => new StaleAttemptError('an attempt holds the fence', { ...where, holder });
  return { fenced: false, by: undefined, writer: () => writer, during: (operation) => operation(), refused };
}

/** What users see of an entry. */
export function publicEntry(key: string, entry: Omit<StoredEntry, 'kind' | 'body'>): Entry {
  const { version, meta, updatedAt, expiresAt } = entry;
  return {
    key,
    version,
    size: meta.size,
    offloaded: meta.ref !== undefined,
    updatedAt: new Date(updatedAt),
    expiresAt: expiresAt === NEVER ? undefined : new Date(expiresAt),
    writer: meta.writer,
  };
}
