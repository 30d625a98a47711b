import type { CallOptions, Timer } from '../async/deadline.ts';
import type { Clock } from '../async/clock.ts';
import { ConfigError } from '../model/errors/store.ts';
import type { EntryMeta } from '../format/entry.ts';
import type { Fence, Version, WriteId } from '../format/write-id.ts';
import type { Logger } from '../observe/logger.ts';
import type { Random } from '../async/random.ts';
import type { RawOrphan } from '../format/record.ts';
import type { RecordLetter } from '../format/record-head.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { ScopeAddress } from './scope-address.ts';
import type { MetastoreUpkeep } from './upkeep.ts';

export { LATENESS } from './lifetimes.ts';
export { scopeAddress, type ScopeAddress } from './scope-address.ts';
export type { Lineage, ServerFacts, SweptPage } from './upkeep.ts';

/**
 * The small store that decides: fences, entries, inline values, external-job records. Every operation is one atomic step at the
 * server, by the server's clock. A returned refusal is definite: nothing was written. A write that may have been applied rejects
 * with `OutcomeUnknownError`, also if it was refused only after a resend. If certainly nothing was sent, or the server said no,
 * it rejects with `StoreUnavailableError`. Texts of entries and records are handed out as stored; their reader knows the scope
 * and the key for its errors.
 */

const brand: unique symbol = Symbol.for('mooring.metastore');

/** `redisMetastore()` or `memoryMetastore()`; its methods are private. */
export interface Metastore {
  readonly [brand]: 'metastore';
}

/** What a store gives its metastore. */
export interface MetastoreContext {
  namespace: string;
  /** Milliseconds; the longest that one call may take. */
  commandTimeout: number;
  clock: Clock;
  timer: Timer;
  random: Random;
  logger: Logger | undefined;
}

/** A metastore before a store opens it. */
export interface ClosedMetastore extends Metastore {
  open(context: MetastoreContext): OpenMetastore;
}

/** Marks what a factory made. */
export function closedMetastore(open: ClosedMetastore['open']): ClosedMetastore {
  return { [brand]: 'metastore', open };
}

/**
 * The operations behind the public type.
 *
 * @throws {@link ConfigError} when the value does not come from a factory of this library.
 */
export function openMetastore(metastore: Metastore, context: MetastoreContext): OpenMetastore {
  const candidate = metastore as Partial<ClosedMetastore> | undefined;
  if (candidate?.[brand] !== 'metastore' || typeof candidate.open !== 'function') {
    throw new ConfigError('metastore', 'must come from redisMetastore() or memoryMetastore()', metastore);
  }
  return candidate.open(context);
}

/** An entry as stored: its text, and the bytes of an inline value. */
export interface RawEntry {
  text: string;
  body?: Uint8Array;
}

/** One change of one key, as part of a write. */
export interface ValueChange {
  /** The name of the key, from `keyName()` or `resultName()`. */
  name: string;
  /** Absent: delete, which leaves a tombstone. */
  put?: { meta: EntryMeta; body: Uint8Array | undefined; retention: RetentionMs };
  /** Compare first. An expired entry and a tombstone are `'absent'`. */
  expect?: Version | 'absent';
}

/** Values that are written together, all or none. */
export interface ValueWrite {
  id: WriteId;
  /** Whether the scope's fence decides; a person's or a tool's write, and any write of asset state, is not fenced. */
  fenced: boolean;
  /** The metastore's time when the write began, from `now()`. */
  began: number;
  changes: readonly ValueChange[];
  /** The caller sends this write ID again: no refusal of it is definite. */
  resent: boolean;
}

/** When a write was applied, and until when each of its entries lives. */
export interface Applied {
  kind: 'ok';
  now: number;
  entries: readonly { updatedAt: number; expiresAt: number }[];
}

/** A newer attempt, or another run of this one, holds the fence. `holder`: who that is, if it is known. */
export interface Stale {
  kind: 'stale';
  holder?: string;
}

