import type { CallOptions } from '../async/deadline.ts';
import type { SupersededObject } from '../format/superseded.ts';
import type { ScopeAddress } from './scope-address.ts';

/** Finding and removing what has expired. */

/** One page of a sweep through a scope. */
export interface SweepRequest {
  /** Names this sweep of the scope, so that `end` knows whether something became due since its first page. 16 characters. */
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

/** Sweeps, scope by scope and page by page. */
export interface MetastoreSweep {
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
  page(scope: ScopeAddress, request: SweepRequest, call: CallOptions): Promise<SweptPage>;
  /** Takes objects that were deleted off the superseded list. */
  forget(scope: ScopeAddress, objects: readonly string[], call: CallOptions): Promise<void>;
  /**
   * Called after the last page, and only when all objects that the pages named are forgotten. The scope is next due at `nextDue`,
   * the earliest of all pages, or never. If something became due meanwhile, the time stays unchanged. Without this call the scope
   * stays due.
   */
  end(scope: ScopeAddress, end: { nonce: string; nextDue: number | undefined }, call: CallOptions): Promise<void>;
}
