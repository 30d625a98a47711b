import { wrongKind } from '../../model/errors/store.ts';
import { requireKnownNames, type OptionNames } from '../../model/check-options.ts';
import { closedMetastore, type Metastore } from '../metastore.ts';
import type { RedisClient } from './client.ts';
import { createConnection } from './connection.ts';
import { waitFor, type Durability } from './durability.ts';
import { NAME, type Cause } from './errors.ts';
import { metastoreFacts } from './facts.ts';
import { redisJobs, redisSavings } from './jobs.ts';
import { redisLineage } from './lineage.ts';
import { redisOrphans, redisScopes, redisTasks, tryToWrite } from './operators.ts';
import { redisFences, redisRecords } from './records.ts';
import { redisReferences } from './restore.ts';
import { redisSweep } from './sweep.ts';
import { redisValues } from './values.ts';

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
 * A metastore in Redis 6.2 or newer, with `maxmemory-policy noeviction`: one hash per scope, one script per
 * operation, by the server's clock. Sends nothing before the first use of state.
 *
 * @throws {@link ConfigError} for an invalid client or durability.
 */
export function redisMetastore(options: RedisMetastoreOptions): Metastore {
  return explainingMetastore(options, () => undefined);
}

/** The same with a client that knows why it has no connection: errors then say so. */
export function explainingMetastore(options: RedisMetastoreOptions, cause: Cause): Metastore {
  requireKnownNames('options', options, OPTIONS);
  const { client, durability } = options;
  if (typeof client?.call !== 'function' || typeof client.callBuffer !== 'function') {
    throw wrongKind('client', 'must be a client of ioredis', client);
  }
  const wait = waitFor(durability);
  return closedMetastore((context) => {
    const connection = createConnection(client, wait, context, cause);
    return {
      name: NAME,
      ready: (call) => tryToWrite(connection, call),
      now: connection.now,
      facts: (call) => metastoreFacts(connection, call),
      values: redisValues(connection),
      fences: redisFences(connection),
      records: redisRecords(connection),
      orphans: redisOrphans(connection),
      tasks: redisTasks(connection),
      scopes: redisScopes(connection),
      jobs: redisJobs(connection),
      savings: redisSavings(connection),
      sweep: redisSweep(connection),
      references: redisReferences(connection),
      lineage: redisLineage(connection),
    };
  });
}
