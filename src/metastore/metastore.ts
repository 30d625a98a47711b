import type { CallOptions, Timer } from '../call.ts';
import type { Clock } from '../clock.ts';
import { ConfigError } from '../errors.ts';
import type { EntryMeta } from '../entry.ts';
import type { Fence, Version, WriteId } from '../fence.ts';
import type { Logger } from '../logger.ts';
import type { Random } from '../random.ts';
import type { RecordLetter } from '../record-head.ts';
import type { RetentionMs } from '../retention.ts';

/**
 * The small store that decides: fences, entries, inline values, external-job records. Every operation is one atomic step at the
 * server, by the server's clock. What it returns as a refusal is definite: nothing was written. A write that may have been
 * applied, also one that was refused only after a resend, rejects with `OutcomeUnknownError`; where certainly nothing was sent or
 * the server said no, with `StoreUnavailableError`. Texts of entries and records are handed out as they are stored; who reads
 * them knows the scope and the key for its errors.
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
 * @throws {@link ConfigError} when it is not of a factory of this library.
 */
export function openMetastore(metastore: Metastore, context: MetastoreContext): OpenMetastore {
  const candidate = metastore as Partial<ClosedMetastore> | undefined;
  if (candidate?.[brand] !== 'metastore' || typeof candidate.open !== 'function') {
    throw new ConfigError('metastore', 'must come from redisMetastore() or memoryMetastore()', metastore);
  }
  return candidate.open(context);
}

/** Whose state; `recorded` is the scope as JSON, kept beside it where the path holds a digest. */
export interface ScopeAddress {
  path: string;
  recorded?: string;
}

/** An entry as stored: its text, and the bytes of an inline value. */
export interface RawEntry {
  text: string;
  body?: Uint8Array;
}

/** One change of one key, as part of a write. */
export interface ValueChange {
  /** Of `keyName()` or `resultName()`. */
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

/**
 * `old`: this writer's own later write of a key is there already, so this one counts as overwritten; nothing was written.
 * `moved`: the asset was declared to be the one at `path`.
 */
export type WriteReply =
  | Applied
  | { kind: 'stale' | 'late' | 'old' }
  | { kind: 'conflict'; name: string; current: Version | 'absent' }
  | { kind: 'moved'; path: string };

/** The first step of an attempt: the fence, and what it wants to read at once. */
export interface BeginRequest {
  fence: Fence;
  /**
   * The fence comes from `draw()`. Then one that was drawn longer ago than the lateness limit (1 hour) is stale: the scope of a
   * finished job may have ended meanwhile, its fence with it, and would look new to an attempt that slept since its proof.
   */
  drawn: boolean;
  nonce: string;
  /** The runtime says that this is the first attempt. */
  first: boolean;
  /** When the runtime created the job, in milliseconds. */
  createdAt: number;
  /** Records, by externalIdKey name, each returned with the entry of its result. */
  records: readonly string[];
}

/** What a record looks like to the metastore. `text` is read by `job/record.ts`. */
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
  /** Whether this very fence and nonce was in place already: this was a resend, or a read again. Absent counts as false. */
  held?: boolean;
}

/** One write of an external-job record; the order of its checks is in `docs/design.md`, with a reason for each. */
export interface RecordWrite {
  id: WriteId;
  /** Of `encodeSegment('externalIdKey', …)`. */
  name: string;
  letter: RecordLetter;
  submission: number;
  /** Digest of the external ID, 32 hex digits; zeros where there is none. */
  idDigest: string;
  json: string;
  retention: RetentionMs;
  /** The record's write ID as this attempt last saw it; `undefined` for no record. */
  basis: Version | undefined;
  /** Takes back the `submitting` that this very attempt wrote; the letter is then `n` or `s`. */
  withdraw: boolean;
  /** The result of a finished job, in the same step. */
  result?: Omit<ValueChange, 'expect'>;
  resent: boolean;
}

/**
 * `changed`: the record is not the one that was decided on. `gone`: the attempt's own fence is not there any more.
 * `stale`: a newer attempt, or another run of this one, holds the fence. `old`: a later write of this attempt is there.
 */
export type RecordReply =
  | { kind: 'ok'; now: number; version: Version; updatedAt: number; expiresAt: number }
  | { kind: 'stale' | 'old' | 'changed' | 'gone' };

