import { expect, test } from '@jest/globals';
import type { RedisClient } from '../../../../src/redis.ts';
import { put, tool, write } from '../../../contract/metastore-parts.ts';
import { openRedisMetastore } from '../../../support/store-context.ts';
import { until } from '../../../support/until.ts';

/** The first write of a namespace makes the births of its shards known, in addition to itself. */

/** A server of a new namespace. */
function server(birth: () => Promise<unknown>): RedisClient & { births: number } {
  const client = { births: 0 };
  const call: RedisClient['call'] = async (command, ...args) => {
    if (command === 'info') return 'redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\n';
    if (command === 'time') return ['1700000000', '500000'];
    if (command !== 'set' || !String(args[0]).endsWith(':birth')) return ['17000000006001ok'];
    client.births += 1;
    return birth();
  };
  return Object.assign(client, { call, callBuffer: call });
}

test.each<[string, () => Promise<unknown>]>([
  ['get no answer', () => new Promise(() => undefined)],
  ['are refused', () => Promise.reject(new Error('MISCONF'))],
  [
    'cannot be sent',
    () => {
      throw new Error('closed');
    },
  ],
])('a write does not wait for births that %s', async (_name, birth) => {
  const client = server(birth);
  const metastore = openRedisMetastore({ client }, { commandTimeout: 250 });

  expect((await write(metastore, tool(), put('k', 1))).kind).toBe('ok');

  await until(() => client.births === 256);
  // An unhandled rejection would fail this test.
  await new Promise((resolve) => setImmediate(resolve));
});
