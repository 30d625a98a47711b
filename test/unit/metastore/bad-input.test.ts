import { describe, expect, test } from '@jest/globals';
import { systemTimer } from '../../../src/async/deadline.ts';
import { systemClock } from '../../../src/async/clock.ts';
import { openMetastore } from '../../../src/metastore/metastore.ts';
import { redisMetastore, type RedisClient } from '../../../src/redis.ts';
import { systemRandom } from '../../../src/async/random.ts';
import { refusals, wrong } from '../../support/refusals.ts';

/** What users get for bad input of the metastore in Redis, and whose time it counts. */

const call = async (command: string): Promise<unknown> => (command === 'time' ? ['1700000000', '0'] : 'redis_version:7.2.4\r\n');
const client: RedisClient = { call, callBuffer: call };
const durable = (durability: object | null): unknown => redisMetastore({ client, durability: wrong(durability) });

describe('redisMetastore(), given', () => {
  refusals([
    ['nothing', () => redisMetastore(wrong(undefined)), 'options', /must be an object, received undefined/],
    ['null', () => redisMetastore(wrong(null)), 'options', /must be an object, received null/],
    ['no client', () => redisMetastore(wrong({})), 'client', /must be a client of ioredis, received undefined/],
    ['a misspelt durability', () => redisMetastore(wrong({ client, durabilty: {} })), 'durabilty', /not an option .*durability/],
    ['null for a durability', () => durable(null), 'durability', /must be an object, received null/],
    ['the other count', () => durable({ kind: 'replicas', count: 1, replicas: 1, timeout: 1 }), 'durability.replicas', /count/],
  ]);
});

test('the time of the server is counted on the clock that was given', async () => {
  let here = 0;
  const clock = { ...systemClock, monotonic: () => here };
  const context = { namespace: 'n', commandTimeout: 1_000, clock, timer: systemTimer, random: systemRandom, logger: undefined };

  const metastore = openMetastore(redisMetastore({ client }), context);
  expect(await metastore.now({})).toBe(1_700_000_000_000);

  here += 5_000;
  expect(await metastore.now({})).toBe(1_700_000_005_000);
});