/** A person's answer: decided by the record's write ID alone, whatever the fence. */
export interface RecordAnswer extends Pick<
  RecordWrite,
  'id' | 'name' | 'letter' | 'submission' | 'idDigest' | 'json' | 'retention'
> {
  basis: Version;
}

/** An external job that no record holds. `text` is `<since> <JSON>`. */
export interface RawOrphan {
  /** Of the record, and the digest of the external ID: together the orphan's identity. */
  name: string;
  idDigest: string;
  text: string;
}

/** What an operator sees of a scope. */
export interface Inspected {
  recorded: string | undefined;
  records: readonly { name: string; text: string }[];
  orphans: readonly RawOrphan[];
}

/** What `clear()` did; or the records that forbid it, as text, because their submit is unresolved. */
export type ClearReply = { kind: 'ok' } | { kind: 'ambiguous'; name: string; text: string } | { kind: 'moved'; path: string };

/** A superseded object, as the list of its scope has it. */
export interface SupersededObject {
  /** Alias of its object store. */
  store: string;
  object: string;
  /** Bytes in the object; 0 where that is not known. */
  storedSize: number;
}

/** One page of a sweep through a scope. */
export interface SweepRequest {
  /** Names this sweep of the scope, so that `sweepEnd` knows whether something became due since its first page. 16 characters. */
  nonce: string;
  /** `'0'` for the first page, then what the page before answered. */
  cursor: string;
  /** About as many fields as this are looked at. */
  count: number;
  /** Milliseconds for which a superseded object is kept. */
  grace: number;
  /** Changes nothing, and answers as if it had. */
  dryRun: boolean;
}

/** What a page came to. Entries are removed by now, their objects on the superseded list; the objects are for the caller to delete. */
export interface SweptPage {
  /** `'0'`: this was the last page. */
  cursor: string;
  /** Names of entries that had expired. */
  entries: readonly string[];
  /** Superseded longer than the grace, and not what an entry of the scope refers to. */
  objects: readonly SupersededObject[];
  /**
   * When the next of what this page leaves becomes due, in milliseconds; `undefined`: nothing of it does. The objects that it names
   * do not count; a reference without end counts as `NEVER`, since by the index a scope is known to refer to objects.
   */
  nextDue: number | undefined;
}

/** In the order of the question. `moved`: entries of the asset lie at that path; `held` is then what is still needed here. */
export type HeldObjects = readonly boolean[] | { moved: string; held: readonly boolean[] };

/** An entry that was lost, as its object tells it. */
export interface Restoration {
  /** Of the object's name. */
  id: WriteId;
  name: string;
  /** With a reference. */
  meta: EntryMeta;
  /** From now. */
  retention: RetentionMs;
  /** An object that is gone: an entry that refers to it is replaced. */
  instead: string | undefined;
  /** Without it nothing is changed, and the answer is what it would be. */
  apply: boolean;
}

/** What the metastore knows of its own past, over all shards. */
export interface Lineage {
  /** The latest birth of a shard, in milliseconds; `undefined` where a shard has none. */
  bornAt: number | undefined;
  /** The lowest and the highest generation of a shard; 0 where none was ever raised. */
  generation: { lowest: number; highest: number };
}

/** What a server of the metastore says of itself; each `undefined` where it may not be asked. */
export interface ServerFacts {
  version: string | undefined;
  /** What it does when its memory is full. */
  evictionPolicy: string | undefined;
  persistence: { appendOnlyFile: boolean; snapshots: boolean | undefined; failing: boolean } | undefined;
  /** Replicas that follow it now. */
  replicas: number | undefined;
}

/** What `doctor()` looks at. */
export interface MetastoreFacts {
  /** Each server that takes writes; none where state is kept in this process. */
  servers: readonly ServerFacts[];
  /** The server's clock, in milliseconds, asked now. */
  now: number;
}

/** A metastore within one namespace. */
export interface OpenMetastore {
  /** `redis` or `memory`; the `store` of errors. */
  readonly name: string;
  /** Rejects where the server cannot be used: unreachable, too old, read-only, full. Warns, once, where it may evict. */
  ready(call: CallOptions): Promise<void>;
  /** A lower bound of the server's time now, in milliseconds. At most one round trip per store. */
  now(call: CallOptions): Promise<number>;

  /** A fence that is higher than any drawn before in this scope, and at least the server's time in microseconds. */
  draw(scope: ScopeAddress, call: CallOptions): Promise<Fence>;
  /** Installs the fence and reads, in one step. The same fence and nonce again is a resend. Makes the namespace's birth known. */
  begin(scope: ScopeAddress, request: BeginRequest, call: CallOptions): Promise<Begun | { kind: 'stale' }>;

