import type { CallOptions } from '../../async/deadline.ts';
import { ConfigError } from '../../model/errors/store.ts';
import type { MetastoreFacts, ServerFacts } from '../facts.ts';
import { mastersOf, type RedisClient } from './client.ts';
import type { Connection } from './connection.ts';
import { fieldIn, timeIn } from './session.ts';

/** What every Redis server says of itself. If its user is not allowed to ask, nothing is known; that is no failure. */

/** Asks every master. */
export async function metastoreFacts(connection: Connection, call: CallOptions): Promise<MetastoreFacts> {
  const { client } = connection;
  await connection.now(call);
  const servers = await Promise.all(mastersOf(client).map((node) => serverFacts(connection, node, call)));
  return { servers, now: timeIn(await connection.read(client, 'time', [], call)) };
}

async function serverFacts(connection: Connection, node: RedisClient, call: CallOptions): Promise<ServerFacts> {
  const [info, save] = await Promise.all([
    allowed(connection.read(node, 'info', [], call)),
    allowed(connection.read(node, 'config', ['get', 'save'], call)),
  ]);
  const text = typeof info === 'string' ? info : '';
  const field = (name: string): string | undefined => fieldIn(text, name);
  const appendOnly = field('aof_enabled');
  const replicas = field('connected_slaves');
  const failing = ['rdb_last_bgsave_status', 'aof_last_write_status', 'aof_last_bgrewrite_status'].some(
    (name) => (field(name) ?? 'ok') !== 'ok',
  );
  return {
    ...productOf(field),
    evictionPolicy: field('maxmemory_policy'),
    persistence:
      appendOnly === undefined ? undefined : { appendOnlyFile: appendOnly === '1', snapshots: snapshotsIn(save), failing },
    replicas: replicas === undefined ? undefined : Number(replicas),
  };
}

/** Forks also have a `redis_version`: that of the Redis whose language they speak. */
const FORKS = { Valkey: 'valkey_version', Redict: 'redict_version' };

function productOf(field: (name: string) => string | undefined): Pick<ServerFacts, 'product' | 'version'> {
  for (const [product, name] of Object.entries(FORKS)) {
    const version = field(name);
    if (version !== undefined) return { product, version };
  }
  return { product: 'Redis', version: field('redis_version') };
}

/** An answer; nothing if the user may not ask, or a managed server has no such command. */
async function allowed(answer: Promise<unknown>): Promise<unknown> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** `save` is a pair, or under RESP3 what the client makes of a map: an object. */
function snapshotsIn(reply: unknown): boolean | undefined {
  const save: unknown = Array.isArray(reply) ? reply[1] : (reply as { save?: unknown } | undefined)?.save;
  return typeof save === 'string' ? save !== '' : undefined;
}