/** Who holds the fence. Nobody is named if an older version took it. */
export const holderOf = ({ holder = 'another attempt' }: Stale): string => holder;

/**
 * `old`: this writer's own later write of a key is there already, so this one counts as overwritten; nothing was written.
 */
export type WriteReply =
  | Applied
  | Stale
  | { kind: 'late' | 'old' }
  | { kind: 'conflict'; name: string; current: Version | 'absent' };

/** The first step of an attempt: the fence, and what it wants to read at once. */
export interface BeginRequest {
  fence: Fence;
  /**
   * The fence comes from `draw()`. In that case a fence that was drawn longer ago than the lateness limit (1 hour) is stale. The
   * scope of a finished job may have ended meanwhile, and its fence with it. It would look new to an attempt that slept since its
   * proof.
   */
  drawn: boolean;
  nonce: string;
  /** The runtime says that this is the first attempt. */
  first: boolean;
  /** When the runtime created the job, in milliseconds. */
  createdAt: number;
  /** Records, by externalIdKey name, each returned with the entry of its result. */
  records: readonly string[];
  /** Who takes the fence, for people: attempt, host, process, and since when. */
  holder: string;
  /** The runtime's job, of which a cancellation may have been requested. */
  job: string;
}

/** What a record looks like to the metastore. `text` is read by `format/record.ts`. */
export interface RawRecord {
  text: string;
  result: RawEntry | undefined;
}

/** An attempt that holds the fence. */
export interface Begun {
  kind: 'ok';
  now: number;
  /** When state was noted as lost, in milliseconds: the fence of an earlier attempt should be there and was not. */
  lostAt: number | undefined;
  records: readonly (RawRecord | undefined)[];
  /** Why somebody asked for the cancellation of this job, from anywhere; absent: nobody did. */
  cancelRequest?: string;
  /** Whether this very fence and nonce was in place already: this was a resend, or a read again. Absent counts as false. */
  held?: boolean;
}

/** One write of an external-job record; the order of its checks is in `docs/design.md`, with a reason for each. */
export interface RecordWrite {
  id: WriteId;
  /** From `encodeSegment('externalIdKey', …)`. */
  name: string;
  letter: RecordLetter;
  submission: number;
  /** Digest of the external ID, 32 hex digits; zeros if there is none. */
  idDigest: string;
  json: string;
  retention: RetentionMs;
  /** The record's write ID as this attempt last saw it; `undefined` for no record. */
  basis: Version | undefined;
  /** Takes back the `submitting` that this very attempt wrote; the letter is then `n` or `s`. */
  withdraw: boolean;
  /** The external job that a `submitting` takes the place of: an orphan from this step on, until it was cancelled. */
  replaces?: { idDigest: string; json: string };
  /** The result of a finished job, in the same step. */
  result?: Omit<ValueChange, 'expect'>;
  resent: boolean;
}

/**
 * `changed`: the record is not the one that was decided on. `gone`: the attempt's own fence is not there any more.
 * `old`: a later write of this attempt is there.
 */
export type RecordReply =
  | { kind: 'ok'; now: number; version: Version; updatedAt: number; expiresAt: number }
  | Stale
  | { kind: 'old' | 'changed' | 'gone' };

/** A person's answer: decided by the record's write ID alone, whatever the fence. */
export interface RecordAnswer extends Pick<
  RecordWrite,
  'id' | 'name' | 'letter' | 'submission' | 'idDigest' | 'json' | 'retention'
> {
  basis: Version;
}

/** What an operator sees of a scope. */
export interface Inspected {
  recorded: string | undefined;
  records: readonly { name: string; text: string }[];
  orphans: readonly RawOrphan[];
  /** Last segments of the paths of the task's items that may have records. */
  items: readonly string[];
}

/** What `clear()` did; or the records that forbid it, as text, because their submit is unresolved. */
export type ClearReply = { kind: 'ok' } | { kind: 'ambiguous'; name: string; text: string };

