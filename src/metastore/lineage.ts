import type { CallOptions } from '../async/deadline.ts';

/** What tells a metastore from one that lost its state, or from another one. */

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

/** Births and generations, over all shards. */
export interface MetastoreLineage {
  read(call: CallOptions): Promise<Lineage>;
  /** Makes the births of all shards known, as the first write does, and gives the metastore this name if it has none. */
  bear(name: string, call: CallOptions): Promise<void>;
  /** Raises the generation of every shard to at least this. */
  raise(generation: number, call: CallOptions): Promise<void>;
}
