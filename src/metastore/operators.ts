import type { CallOptions } from '../async/deadline.ts';
import type { RawOrphan } from '../format/record.ts';
import type { Fence, WriteId } from '../format/write-id.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { ScopeAddress } from './scope-address.ts';
import type { Stale } from './values.ts';

/** What people and tools ask of a scope as a whole: its orphans, its cancellation, a look at it, its end. */

/** External jobs that no record holds any more. */
export interface MetastoreOrphans {
  /** Lists an orphan, unless the record holds that ID: then `held`. `json` is completed by the server's time. */
  add(
    scope: ScopeAddress,
    orphan: { name: string; idDigest: string; json: string },
    call: CallOptions,
  ): Promise<'listed' | 'held'>;
  forget(scope: ScopeAddress, orphan: Pick<RawOrphan, 'name' | 'idDigest'>, call: CallOptions): Promise<void>;
}

/** What is noted in the scope of a task, so that its external jobs can be cancelled from anywhere. */
export interface MetastoreTasks {
  /** Notes that somebody asked for the cancellation of a runtime's job; its next attempt hears of it when it begins. */
  requestCancel(scope: ScopeAddress, request: { job: string; reason: string }, call: CallOptions): Promise<void>;
  /** Notes items of the task that have records, unless a newer attempt holds the fence of the task. */
  addItems(
    scope: ScopeAddress,
    request: { items: readonly string[]; fence: Fence; nonce: string; retention: RetentionMs },
    call: CallOptions,
  ): Promise<{ kind: 'ok' } | Stale>;
}

/** What an operator sees of a scope. */
export interface Inspected {
  recorded: string | undefined;
  /** Which attempt took the fence last, for people. */
  holder: string | undefined;
  records: readonly { name: string; text: string }[];
  orphans: readonly RawOrphan[];
  /** Last segments of the paths of the task's items that may have records. */
  items: readonly string[];
}

/** What `clear()` did; or the records that forbid it, as text, because their submit is unresolved. */
export type ClearReply = { kind: 'ok' } | { kind: 'ambiguous'; name: string; text: string };

/** Scopes as a whole. */
export interface MetastoreScopes {
  /** Paths of scopes, in no order, each at least once while it is there throughout. */
  paths(prefix: string, call: CallOptions): AsyncIterable<string>;
  inspect(scope: ScopeAddress, call: CallOptions): Promise<Inspected>;
  /** Takes over the fence (same number, `id.nonce`), leaves tombstones and the next submission numbers, lists active jobs as orphans. */
  clear(scope: ScopeAddress, id: WriteId, call: CallOptions): Promise<ClearReply>;
}
