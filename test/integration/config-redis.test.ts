import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from 'node:net';
import { createServer, type Server } from 'node:tls';
import { inspect } from 'node:util';
import { configFromEnv, openStateStore } from '../../src/config.ts';
import { openWith } from '../../src/config/config.ts';
import { installed, type Packages } from '../../src/config/clients/packages.ts';
import { startRedis, startRedisCluster, type TestCluster, type TestRedis } from '../support/redis.ts';
import { freePort } from '../../scripts/free-port.ts';
import { until } from '../support/until.ts';

/** Stores from the address of a Redis, on real servers: passwords, users, TLS, a Cluster, and none at all. */

const PASSWORD = 'p@ss/w:rd#?%20';
const TASK = { flow: 'config', run: '1', task: 'redis' };

let locked: TestRedis;
let cluster: TestCluster;

beforeAll(async () => {
  [locked, cluster] = await Promise.all([startRedis({ args: ['--requirepass', PASSWORD] }), startRedisCluster()]);
});

afterAll(() => Promise.all([locked?.stop(), cluster?.stop()]));

async function roundTrip(config: Parameters<typeof openStateStore>[0]): Promise<unknown> {
  await using store = await openStateStore({ namespace: `n${Math.random()}`.replace('.', ''), ...config });
  await store.ready();
  const state = store.task<{ cursor: number }>(TASK);
  await state.set('cursor', 7);
  return state.get('cursor');
}

describe('a Redis that asks for a password', () => {
  test('is opened by an address that has it', async () => {
    expect(await roundTrip({ redis: `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${locked.port}/3` })).toBe(7);
  });

  test('is opened from the environment, with the password apart from the address', async () => {
    const config = configFromEnv({ MOORING_REDIS: `redis://127.0.0.1:${locked.port}`, MOORING_REDIS_PASSWORD: PASSWORD });

    expect(await roundTrip(config)).toBe(7);
  });

  test('is opened in the name of a user', async () => {
    const redis = `redis://worker:secret@127.0.0.1:${locked.port}`;
    const admin = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${locked.port}`;
    const { Redis } = await import('ioredis');
    const client = new Redis(admin);
    await client.call('acl', 'setuser', 'worker', 'on', '>secret', '~mooring:*', '+@all');
    client.disconnect();

    expect(await roundTrip({ redis })).toBe(7);
  });

  test('is not opened without the right one: ready() says so, without a word of either', async () => {
    for (const redis of ['redis://', 'redis://:hunter2@', 'redis://worker:hunter2@']) {
      const said: unknown[] = [];
      const say = (fields: object, message: string): void => void said.push(fields, message);
      const logger = { debug: say, info: say, warn: say, error: say };
      await using store = await openStateStore({ redis: `${redis}127.0.0.1:${locked.port}`, logger, commandTimeout: '3s' });

      const error: unknown = await store.ready().catch((caught: unknown) => caught);

      expect(error).toMatchObject({ code: expect.stringMatching(/^mooring\.(config|store-unavailable)$/) });
      expect(inspect([error, said], { depth: 20, showHidden: true })).not.toContain('hunter2');
    }
  });
});

test('ioredis 5 does as well', async () => {
  const packages = { ...installed, ioredis: () => import('ioredis-5') as unknown as ReturnType<Packages['ioredis']> };
  const redis = `redis://:${encodeURIComponent(PASSWORD)}@127.0.0.1:${locked.port}`;

  for (const config of [{ redis, namespace: 'v5' }, { redis: `redis+cluster://127.0.0.1:${cluster.nodes[0]?.port}` }]) {
    await using store = await openWith(config, packages, {});
    const state = store.task<{ cursor: number }>(TASK);
    await state.set('cursor', 5);
    expect(await state.get('cursor')).toBe(5);
  }
});

test('a Cluster is opened by the address of one of its nodes', async () => {
  expect(await roundTrip({ redis: `redis+cluster://127.0.0.1:${cluster.nodes[0]?.port}` })).toBe(7);
});

test('rediss:// speaks TLS, as redisOptions say', async () => {
  // A key that both know in place of a certificate: nothing has to be made or trusted.
  const psk = { identity: 'test', psk: Buffer.alloc(32, 1) };
  const shared = { ciphers: 'PSK', minVersion: 'TLSv1.2', maxVersion: 'TLSv1.2' } as const;
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer({ ...shared, pskCallback: () => psk.psk }, (secure) => {
    const plain = connect(locked.port, '127.0.0.1');
    for (const socket of [secure, plain]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
    }
    secure.pipe(plain).pipe(secure);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  try {
    const { port } = server.address() as AddressInfo;
    const tls = { ...shared, pskCallback: () => psk, checkServerIdentity: () => undefined };

    expect(await roundTrip({ redis: `rediss://127.0.0.1:${port}`, redisOptions: { tls, password: PASSWORD } })).toBe(7);
    expect(sockets.size).toBeGreaterThan(0);
  } finally {
    for (const socket of sockets) socket.destroy();
    server.close();
  }
});

test('a Redis that is not there is an error in time, without what is secret', async () => {
  const said: unknown[] = [];
  const say = (fields: object, message: string): void => void said.push([fields, message]);
  await using store = await openStateStore({
    redis: `redis://worker:hunter2@127.0.0.1:${await freePort()}`,
    commandTimeout: '1s',
    logger: { debug: say, info: say, warn: say, error: say },
  });

  const error: unknown = await store.ready().catch((caught: unknown) => caught);

  expect(error).toMatchObject({ code: 'mooring.store-unavailable' });
  expect(said).toContainEqual([{ code: 'ECONNREFUSED' }, 'the connection to Redis failed; it is tried again']);
  expect(inspect([error, said], { depth: 20, showHidden: true })).not.toContain('hunter2');
});

test('a connection that has gone silent is replaced', async () => {
  const silent = new Set<Socket>();
  const sockets = new Set<Socket>();
  const proxy = createTcpServer((near) => {
    const far = connect(locked.port, '127.0.0.1');
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    near.on('data', (chunk) => silent.has(near) || far.write(chunk));
    far.on('data', (chunk) => silent.has(near) || near.write(chunk));
  });
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));

  try {
    const { port } = proxy.address() as AddressInfo;
    await using store = await openStateStore({
      redis: `redis://127.0.0.1:${port}`,
      redisOptions: { password: PASSWORD },
      commandTimeout: '200ms',
    });
    const state = store.task<{ cursor: number }>(TASK);
    await state.set('cursor', 1);
    for (const socket of sockets) silent.add(socket);

    await expect(state.get('cursor')).rejects.toMatchObject({ code: 'mooring.store-unavailable' });

    await until(async () => (await state.get('cursor').catch(() => undefined)) === 1);
  } finally {
    for (const socket of sockets) socket.destroy();
    proxy.close();
  }
});

test('is connected only from its first use until it closes', async () => {
  const others = async (): Promise<number> => Number(/connected_clients:(\d+)/.exec(await info())?.[1]);
  const info = async (): Promise<string> => plain.command('info', 'clients');
  const plain = await startRedis();

  try {
    const before = await others();
    await using store = await openStateStore({ redis: `redis://127.0.0.1:${plain.port}` });
    expect(await others()).toBe(before);
    await store.task<{ a: number }>(TASK).set('a', 1);
    expect(await others()).toBe(before + 1);

    await store.close();

    expect(await others()).toBe(before);
    await expect(store.task<{ a: number }>(TASK).get('a')).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  } finally {
    await plain.stop();
  }
});
