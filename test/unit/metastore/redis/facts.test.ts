import { expect, test } from '@jest/globals';
import type { RedisClient } from '../../../../src/redis.ts';
import { openRedisMetastore } from '../../../support/store-context.ts';

/** Which server it is. Forks keep the field of Redis, with the version of Redis whose language they speak. */

/** A server that says this of itself. */
function server(...info: readonly string[]): RedisClient {
  const call: RedisClient['call'] = async (command) => {
    if (command === 'info') return [...info, 'maxmemory_policy:noeviction', ''].join('\r\n');
    return command === 'time' ? ['1700000000', '500000'] : [];
  };
  return { call, callBuffer: call };
}

test.each([
  [['redis_version:6.2.5'], 'Redis', '6.2.5'],
  [['redis_version:8.2.3'], 'Redis', '8.2.3'],
  [['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:8.1.8'], 'Valkey', '8.1.8'],
  [['redis_version:7.2.4', 'server_name:valkey', 'valkey_version:9.1.2'], 'Valkey', '9.1.2'],
  [['redict_version:7.3.6', 'redis_version:7.2.4'], 'Redict', '7.3.6'],
])('%j is a server with a name of its own', async (info, product, version) => {
  const { servers } = await openRedisMetastore({ client: server(...info) }).facts({});

  expect(servers).toMatchObject([{ product, version }]);
});
