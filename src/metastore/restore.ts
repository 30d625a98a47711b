import type { CallOptions } from '../async/deadline.ts';
import type { EntryMeta } from '../format/entry.ts';
import type { WriteId } from '../format/write-id.ts';
import type { RetentionMs } from '../model/retention.ts';
import type { ScopeAddress } from './scope-address.ts';

/** Asking about objects, and putting back what was lost. */

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

/** References of entries to objects. */
export interface MetastoreReferences {
  /**
   * Whether the scope knows each object, in the order of the question: an entry, expired or not, refers to it, or it is on the
   * superseded list.
   */
  held(scope: ScopeAddress, objects: readonly { name: string; object: string }[], call: CallOptions): Promise<readonly boolean[]>;
  /**
   * Puts a lost entry back, with the write ID of its object's name. The key must have neither an entry nor a tombstone, expired
   * or not, except an entry that refers to `instead` (an object that is gone). The object must not be on the superseded list. If
   * the client sends this twice, the answer may be `there` for what it restored itself.
   */
  restore(scope: ScopeAddress, entry: Restoration, call: CallOptions): Promise<'restored' | 'there'>;
}
