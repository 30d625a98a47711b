import { describe, expect, test } from '@jest/globals';
import { systemTimer } from '../../../../src/async/deadline.ts';
import { systemClock } from '../../../../src/async/clock.ts';
import { openMetastore, type OpenMetastore } from '../../../../src/metastore/metastore.ts';
import { redisMetastore, type Durability, type RedisClient } from '../../../../src/redis.ts';
import { createServerTime } from '../../../../src/metastore/redis/session.ts';
import { systemRandom } from '../../../../src/async/random.ts';
import { keepingLogger } from '../../../support/store-context.ts';

/** Options, and what a store asks a server before its first command. */

const ENOUGH = 'redis_version:7.2.4\r\nmaxmemory_policy:noeviction\r\n';

/** A client that answers INFO and TIME, and counts what else it is asked. */
function standIn(info: string, others: readonly string[] = []): RedisClient & { asked: string[] } {
  const asked: string[] = [];
  const call = async (command: string): Promise<unknown> => {
    asked.push(command);
    if (command === 'info') return info;
    if (command === 'time') return ['1700000000', '500000'];
    return ['17000000006000ok'];
  };
  const masters = others.map((other) => standIn(other));
  return { asked, call, callBuffer: call, ...(others.length > 0 && { nodes: () => masters }) };
}

function open(client: RedisClient, durability?: Durability, logger = keepingLogger()): OpenMetastore {
  const metastore = redisMetastore({ client, ...(durability && { durability }) });
  const context = { namespace: 'n', commandTimeout: 1_000, clock: systemClock, timer: systemTimer, random: systemRandom, logger };
  return openMetastore(metastore, context);
}

describe('options', () => {
  test.each([undefined, 'redis://127.0.0.1', {}, { call: () => undefined }])('C100 a client must be one (%p)', (client) => {
    expect(() => redisMetastore({ client: client as never })).toThrow(
      expect.objectContaining({ code: 'mooring.config', option: 'client' }),
    );
  });

  test.each([
    [{ kind: 'disk', timeout: '1s' }, 'durability.kind'],
    [{ kind: 'replicas', count: 0, timeout: '1s' }, 'durability.count'],
    [{ kind: 'replicas', count: 1.5, timeout: '1s' }, 'durability.count'],
    [{ kind: 'replicas', timeout: '1s' }, 'durability.count'],
    [{ kind: 'append-only-file', replicas: -1, timeout: '1s' }, 'durability.replicas'],
    [{ kind: 'replicas', count: 1, timeout: 0 }, 'durability.timeout'],
    [{ kind: 'replicas', count: 1 }, 'durability.timeout'],
  ])('C100 a durability must be one that can be meant (%j)', (durability, option) => {
    expect(() => redisMetastore({ client: standIn(ENOUGH), durability: durability as never })).toThrow(
      expect.objectContaining({ code: 'mooring.config', option }),
    );
  });

  test('waiting for replicas must end before the call does', () => {
    expect(() => open(standIn(ENOUGH), { kind: 'replicas', count: 1, timeout: '1s' })).toThrow(
      expect.objectContaining({ option: 'durability.timeout' }),
    );
  });
});

describe('before its first command', () => {
  test('a store asks what the server is and what time it has, once', async () => {
    const client = standIn(ENOUGH);
    const m = open(client);

    await Promise.all([m.now({}), m.now({}), m.orphans.forget({ path: 'a/b' }, { name: 'n', idDigest: '0' }, {})]);

    expect(client.asked).toEqual(['info', 'time', 'evalsha']);
    expect(await m.now({})).toBeGreaterThanOrEqual(1_700_000_000_500);
  });

  test.each(['2.8.4', '5.0.14', '6.0.16', '6.1.0'])('the store refuses Redis %s as too old', async (version) => {
    const client = standIn(`redis_version:${version}\r\n`);

    await expect(open(client).orphans.forget({ path: 'a/b' }, { name: 'n', idDigest: '0' }, {})).rejects.toMatchObject({
      code: 'mooring.config',
      message: expect.stringMatching(/Redis 6\.2 or newer.*/),
    });
    expect(client.asked).not.toContain('evalsha');
  });

  test.each(['6.2.0', '7.0.15', '10.1.0', 'valkey'])('Redis %s will do', async (version) => {
    await expect(open(standIn(`redis_version:${version}\r\n`)).now({})).resolves.toBeGreaterThan(0);
  });

  test('one old server in a Cluster is found', async () => {
    await expect(open(standIn(ENOUGH, [ENOUGH, 'redis_version:6.0.9\r\n'])).now({})).rejects.toMatchObject({
      code: 'mooring.config',
    });
  });

  test.each([
    ['7.0.15', false],
    ['7.1.9', false],
    ['7.2.0', true],
    ['8.0.0', true],
  ])('the append-only file needs WAITAOF (Redis %s)', async (version, has) => {
    const now = open(standIn(`redis_version:${version}\r\n`), { kind: 'append-only-file', replicas: 0, timeout: 100 }).now({});
    await (has ? expect(now).resolves.toBeGreaterThan(0) : expect(now).rejects.toMatchObject({ option: 'durability.kind' }));
  });

  test('a Cluster of which one server may evict is warned of once', async () => {
    const logger = keepingLogger();
    const evicts = 'redis_version:7.0.0\r\nmaxmemory_policy:volatile-ttl\r\n';

    await open(standIn(ENOUGH, [evicts, evicts]), undefined, logger).now({});

    expect(logger.lines).toHaveLength(1);
    expect(logger.lines[0]?.message).toContain('volatile-ttl');
  });
});

describe('the time of the server', () => {
  test('is never guessed ahead of it, however far apart the clocks are', () => {
    let here = 5_000;
    const time = createServerTime(() => here);

    expect(time.atLeast()).toBeUndefined();

    time.observe(1_000_000);
    here += 250.7;
    expect(time.atLeast()).toBe(1_000_250);

    time.observe(900_000);
    expect(time.atLeast()).toBe(900_000);
  });
});
