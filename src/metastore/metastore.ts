import type { CallOptions, Timer } from '../async/deadline.ts';
import type { Clock } from '../async/clock.ts';
import { wrongKind } from '../model/errors/store.ts';
import type { Logger } from '../observe/logger.ts';
import type { Random } from '../async/random.ts';
import type { MetastoreFacts } from './facts.ts';
import type { MetastoreJobs, MetastoreSavings } from './jobs.ts';
import type { MetastoreLineage } from './lineage.ts';
import type { MetastoreOrphans, MetastoreScopes, MetastoreTasks } from './operators.ts';
import type { MetastoreFences, MetastoreRecords } from './records.ts';
import type { MetastoreReferences } from './restore.ts';
import type { MetastoreSweep } from './sweep.ts';
import type { MetastoreValues } from './values.ts';

export type { MetastoreFacts, ServerFacts } from './facts.ts';
export { LATENESS } from './lifetimes.ts';
export type { Lineage } from './lineage.ts';
export type { Inspected, MetastoreScopes } from './operators.ts';
export type { BeginRequest, Begun, RecordReply, RecordWrite } from './records.ts';
export type { MetastoreReferences } from './restore.ts';
export { scopeAddress, type ScopeAddress } from './scope-address.ts';
export type { SweptPage } from './sweep.ts';
export {
  holderOf,
  type InlineBody,
  type RawEntry,
  type Stale,
  type ValueChange,
  type ValueWrite,
  type WriteReply,
} from './values.ts';

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
    throw wrongKind('metastore', 'must come from redisMetastore() or memoryMetastore()', metastore);
  }
  return candidate.open(context);
}

/** A metastore within one namespace: itself, and its operations by what they are about. */
export interface OpenMetastore {
  /** `redis` or `memory`; the `store` of errors. */
  readonly name: string;
  /** Rejects if the server cannot be used: unreachable, too old, read-only, full. Warns, once, if it may evict. */
  ready(call: CallOptions): Promise<void>;
  /** A lower bound of the server's time now, in milliseconds. At most one round trip per store; then it is known at once. */
  now(call: CallOptions): number | Promise<number>;
  facts(call: CallOptions): Promise<MetastoreFacts>;
  readonly values: MetastoreValues;
  readonly fences: MetastoreFences;
  readonly records: MetastoreRecords;
  readonly orphans: MetastoreOrphans;
  readonly tasks: MetastoreTasks;
  readonly scopes: MetastoreScopes;
  readonly jobs: MetastoreJobs;
  readonly savings: MetastoreSavings;
  readonly sweep: MetastoreSweep;
  readonly references: MetastoreReferences;
  readonly lineage: MetastoreLineage;
}
