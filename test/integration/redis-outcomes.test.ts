import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Cluster, Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import type { OpenMetastore } from '../../src/metastore/metastore.ts';
import type { RedisClient } from '../../src/redis.ts';
import { attempt, begin, put, record, recorded, recordNow, SCOPE, tool, value, write } from '../contract/metastore-parts.ts';
import { startRedis, startRedisCluster, type TestCluster, type TestRedis } from '../support/redis.ts';
import { openRedisMetastore } from '../support/store-context.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/**
 * ioredis sends a command again, by itself, when its connection broke before the reply. A write that was applied before is then
 * answered as applied; a refusal then says nothing.
 */

const UNKNOWN = { code: 'mooring.outcome-unknown', reason: 'no-answer' };

interface Closable {
  disconnect(): void;
}

describe.each([
  ['ioredis 6', (port: number) => new Redis({ port, host: '127.0.0.1' })],
  ['ioredis 5', (port: number) => new Redis5({ port, host: '127.0.0.1' })],
] as const)('a connection that breaks (%s)', (_name, connect) => {
  let server: TestRedis;
  let direct: Redis;
  let proxy: TcpProxy;
  let client: RedisClient & Closable;
  let m: OpenMetastore;
  let other: OpenMetastore;

  beforeAll(async () => {
    server = await startRedis();
    direct = new Redis(server.port);
    other = openRedisMetastore({ client: direct });
  });
  afterAll(async () => {
    direct?.disconnect();
    await server?.stop();
  });
  beforeEach(async () => {
    await direct.flushall();
    proxy = await startTcpProxy(server.port);
    client = connect(proxy.port);
    m = openRedisMetastore({ client }, { commandTimeout: 5_000 });
    await m.ready({});
  });
  afterEach(async () => {
    client.disconnect();
    await proxy.stop();
  });

  /** Loses the next request that holds `text`, and lets the client connect again only when `meanwhile` is done. */
  async function loseRequest<T>(text: string, send: () => Promise<T>, meanwhile: () => Promise<unknown>): Promise<T> {
    proxy.loseRequest(text);
    const sent = send();
    sent.catch(() => undefined);
    await proxy.lost();
    const done = meanwhile();
    proxy.hold(done);
    await done;
    return sent;
  }

  test('† a write whose reply was lost is applied once', async () => {
    proxy.loseReplyTo('victim');

    expect((await write(m, tool(), put('victim', 1, { expect: 'absent' }))).kind).toBe('ok');

    await proxy.lost();
    expect(await value(other, 'victim')).toBe(1);
  });

  test('† a record whose reply was lost is answered as applied, also when the attempt was replaced meanwhile', async () => {
    const who = attempt(1);
    await begin(m, who);
    await recorded(m, record(who, 's', { name: 'so that the server has the script' }));
    proxy.loseReplyTo('victim');
    const sent = m.records.write(SCOPE, record(who, 's', { json: '{"victim":1}' }), {});
    await proxy.lost();
    const replaced = begin(other, attempt(2));
    proxy.hold(replaced);

    await replaced;

    expect((await sent).kind).toBe('ok');
    expect(await recordNow(other)).toMatchObject({ letter: 's' });
  });

  test('a fence that was installed is not refused to itself', async () => {
    proxy.loseReplyTo('evalsha');
    expect((await begin(m, attempt(1))).kind).toBe('ok');
  });

  test('† STALE after a resend is an unknown outcome', async () => {
    const who = attempt(1);
    await begin(m, who);
    const sent = loseRequest(
      'victim',
      () => write(m, who, put('victim', 1)),
      () => begin(other, attempt(2)),
    );

    await expect(sent).rejects.toMatchObject(UNKNOWN);
  });

  test('† CONFLICT after a resend is an unknown outcome', async () => {
    const sent = loseRequest(
      'victim',
      () => write(m, tool(), put('victim', 1, { expect: 'absent' })),
      () => write(other, tool(), put('victim', 2)),
    );
    await expect(sent).rejects.toMatchObject(UNKNOWN);
  });

  test.each(['s', 'a', 'e'] as const)('† a refusal of a record (%s) after a resend is an unknown outcome', async (letter) => {
    const who = attempt(1);
    await begin(m, who);
    const changed = async (): Promise<void> => {
      await recorded(other, record({ ...who, next: () => ({ ...who, sequence: 1 }) }, 'e', { job: 'j1' }));
    };
    who.next();
    const sent = loseRequest(
      'victim',
      () => m.records.write(SCOPE, record(who, letter, { job: 'j2', json: '{"victim":1}' }), {}),
      changed,
    );

    await expect(sent).rejects.toMatchObject(UNKNOWN);
  });

  test("† a refusal of a person's answer after a resend is an unknown outcome", async () => {
    const who = attempt(1);
    await begin(m, who);
    const basis = await recorded(m, record(who, 'a'));
    const { withdraw: _no, resent: _not, ...answer } = record(tool(), 'n', { json: '{"victim":1}' });
    const sent = loseRequest(
      'victim',
      () => m.records.answer(SCOPE, { ...answer, basis }, {}),
      () => recorded(other, record(who, 'e', { job: 'j1' })),
    );

    await expect(sent).rejects.toMatchObject(UNKNOWN);
  });

  test('a server that is full refuses a resend: the outcome is unknown all the same', async () => {
    await write(m, tool(), put('before', 1));
    const sent = loseRequest(
      'victim',
      () => write(m, tool(), put('victim', 1)),
      () => direct.config('SET', 'maxmemory', '1'),
    );
    const [outcome] = await Promise.allSettled([sent]);

    await direct.config('SET', 'maxmemory', '0');

    expect(outcome).toMatchObject({ status: 'rejected', reason: UNKNOWN });
  });

  test('a refusal of a first send is definite', async () => {
    await begin(m, attempt(2));

    expect(await write(m, attempt(1), put('k', 1))).toMatchObject({ kind: 'stale' });
    expect(await m.records.write(SCOPE, record(attempt(1), 's'), {})).toMatchObject({ kind: 'stale' });
    expect((await write(m, tool(), put('k', 1, { expect: 'absent' }))).kind).toBe('ok');
    expect((await write(m, tool(), put('k', 2, { expect: 'absent' }))).kind).toBe('conflict');
  });

  test('a read goes on', async () => {
    await write(m, tool(), put('victim', 1));

    proxy.loseReplyTo('victim');

    expect(await value(m, 'victim')).toBe(1);
  });
});

