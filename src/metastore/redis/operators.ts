import type { CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { writeIdText } from '../../format/write-id.ts';
import { PREFIX, SHARDS } from '../../format/redis-keys.ts';
import type { Inspected, MetastoreOrphans, MetastoreScopes, MetastoreTasks } from '../operators.ts';
import { keyPrefixOf, mastersOf, sendCommand, type RedisClient } from './client.ts';
import type { Part } from './lua/answer.ts';
import type { Connection } from './connection.ts';
import { ADD_ITEMS } from './lua/operators/add-items.ts';
import { CLEAR } from './lua/operators/clear.ts';
import { FORGET_ORPHAN } from './lua/operators/forget-orphan.ts';
import { INSPECT } from './lua/operators/inspect.ts';
import { LIST_ORPHAN } from './lua/operators/list-orphan.ts';
import { REQUEST_CANCEL } from './lua/operators/request-cancel.ts';
import { TRIAL } from './lua/operators/trial.ts';
import { fieldIn, infoOf } from './session.ts';
import { staleReply } from './values.ts';

/** What people and tools ask of a scope as a whole, in Redis. */

const PAGE = 1_000;

/** Orphans of this namespace. */
export function redisOrphans({ run }: Connection): MetastoreOrphans {
  return {
    async add(scope, orphan, call) {
      const { kind } = await run(LIST_ORPHAN, scope, orphan, call);
      return kind === 'held' ? 'held' : 'listed';
    },
    async forget(scope, orphan, call) {
      await run(FORGET_ORPHAN, scope, orphan, call);
    },
  };
}

/** Tasks of this namespace. */
export function redisTasks({ run }: Connection): MetastoreTasks {
  return {
    async requestCancel(scope, request, call) {
      await run(REQUEST_CANCEL, scope, request, call);
    },
    async addItems(scope, request, call) {
      const { kind, rest } = await run(ADD_ITEMS, scope, request, call, { each: request.items });
      return kind === 'stale' ? staleReply(rest[0]) : { kind: 'ok' };
    },
  };
}

/** Scopes of this namespace. */
export function redisScopes({ client, keys, now, read, run }: Connection): MetastoreScopes {
  return {
    // From every master.
    async *paths(prefix, call) {
      await now(call);
      const clientPrefix = keyPrefixOf(client);
      const glob = clientPrefix.replace(/[\\*?[\]]/g, '\\$&') + keys.glob(prefix);
      for (const node of mastersOf(client)) {
        let cursor = '0';
        do {
          const page = await read(node, 'scan', [cursor, 'match', glob, 'count', PAGE], call);
          const [next, found] = page as [string, string[]];
          cursor = next;
          for (const key of found) {
            const path = keys.path(key.slice(clientPrefix.length));
            if (path !== undefined) yield path;
          }
        } while (cursor !== '0');
      }
    },
    async inspect(scope, call) {
      const { rest } = await run(INSPECT, scope, {}, call);
      return inspected(rest);
    },
    async clear(scope, id, call) {
      const { kind, rest } = await run(CLEAR, scope, { id: writeIdText(id) }, call);
      return kind === 'ambiguous' ? { kind, name: String(rest[0]), text: String(rest[1]) } : { kind: 'ok' };
    },
  };
}

function inspected(parts: readonly Part[]): Inspected {
  const fields: [string, string][] = [];
  for (let at = 2; at < parts.length; at += 2) fields.push([String(parts[at]), String(parts[at + 1])]);
  const those = (prefix: string): [string, string][] =>
    fields.filter(([field]) => field.startsWith(prefix)).map(([field, text]) => [field.slice(prefix.length), text]);
  return {
    recorded: typeof parts[0] === 'string' ? parts[0] : undefined,
    holder: typeof parts[1] === 'string' ? parts[1] : undefined,
    records: those(PREFIX.record).map(([name, text]) => ({ name, text })),
    orphans: those(PREFIX.orphan).map(([field, text]) => {
      const [name, idDigest] = field.split(':') as [string, string];
      return { name, idDigest, text };
    }),
    items: those(PREFIX.item).map(([item]) => item),
  };
}

/** Tries to write, on every master of a Cluster, and asks each whether a write can be as durable as it must be. */
export async function tryToWrite({ client, keys, runOn, examine, durability }: Connection, call: CallOptions): Promise<void> {
  const shards = client.nodes ? SHARDS : SHARDS.slice(0, 1);
  await sideBySide(call, (own) =>
    Promise.all(shards.map((shard) => runOn(TRIAL, keys.trial(shard), {}, own, { fleeting: true, examines: true }))),
  );
  if (client.nodes) await examine(call, () => Promise.all(mastersOf(client).map(tryToAsk)));
  if (!durability) return;
  for (const info of await examine(call, () => Promise.all(mastersOf(client).map(infoOf)))) {
    durability.requirePossible((name) => fieldIn(info, name));
  }
}

/**
 * The client asks a second master, with ASKING, while a slot is being moved to it. A missing right would show only then: the
 * client leaves the rejection unhandled, and the process ends. ASKING counts for the next command of its connection: that is the
 * harmless one here, since both go out together.
 */
async function tryToAsk(node: RedisClient): Promise<void> {
  await Promise.all([sendCommand(node, 'text', 'asking', []), sendCommand(node, 'text', 'time', [])]);
}
