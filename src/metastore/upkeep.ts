import type { CallOptions } from '../async/deadline.ts';
import type { EntryMeta } from '../format/entry.ts';
import type { SupersededObject } from '../format/superseded.ts';
import type { WriteId } from '../format/write-id.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { ScopeAddress } from './scope-address.ts';

/** What tools do with a metastore: find and remove what has expired, ask about objects, put back what was lost. */

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

/** What a page came to. Its entries are removed, and their objects are on the superseded list; the caller deletes the objects. */
export interface SweptPage {
  /** `'0'`: this was the last page. */
  cursor: string;
  /** Names of entries that had expired. */
  entries: readonly string[];
  /** Objects that were superseded longer ago than the grace, and that no entry of the scope refers to. */
  objects: readonly SupersededObject[];
  /**
   * When the next thing that this page leaves becomes due, in milliseconds; `undefined`: nothing does. The objects that the page
   * names do not count. A reference without end counts as `NEVER`, since the index tells which scopes refer to objects.
   */
  nextDue: number | undefined;
}

/** An entry that was lost, as its object tells it. */
export interface Restoration {
  /** The write ID that the object's name says. */
  id: WriteId;
  name: string;
  /** The JSON of the entry, with a reference to the object. */
  meta: EntryMeta;
  /** How long the entry is kept from now on. */
  retention: RetentionMs;
  /** An object that is gone: an entry that refers to it is replaced. */
  instead: string | undefined;
  /** Whether the entry is written. Otherwise nothing is changed, and the answer is what it would be. */
  apply: boolean;
}

/** What the metastore knows of its own past, over all shards. */
export interface Lineage {
  /** The latest birth of a shard, in milliseconds; `undefined` if a shard has none. */
  bornAt: number | undefined;
  /**
   * Drawn at birth, 16 letters and digits: tells apart two metastores that were born in the same millisecond. `undefined` until
   * `bear()`.
   */
  name: string | undefined;
  /** The lowest and the highest generation of a shard; 0 if none was ever raised. */
  generation: { lowest: number; highest: number };
}

/** What a server of the metastore says of itself; each `undefined` if it may not be asked. */
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
  /** Each server that takes writes; none if state is kept in this process. */
  servers: readonly ServerFacts[];
  /** The server's clock, in milliseconds, asked now. */
  now: number;
}

/** The part of a metastore that tools call. */
export interface MetastoreUpkeep {
  /**
   * Paths of scopes in which something is due by then (server's milliseconds), the longest due first within a shard. No path
   * comes twice, also if its time changes meanwhile. Each path that is due throughout comes; one that becomes due earlier
   * meanwhile may be missing. Memory holds no more than the paths that are due in one shard of 256, and the first 250 of each of
   * 64.
   */
  due(until: number, call: CallOptions): AsyncIterable<string>;
  /**
   * One page of a sweep: removes what has expired, checked again in the same step, and names the objects that may go. A name may
   * come twice if fields are added meanwhile. A page makes no birth known, and keeps no fence for longer; what is still on the
   * superseded list keeps the scope.
   */
  sweepPage(scope: ScopeAddress, request: SweepRequest, call: CallOptions): Promise<SweptPage>;
  /** Takes objects that were deleted off the superseded list. */
  forgetObjects(scope: ScopeAddress, objects: readonly string[], call: CallOptions): Promise<void>;
  /**
   * Called after the last page, and only when all objects that the pages named are forgotten. The scope is next due at `nextDue`,
   * the earliest of all pages, or never. If something became due meanwhile, the time stays unchanged. Without this call the scope
   * stays due.
   */
  sweepEnd(scope: ScopeAddress, end: { nonce: string; nextDue: number | undefined }, call: CallOptions): Promise<void>;
  /**
   * Whether the scope knows each object, in the order of the question: an entry, expired or not, refers to it, or it is on the
   * superseded list.
   */
  holds(
    scope: ScopeAddress,
    objects: readonly { name: string; object: string }[],
    call: CallOptions,
  ): Promise<readonly boolean[]>;
  /**
   * Puts a lost entry back, with the write ID of its object's name. The key must have neither an entry nor a tombstone, expired
   * or not, except an entry that refers to `instead` (an object that is gone). The object must not be on the superseded list. If
   * the client sends this twice, the answer may be `there` for what it restored itself.
   */
  restore(scope: ScopeAddress, entry: Restoration, call: CallOptions): Promise<'restored' | 'there'>;
  lineage(call: CallOptions): Promise<Lineage>;
  /** Makes the births of all shards known, as the first write does, and gives the metastore this name if it has none. */
  bear(name: string, call: CallOptions): Promise<void>;
  /** Raises the generation of every shard to at least this. */
  raise(generation: number, call: CallOptions): Promise<void>;
  facts(call: CallOptions): Promise<MetastoreFacts>;
}
