import type { CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { CorruptEntryError } from '../../model/errors/store.ts';
import { SHARDS } from '../../format/redis-keys.ts';
import type { Lineage, MetastoreLineage } from '../lineage.ts';
import { watchSockets } from './client.ts';
import type { Part } from './lua/answer.ts';
import type { Connection } from './connection.ts';
import { NAME, noAnswer } from './errors.ts';
import { BEAR } from './lua/lineage/bear.ts';
import { RAISE } from './lua/lineage/raise.ts';
import { LINEAGE } from './lua/lineage/read.ts';
import type { ArgumentValue, Script } from './lua/script.ts';

/**
 * What Redis knows of its own past, over all shards. One script reaches all shards; in a Cluster each shard has its own, and they
 * run at the same time.
 */

/** Keys that one script can reach together; the last group ends with the key of the name. */
function groupsOf({ client, keys }: Connection): [readonly string[], ...(readonly string[])[]] {
  const each = SHARDS.map((shard) => [...keys.shard(shard)]);
  each.at(-1)?.push(keys.name);
  return client.nodes ? (each as [string[], ...string[][]]) : [each.flat()];
}

/**
 * Writes to every shard, with the durability of a write: a birth or a generation that a failover loses looks like lost state. The
 * wait after the last script is for all that these connections wrote, so they must stay the same throughout.
 */
async function writeEveryShard<Name extends string>(
  connection: Connection,
  script: Script<Name>,
  given: Readonly<Record<NoInfer<Name>, ArgumentValue>>,
  call: CallOptions,
): Promise<void> {
  const { client, now, runOn, durability } = connection;
  await now(call);
  const sameSockets = watchSockets(client);
  const [last, ...others] = groupsOf(connection);
  await sideBySide(call, (own) => Promise.all(others.map((names) => runOn(script, names, given, own, { fleeting: true }))));
  await runOn(script, last, given, call);
  if (!durability || sameSockets()) return;
  throw noAnswer({ key: last[0] ?? '', writes: true }, 'the connection broke before all was replicated');
}

/** The lineage of this namespace. */
export function redisLineage(connection: Connection): MetastoreLineage {
  return {
    async read(call) {
      const { runOn } = connection;
      const groups = groupsOf(connection);
      const answers = await sideBySide(call, (own) => Promise.all(groups.map((names) => runOn(LINEAGE, names, {}, own))));
      return lineageIn(answers.flatMap(({ rest }) => rest));
    },
    bear: (name, call) => writeEveryShard(connection, BEAR, { drawn: name }, call),
    raise: (generation, call) => writeEveryShard(connection, RAISE, { raised: generation }, call),
  };
}

/** Births and generations of all shards, and the name. */
function lineageIn(parts: readonly Part[]): Lineage {
  const births = SHARDS.map((_shard, at) => whole(parts[2 * at]));
  const generations = SHARDS.map((_shard, at) => whole(parts[2 * at + 1]) ?? 0);
  const known = births.filter((birth) => birth !== undefined);
  return {
    bornAt: known.length < births.length ? undefined : Math.max(...known),
    name: nameIn(parts[2 * SHARDS.length]),
    generation: { lowest: Math.min(...generations), highest: Math.max(...generations) },
  };
}

/** A number that decides about deletion is not guessed. */
function whole(part: Part): number | undefined {
  if (part === null || part === undefined) return undefined;
  const text = String(part);
  if (!/^\d{1,15}$/.test(text)) throw new CorruptEntryError('a birth or a generation in Redis is no number', { store: NAME });
  return Number(text);
}

function nameIn(part: Part): string | undefined {
  if (part === null || part === undefined) return undefined;
  const text = String(part);
  if (!/^[0-9a-z]{16}$/.test(text)) throw new CorruptEntryError('the name of the metastore in Redis is invalid', { store: NAME });
  return text;
}
