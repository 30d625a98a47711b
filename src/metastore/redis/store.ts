import { systemClock } from '../../async/clock.ts';
import { ConfigError } from '../../model/errors/store.ts';
import { requireKnownNames, type OptionNames } from '../../model/check-options.ts';
import { closedMetastore, type Metastore, type OpenMetastore } from '../metastore.ts';
import type { RedisClient } from './client.ts';
import { createConnection, type Connection } from './connection.ts';
import { waitFor, type Durability } from './durability.ts';
import { NAME } from './errors.ts';
import { metastoreFacts } from './facts.ts';
import { giveBirth, lineageOf, raiseGeneration } from './lineage.ts';
import {
  addItems,
  clearScope,
  forgetOrphan,
  inspectScope,
  listOrphan,
  requestCancel,
  scopePaths,
  settleScope,
  tryToWrite,
} from './operators.ts';
import { answerRecord, takeFence, drawFence, refreshRecord, writeRecord } from './records.ts';
import { heldObjects, restoreEntry } from './restore.ts';
import { duePaths, forgetObjects, sweepEnd, sweepPage } from './sweep.ts';
import { listValues, readEntries, writeValues } from './values.ts';

export type { Durability } from './durability.ts';
export type { RedisClient } from './client.ts';

/** Options of `redisMetastore()`. */
export interface RedisMetastoreOptions {
  /** A client of ioredis 5 or 6, single or Cluster. It stays yours to close, and may be shared with BullMQ's queues. */
  client: RedisClient;
  /**
   * How safe a write must be before it counts as done; a write that falls short of it rejects with `OutcomeUnknownError`.
   * @defaultValue none: done when the server has answered
   */
  durability?: Durability;
}

const OPTIONS: OptionNames<RedisMetastoreOptions> = { client: true, durability: true };

/**
 * A metastore in Redis 6.2 or newer, with `maxmemory-policy noeviction`: one hash per scope, one script and one round trip per
 * operation, by the server's clock. Sends nothing before the first use of state.
 *
 * @throws {@link ConfigError} for an invalid client or durability.
 */
export function redisMetastore(options: RedisMetastoreOptions): Metastore {
  requireKnownNames('options', options, OPTIONS);
  const { client, durability } = options;
  if (typeof client?.call !== 'function' || typeof client.callBuffer !== 'function') {
    throw new ConfigError('client', 'must be a client of ioredis', client);
  }
  const wait = waitFor(durability);
  return closedMetastore((context) => {
    // Never the store's `now`: if the wall clock is set forward, the server's time would be guessed ahead of the server.
    const { clock } = context;
    const monotonic = (): number => (clock.monotonic ? clock.monotonic() : systemClock.monotonic());
    return openRedis(createConnection(client, wait, context, monotonic));
  });
}

function openRedis(connection: Connection): OpenMetastore {
  return {
    name: NAME,
    ready: (call) => tryToWrite(connection, call),
    now: (call) => connection.now(call),
    draw: (scope, call) => drawFence(connection, scope, call),
    begin: (scope, request, call) => takeFence(connection, scope, request, call),
    read: (scope, names, call) => readEntries(connection, scope, names, call),
    write: (scope, write, call) => writeValues(connection, scope, write, call),
    list: (scope, call) => listValues(connection, scope, call),
    clear: (scope, id, call) => clearScope(connection, scope, id, call),
    writeRecord: (scope, write, call) => writeRecord(connection, scope, write, call),
    refresh: (scope, record, call) => refreshRecord(connection, scope, record, call),
    listOrphan: (scope, orphan, call) => listOrphan(connection, scope, orphan, call),
    settle: (scope, request, call) => settleScope(connection, scope, request, call),
    requestCancel: (scope, request, call) => requestCancel(connection, scope, request, call),
    addItems: (scope, request, call) => addItems(connection, scope, request, call),
    answerRecord: (scope, answer, call) => answerRecord(connection, scope, answer, call),
    forgetOrphan: (scope, orphan, call) => forgetOrphan(connection, scope, orphan, call),
    scopes: (prefix, call) => scopePaths(connection, prefix, call),
    inspect: (scope, call) => inspectScope(connection, scope, call),
    due: (until, call) => duePaths(connection, until, call),
    sweepPage: (scope, request, call) => sweepPage(connection, scope, request, call),
    forgetObjects: (scope, objects, call) => forgetObjects(connection, scope, objects, call),
    sweepEnd: (scope, end, call) => sweepEnd(connection, scope, end, call),
    holds: (scope, objects, call) => heldObjects(connection, scope, objects, call),
    restore: (scope, entry, call) => restoreEntry(connection, scope, entry, call),
    lineage: (call) => lineageOf(connection, call),
    bear: (name, call) => giveBirth(connection, name, call),
    raise: (generation, call) => raiseGeneration(connection, generation, call),
    facts: (call) => metastoreFacts(connection, call),
  };
}
