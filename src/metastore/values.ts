import type { CallOptions } from '../async/deadline.ts';
import type { EntryMeta } from '../format/entry.ts';
import type { Version, WriteId } from '../format/write-id.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { ScopeAddress } from './scope-address.ts';

/** Entries and inline values: read, written and listed. */

/** An entry as stored: its text, and the bytes of an inline value. */
export interface RawEntry {
  text: string;
  body?: Uint8Array;
}

/** An inline value on its way: bytes, or JSON as text, which a client sends faster. */
export type InlineBody = Uint8Array | string;

/** One change of one key, as part of a write. */
export interface ValueChange {
  /** The name of the key, from `keyName()` or `resultName()`. */
  name: string;
  /** Absent: delete, which leaves a tombstone. */
  put?: { meta: EntryMeta; body: InlineBody | undefined; retention: RetentionMs } | undefined;
  /** Compare first. An expired entry and a tombstone are `'absent'`. */
  expect?: Version | 'absent' | undefined;
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

/** When a write was applied; the same for a resend. */
export interface Applied {
  kind: 'ok';
  now: number;
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

/** Values of a scope. */
export interface MetastoreValues {
  /** Entries that have not expired; no tombstones. In the order of `names`. */
  read(scope: ScopeAddress, names: readonly string[], call: CallOptions): Promise<readonly (RawEntry | undefined)[]>;
  write(scope: ScopeAddress, write: ValueWrite, call: CallOptions): Promise<WriteReply>;
  /** Users' entries without their values, in no order, each once. */
  list(scope: ScopeAddress, call: CallOptions): AsyncIterable<{ name: string; text: string }>;
}