  /** Entries that have not expired; no tombstones. In the order of `names`. */
  read(
    scope: ScopeAddress,
    names: readonly string[],
    call: CallOptions,
  ): Promise<readonly (RawEntry | undefined)[] | { moved: string }>;
  write(scope: ScopeAddress, write: ValueWrite, call: CallOptions): Promise<WriteReply>;
  /** Users' entries without their values, in no order, each once. */
  list(scope: ScopeAddress, call: CallOptions): AsyncIterable<{ name: string; text: string } | { moved: string }>;
  /** Takes over the fence (same number, `id.nonce`), leaves tombstones and the next submission numbers, lists active jobs as orphans. */
  clear(scope: ScopeAddress, id: WriteId, call: CallOptions): Promise<ClearReply>;
  /** Declares that an asset's URI and name are one. `taken`: both hold state of their own. */
  declare(uriPath: string, namePath: string, call: CallOptions): Promise<'ok' | 'taken'>;

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
   * takes the end away; one that begins later starts empty. `keepFence`: the fence outlives the end; without it the whole hash
   * goes then, but never sooner than twice the lateness limit, on which the refusal of an old draw counts.
   */
  settle(
    scope: ScopeAddress,
    request: { fence: Fence; nonce: string; within: number; keepFence: boolean },
    call: CallOptions,
  ): Promise<void>;

  answerRecord(
    scope: ScopeAddress,
    answer: RecordAnswer,
    call: CallOptions,
  ): Promise<{ kind: 'ok' } | { kind: 'conflict'; current: Version | 'absent' }>;
  forgetOrphan(scope: ScopeAddress, orphan: Pick<RawOrphan, 'name' | 'idDigest'>, call: CallOptions): Promise<void>;
  /** Paths of scopes, in no order, each at least once while it is there throughout. */
  scopes(prefix: string, call: CallOptions): AsyncIterable<string>;
  inspect(scope: ScopeAddress, call: CallOptions): Promise<Inspected>;

  /**
   * Paths of scopes in which something is due by then (server's milliseconds), the longest due first within a shard. No path
   * twice, also where its time changes meanwhile; each that is due throughout. One that becomes due earlier meanwhile may be
   * missing. Holds no more in memory than the paths that are due in one shard of 256, and the first 250 of each of 64.
   */
  due(until: number, call: CallOptions): AsyncIterable<string>;
  /**
   * One page of a sweep: removes what has expired, checked again in the same step, and names the objects that may go. A name may
   * come twice where fields are added meanwhile. Makes no birth known, and keeps no fence for longer; what is still on the
   * superseded list keeps the scope.
   */
  sweepPage(scope: ScopeAddress, request: SweepRequest, call: CallOptions): Promise<SweptPage>;
  /** Takes objects that were deleted off the superseded list. */
  forgetObjects(scope: ScopeAddress, objects: readonly string[], call: CallOptions): Promise<void>;
  /**
   * After the last page, and only when all objects that the pages named are forgotten: the scope is next due at `nextDue`, the
   * earliest of all pages, or never; as it was, where something became due meanwhile. Without it the scope stays due.
   */
  sweepEnd(scope: ScopeAddress, end: { nonce: string; nextDue: number | undefined }, call: CallOptions): Promise<void>;
  /** Whether each object is what an entry of the scope, expired or not, refers to, or is on its superseded list. */
  holds(scope: ScopeAddress, objects: readonly { name: string; object: string }[], call: CallOptions): Promise<HeldObjects>;
  /**
   * Puts an entry back that was lost, with the write ID that its object's name has: only where the key has neither an entry nor a
   * tombstone, expired or not, or one that refers to `instead` (an object that is gone), and the object is not on the superseded
   * list. An asset that lies at another path is `there`. Sent twice by the client, it may say `there` of what it restored itself.
   */
  restore(scope: ScopeAddress, entry: Restoration, call: CallOptions): Promise<'restored' | 'there'>;
  lineage(call: CallOptions): Promise<Lineage>;
  /** Makes the births of all shards known, as the first write does. */
  bear(call: CallOptions): Promise<void>;
  /** Raises the generation of every shard to at least this. */
  raise(generation: number, call: CallOptions): Promise<void>;
  facts(call: CallOptions): Promise<MetastoreFacts>;
}
