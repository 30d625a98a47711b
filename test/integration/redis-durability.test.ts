import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { attempt, begin, NAME, put, record, SCOPE, tool, value, write } from '../contract/metastore-parts.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { openRedisMetastore } from '../support/store-context.ts';
import { until } from '../support/until.ts';

/** Writes that count as done only when a replica has them. */

const NOT_REPLICATED = { code: 'mooring.outcome-unknown', reason: 'not-replicated' };
/** Long, where the replica answers; short, where it is stopped. */
const ONE_REPLICA = { kind: 'replicas', count: 1, timeout: 10_000 } as const;
const SHORT = { ...ONE_REPLICA, timeout: 200 };

describe('durability', () => {
  let server: TestRedis;
  let replica: TestRedis;
  const clients: Redis[] = [];

  let file: TestRedis;

  const open = (durability: Parameters<typeof openRedisMetastore>[0]['durability'] = ONE_REPLICA, at = server) => {
    const client = new Redis(at.port);
    clients.push(client);
    return openRedisMetastore({ client, ...(durability && { durability }) }, { commandTimeout: 20_000 });
  };
  const replicaStops = async (work: () => Promise<void>): Promise<void> => {
    process.kill(replica.pid, 'SIGSTOP');
    try {
      await work();
    } finally {
      process.kill(replica.pid, 'SIGCONT');
    }
  };

  beforeAll(async () => {
    server = await startRedis();
    file = await startRedis({ args: ['--appendonly', 'yes'] });
    replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
    await until(async () => (await server.command('info', 'replication')).includes('state=online'));
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await file?.stop();
    await replica?.stop();
    await server?.stop();
  });

  test('a write that a replica has is done', async () => {
    const m = open();
    const who = attempt(1);

    expect((await begin(m, who)).kind).toBe('ok');
    expect((await write(m, who, put('k', 1))).kind).toBe('ok');
    expect((await m.records.write(SCOPE, record(who, 's'), {})).kind).toBe('ok');
  });

  test('ready() refuses to wait for more replicas than the server has', async () => {
    const m = open({ ...ONE_REPLICA, count: 2 });

    await expect(m.ready({})).rejects.toMatchObject({ code: 'mooring.config', option: 'durability.count' });
    await expect(open().ready({})).resolves.toBeUndefined();
  });

  test('one that came short was applied', async () => {
    const m = open(SHORT);
    const who = tool();
    await m.ready({});

    await replicaStops(async () => {
      await expect(write(m, who, put('short', 1, { expect: 'absent' }))).rejects.toMatchObject(NOT_REPLICATED);
      expect(await value(m, 'short')).toBe(1);
      expect((await write(m, who, put('short', 2, { expect: 'absent' }))).kind).toBe('conflict');
    });
  });

  test('sent again, on whatever connection, it waits again: what is there already is not counted as replicated', async () => {
    const who = tool();
    const id = who.next();
    const m = open(SHORT);
    await m.ready({});

    await replicaStops(async () => {
      await expect(write(m, who, put('again', 1), { id })).rejects.toMatchObject(NOT_REPLICATED);
      const other = open(SHORT);
      await expect(write(other, who, put('again', 1), { id, resent: true })).rejects.toMatchObject(NOT_REPLICATED);
    });

    expect((await write(open(), who, put('again', 1), { id, resent: true })).kind).toBe('ok');
  });

  test('births and generations are as safe as writes, also those that are there already', async () => {
    const m = open(SHORT);
    await m.ready({});

    await replicaStops(async () => {
      for (let round = 0; round < 2; round += 1) {
        await expect(m.lineage.bear(NAME, {})).rejects.toMatchObject(NOT_REPLICATED);
        await expect(m.lineage.raise(1, {})).rejects.toMatchObject(NOT_REPLICATED);
      }
    });

    await open().lineage.bear(NAME, {});
    await open().lineage.raise(1, {});
    expect(await open().lineage.read({})).toMatchObject({ generation: { lowest: 1, highest: 1 } });
  });

  test('sent again it is written again: newer servers let a connection wait only for what it wrote itself', async () => {
    const who = tool();
    const id = who.next();
    const m = open();
    const copied = async (): Promise<number> =>
      Number(/cmdstat_hset:calls=(\d+)/.exec(await replica.command('info', 'commandstats'))?.[1] ?? 0);
    await write(m, who, put('copied', 1), { id });
    const before = await copied();
    await write(m, who, put('copied', 1), { id, resent: true });

    expect(await copied()).toBe(before + 1);
  });

  test('the append-only file is waited for, or refused before anything is written where Redis has no WAITAOF', async () => {
    const has = !/redis_version:(?:6|7\.[01])\./.test(await file.command('info', 'server'));
    const m = open({ kind: 'append-only-file', replicas: 0, timeout: 10_000 }, file);
    const written = write(m, tool(), put('file', 1));
    const outcome = await written.catch((error: unknown) => error);

    expect(outcome).toMatchObject(
      has ? { kind: 'ok' } : { code: 'mooring.config', option: 'durability.kind', message: expect.stringContaining('7.2') },
    );
    expect(await value(open(undefined, file), 'file')).toBe(has ? 1 : undefined);
  });
});
