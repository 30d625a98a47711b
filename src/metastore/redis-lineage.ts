import type { CallOptions } from '../call.ts';
import { CorruptEntryError } from '../errors.ts';
import { SHARDS } from './layout.ts';
import type { Lineage } from './metastore.ts';
import type { Argument } from './redis-client.ts';
import type { Answer, Connection, Part } from './redis-connection.ts';
import { NAME } from './redis-errors.ts';
import { BEAR, LINEAGE, RAISE } from './redis-scripts-lineage.ts';
import type { Script } from './redis-script.ts';

/** What Redis knows of its own past: of all shards, side by side, each by a script on its own node. */

function onEveryShard(
  { keys, runOn }: Connection,
  script: Script,
  args: readonly Argument[],
  call: CallOptions,
): Promise<readonly Answer[]> {
  return Promise.all(SHARDS.map((shard) => runOn(script, keys.shard(shard), args, call)));
}

/** Births and generations of all shards. */
export async function lineageOf(connection: Connection, call: CallOptions): Promise<Lineage> {
  const shards = await onEveryShard(connection, LINEAGE, [], call);
  const births = shards.map(({ rest }) => whole(rest[0]));
  const generations = shards.map(({ rest }) => whole(rest[1]) ?? 0);
  const known = births.filter((birth) => birth !== undefined);
  return {
    bornAt: known.length < births.length ? undefined : Math.max(...known),
    generation: { lowest: Math.min(...generations), highest: Math.max(...generations) },
  };
}

/** What decides about deletion is not guessed. */
function whole(part: Part): number | undefined {
  if (part === null || part === undefined) return undefined;
  const text = String(part);
  if (!/^\d{1,15}$/.test(text)) throw new CorruptEntryError('a birth or a generation in Redis is no number', { store: NAME });
  return Number(text);
}

/** Makes all births known. Safe as a write is: a birth that a failover loses looks like lost state. */
export async function bear(connection: Connection, call: CallOptions): Promise<void> {
  await onEveryShard(connection, BEAR, [], call);
}

/** Raises all generations. */
export async function raise(connection: Connection, generation: number, call: CallOptions): Promise<void> {
  await onEveryShard(connection, RAISE, [generation], call);
}
