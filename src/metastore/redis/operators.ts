import type { RawOrphan } from '../../format/record.ts';
import type { CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { writeIdText, type WriteId } from '../../format/write-id.ts';
import { PREFIX, SHARDS } from '../../format/redis-keys.ts';
import type { ClearReply, Inspected, OpenMetastore, ScopeAddress, Stale } from '../metastore.ts';
import { keyPrefixOf, mastersOf } from './client.ts';
import type { Connection } from './connection.ts';
import { ADD_ITEMS } from './lua/operators/add-items.ts';
import { CLEAR } from './lua/operators/clear.ts';
import { FORGET_ORPHAN } from './lua/operators/forget-orphan.ts';
import { INSPECT } from './lua/operators/inspect.ts';
import { LIST_ORPHAN } from './lua/operators/list-orphan.ts';
import { REQUEST_CANCEL } from './lua/operators/request-cancel.ts';
import { SETTLE } from './lua/operators/settle.ts';
import { TRIAL } from './lua/operators/trial.ts';
import { staleReply } from './values.ts';

/** What ends a scope, and what people do with one, in Redis. */

const PAGE = 1_000;

/** Wipes a scope. */
export async function clearScope(
  connection: Connection,
  scope: ScopeAddress,
  id: WriteId,
  call: CallOptions,
): Promise<ClearReply> {
  const { kind, rest } = await connection.run(CLEAR, scope, { id: writeIdText(id) }, call);
  return kind === 'ambiguous' ? { kind, name: String(rest[0]), text: String(rest[1]) } : { kind: 'ok' };
}

/** Lists an orphan, unless the record holds that ID. */
export async function listOrphan(
  connection: Connection,
  scope: ScopeAddress,
  orphan: Parameters<OpenMetastore['listOrphan']>[1],
  call: CallOptions,
): Promise<'listed' | 'held'> {
  const { kind } = await connection.run(LIST_ORPHAN, scope, orphan, call);
  return kind === 'held' ? 'held' : 'listed';
}

/** Takes an orphan off the list. */
export async function forgetOrphan(
  connection: Connection,
  scope: ScopeAddress,
  orphan: Pick<RawOrphan, 'name' | 'idDigest'>,
  call: CallOptions,
): Promise<void> {
  await connection.run(FORGET_ORPHAN, scope, orphan, call);
}

/** After success: the whole scope ends then. */
export async function settleScope(
  connection: Connection,
  scope: ScopeAddress,
  request: Parameters<OpenMetastore['settle']>[1],
  call: CallOptions,
): Promise<void> {
  await connection.run(SETTLE, scope, request, call);
}

/** Notes that somebody asked for the cancellation of a job. */
export async function requestCancel(
  connection: Connection,
  scope: ScopeAddress,
  request: Parameters<OpenMetastore['requestCancel']>[1],
  call: CallOptions,
): Promise<void> {
  await connection.run(REQUEST_CANCEL, scope, request, call);
}

/** Notes items that have records. */
export async function addItems(
  connection: Connection,
  scope: ScopeAddress,
  request: Parameters<OpenMetastore['addItems']>[1],
  call: CallOptions,
): Promise<{ kind: 'ok' } | Stale> {
  const { kind, rest } = await connection.run(ADD_ITEMS, scope, request, call, { each: request.items });
  return kind === 'stale' ? staleReply(rest[0]) : { kind: 'ok' };
}

/** What an operator sees. */
export async function inspectScope(connection: Connection, scope: ScopeAddress, call: CallOptions): Promise<Inspected> {
  const { rest } = await connection.run(INSPECT, scope, {}, call);
  const fields: [string, string][] = [];
  for (let at = 1; at < rest.length; at += 2) fields.push([String(rest[at]), String(rest[at + 1])]);
  const those = (prefix: string): [string, string][] =>
    fields.filter(([field]) => field.startsWith(prefix)).map(([field, text]) => [field.slice(prefix.length), text]);
  return {
    recorded: typeof rest[0] === 'string' ? rest[0] : undefined,
    records: those(PREFIX.record).map(([name, text]) => ({ name, text })),
    orphans: those(PREFIX.orphan).map(([field, text]) => {
      const [name, idDigest] = field.split(':') as [string, string];
      return { name, idDigest, text };
    }),
    items: those(PREFIX.item).map(([item]) => item),
  };
}

/** Paths of scopes, from every master. */
export async function* scopePaths(connection: Connection, prefix: string, call: CallOptions): AsyncIterable<string> {
  const { client, keys } = connection;
  await connection.now(call);
  const clientPrefix = keyPrefixOf(client);
  const glob = clientPrefix.replace(/[\\*?[\]]/g, '\\$&') + keys.glob(prefix);
  for (const node of mastersOf(client)) {
    let cursor = '0';
    do {
      const [next, found] = (await connection.read(node, 'scan', [cursor, 'match', glob, 'count', PAGE], call)) as [
        string,
        string[],
      ];
      cursor = next;
      for (const key of found) {
        const path = keys.path(key.slice(clientPrefix.length));
        if (path !== undefined) yield path;
      }
    } while (cursor !== '0');
  }
}

/** Tries to write, on every master of a Cluster. */
export async function tryToWrite({ client, keys, runOn }: Connection, call: CallOptions): Promise<void> {
  const shards = client.nodes ? SHARDS : SHARDS.slice(0, 1);
  await sideBySide(call, (own) =>
    Promise.all(shards.map((shard) => runOn(TRIAL, keys.trial(shard), {}, own, { fleeting: true }))),
  );
}