/** A metastore within one namespace. */
export interface OpenMetastore extends MetastoreUpkeep {
  /** `redis` or `memory`; the `store` of errors. */
  readonly name: string;
  /** Rejects if the server cannot be used: unreachable, too old, read-only, full. Warns, once, if it may evict. */
  ready(call: CallOptions): Promise<void>;
  /** A lower bound of the server's time now, in milliseconds. At most one round trip per store. */
  now(call: CallOptions): Promise<number>;

  /** A fence that is higher than any drawn before in this scope, and at least the server's time in microseconds. */
  draw(scope: ScopeAddress, call: CallOptions): Promise<Fence>;
  /** Installs the fence and reads, in one step. The same fence and nonce again is a resend. Makes the namespace's birth known. */
  begin(scope: ScopeAddress, request: BeginRequest, call: CallOptions): Promise<Begun | Stale>;

  /** Entries that have not expired; no tombstones. In the order of `names`. */
  read(scope: ScopeAddress, names: readonly string[], call: CallOptions): Promise<readonly (RawEntry | undefined)[]>;
  write(scope: ScopeAddress, write: ValueWrite, call: CallOptions): Promise<WriteReply>;
  /** Users' entries without their values, in no order, each once. */
  list(scope: ScopeAddress, call: CallOptions): AsyncIterable<{ name: string; text: string }>;
  /** Takes over the fence (same number, `id.nonce`), leaves tombstones and the next submission numbers, lists active jobs as orphans. */
  clear(scope: ScopeAddress, id: WriteId, call: CallOptions): Promise<ClearReply>;

  writeRecord(scope: ScopeAddress, write: RecordWrite, call: CallOptions): Promise<RecordReply>;
  /** Keeps a record that an attempt waits on, as long as its write ID is still this one. */
  refresh(
    scope: ScopeAddress,
    record: { name: string; basis: Version; retention: RetentionMs },
    call: CallOptions,
  ): Promise<void>;
  /** Lists an orphan, unless the record holds that ID: then `held`. `json` is completed by the server's time. */
  listOrphan(
    scope: ScopeAddress,
    orphan: { name: string; idDigest: string; json: string },
    call: CallOptions,
  ): Promise<'listed' | 'held'>;
  /**
   * After success: the whole scope ends after `within`, if this attempt still holds the fence. A new attempt that begins earlier
   * takes the end away; one that begins later starts empty. With `keepFence` the fence outlives the end. Without it the whole
   * hash goes then, but never sooner than twice the lateness limit: the refusal of an old draw relies on that.
   */
  settle(
    scope: ScopeAddress,
    request: { fence: Fence; nonce: string; within: number; keepFence: boolean },
    call: CallOptions,
  ): Promise<void>;

  /** Notes that somebody asked for the cancellation of a runtime's job; its next attempt hears of it when it begins. */
  requestCancel(scope: ScopeAddress, request: { job: string; reason: string }, call: CallOptions): Promise<void>;
  /** Notes, in the scope of a task, items of it that have records, unless a newer attempt holds the fence of the task. */
  addItems(
    scope: ScopeAddress,
    request: { items: readonly string[]; fence: Fence; nonce: string; retention: RetentionMs },
    call: CallOptions,
  ): Promise<{ kind: 'ok' } | Stale>;

  answerRecord(
    scope: ScopeAddress,
    answer: RecordAnswer,
    call: CallOptions,
  ): Promise<{ kind: 'ok' } | { kind: 'conflict'; current: Version | 'absent' }>;
  forgetOrphan(scope: ScopeAddress, orphan: Pick<RawOrphan, 'name' | 'idDigest'>, call: CallOptions): Promise<void>;
  /** Paths of scopes, in no order, each at least once while it is there throughout. */
  scopes(prefix: string, call: CallOptions): AsyncIterable<string>;
  inspect(scope: ScopeAddress, call: CallOptions): Promise<Inspected>;
}
