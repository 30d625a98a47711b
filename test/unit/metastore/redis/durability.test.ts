import { expect, test } from '@jest/globals';
import type { RedisClient } from '../../../../src/redis.ts';
import { put, tool, write } from '../../../contract/metastore-parts.ts';
import { openRedisMetastore } from '../../../support/store-context.ts';

/** The append-only file: Redis answers WAITAOF with how many servers have the write on disk, its own and its replicas'. */

/** A server of 7.2 that applies every write. */
function server(waitaof: () => Promise<unknown>, persistence = 'aof_enabled:1'): RedisClient & { asked: unknown[][] } {
  const asked: unknown[][] = [];
  const call: RedisClient['call'] = async (command, ...args) => {
    if (command === 'info') return `redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\n${persistence}\r\n`;
    if (command === 'time') return ['1700000000', '500000'];
    asked.push(command === 'waitaof' ? [command, ...args] : [command]);
    return command === 'waitaof' ? waitaof() : ['17000000006000ok'];
  };
  return { asked, call, callBuffer: call };
}

function writeTo(client: RedisClient, replicas: number): Promise<unknown> {
  const durability = { kind: 'append-only-file', replicas, timeout: 250 } as const;
  return write(openRedisMetastore({ client, durability }), tool(), put('k', 1));
}

test('a write asks, behind itself, for the file of this server and of so many replicas', async () => {
  const client = server(async () => [1, 2]);

  await writeTo(client, 2);

  expect(client.asked).toEqual([['evalsha'], ['waitaof', 1, 2, 250]]);
});

test.each([
  [[1, 0], 0],
  [[1, 1], 1],
  [['1', '3'], 2],
])('is done where the answer is %j and %d replicas were asked for', async (answer, replicas) => {
  await expect(
    writeTo(
      server(async () => answer),
      replicas,
    ),
  ).resolves.toMatchObject({ kind: 'ok' });
});

test.each([
  ['the own file does not have it', async () => [0, 1], 1],
  ['a replica is missing', async () => [1, 0], 1],
  ['it got no answer', () => Promise.reject(new Error('ERR WAITAOF cannot be used')), 0],
])('was applied without being safe where %s', async (_name, answer, replicas) => {
  await expect(writeTo(server(answer), replicas)).rejects.toMatchObject({
    code: 'mooring.outcome-unknown',
    reason: 'not-replicated',
  });
});

test.each([
  ['aof_enabled:0', { code: 'mooring.config', option: 'durability.kind' }],
  ['aof_enabled:1\r\nconnected_slaves:0', { code: 'mooring.config', option: 'durability.replicas' }],
])('ready() refuses a file that the server can never write: it says %j', async (says, error) => {
  const client = server(async () => [1, 1], says);
  const durability = { kind: 'append-only-file', replicas: 1, timeout: 250 } as const;

  await expect(openRedisMetastore({ client, durability }).ready({})).rejects.toMatchObject(error);
});

test('ready() takes a server that does not say what it has', async () => {
  const client = server(async () => [1, 1], '');
  const durability = { kind: 'append-only-file', replicas: 1, timeout: 250 } as const;

  await expect(openRedisMetastore({ client, durability }).ready({})).resolves.toBeUndefined();
});