describe('a connection that breaks in a Cluster', () => {
  let servers: TestCluster;
  const clients: Cluster[] = [];
  const open = async (): Promise<OpenMetastore> => {
    const client = new Cluster(servers.nodes.map(({ port }) => ({ port, host: '127.0.0.1' })));
    clients.push(client);
    const m = openRedisMetastore({ client }, { commandTimeout: 5_000 });
    await m.ready({});
    return m;
  };
  beforeAll(async () => {
    servers = await startRedisCluster();
  });
  afterAll(async () => {
    for (const client of clients) client.disconnect();
    await servers?.stop();
  });

  test('† a refusal after a resend is an unknown outcome', async () => {
    const [m, other] = [await open(), await open()];
    const who = attempt(1);
    await begin(m, who);
    const began = await m.now({});
    for (const node of servers.nodes) await node.command('client', 'pause', '10000', 'write');
    const sent = m.values.write(SCOPE, { id: who.next(), fenced: true, began, changes: [put('k', 1)], resent: false }, {});
    sent.catch(() => undefined);
    for (const node of (clients[0] as Cluster).nodes('master')) {
      const id = String(await node.call('client', 'id'));
      const server = servers.nodes.find(({ port }) => port === node.options.port);
      await server?.command('client', 'kill', 'id', id);
    }
    const replaced = begin(other, attempt(2));

    for (const node of servers.nodes) await node.command('client', 'unpause');

    expect((await replaced).kind).toBe('ok');
    await expect(sent).rejects.toMatchObject(UNKNOWN);
    expect(await value(other, 'k')).toBeUndefined();
  });
});
