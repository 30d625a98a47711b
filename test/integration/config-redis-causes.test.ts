import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createServer as createTcpServer, type AddressInfo, type Server } from 'node:net';
import { createServer } from 'node:tls';
import { inspect } from 'node:util';
import { openStateStore } from '../../src/config.ts';
import { openWith } from '../../src/config/config.ts';
import { installed, type Packages } from '../../src/config/clients/packages.ts';
import { CERTIFICATE, PRIVATE_KEY } from '../support/certificate.ts';
import { freePort } from '../../scripts/free-port.ts';
import { startRedis, startRedisCluster, type TestCluster, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** A store from an address that cannot be used says why, within its deadline, and without what is secret. */

const SECRET = 'hunter2';
const DEADLINE = 2_000;
const TASK = { flow: 'config', run: '1', task: 'causes' };

let server: TestRedis;
let replica: TestRedis;
let cluster: TestCluster;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  [server, cluster] = await Promise.all([startRedis(), startRedisCluster()]);
  replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
  await until(async () => (await replica.command('info', 'replication')).includes('master_link_status:up'));
}, 60_000);
afterAll(() => Promise.all([...ends.map((end) => end()), replica?.stop(), server?.stop(), cluster?.stop()]));

type Method = 'ready' | 'get' | 'set';

/** What `ready()`, `get()` or `set()` on an address rejects with. */
async function failure(redis: string, method: Method = 'set', packages: Packages = installed): Promise<Error> {
  const said: unknown[] = [];
  const say = (...words: unknown[]): void => void said.push(words);
  const logger = { debug: say, info: say, warn: say, error: say };
  await using store = await openWith({ redis, commandTimeout: DEADLINE, logger }, packages, {});
  const state = store.task<{ k: number }>(TASK);
  const call = { ready: () => store.ready(), get: () => state.get('k'), set: () => state.set('k', 1) }[method];

  const began = performance.now();
  const error: unknown = await call().catch((caught: unknown) => caught);

  expect(performance.now() - began).toBeLessThan(2 * DEADLINE);
  expect(inspect([error, said], { depth: 20, showHidden: true })).not.toContain(SECRET);
  return error as Error;
}

async function portOf(listener: Server): Promise<number> {
  ends.push(() => listener.close());
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  return (listener.address() as AddressInfo).port;
}

const UNAVAILABLE = 'mooring.store-unavailable';

test('a server that stays a replica takes no write for certain', async () => {
  const redis = `redis://127.0.0.1:${replica.port}`;
  const refused = { code: UNAVAILABLE, message: expect.stringContaining('it is a replica, and takes no writes [READONLY]') };

  expect(await failure(redis)).toMatchObject(refused);
  expect(await failure(redis, 'ready')).toMatchObject(refused);
  expect(await failure(redis, 'get')).toBeUndefined();
});

test('a server that stays a replica is left alone once the call is over', async () => {
  const made = async (): Promise<number> =>
    Number(/total_connections_received:(\d+)/.exec(await replica.command('info', 'stats'))?.[1]);
  await using store = await openStateStore({ redis: `redis://127.0.0.1:${replica.port}`, commandTimeout: DEADLINE });
  const before = await made();

  await store
    .task<{ k: number }>(TASK)
    .set('k', 1)
    .catch(() => undefined);

  const after = await made();
  // The last one is that of the question.
  expect(after - before).toBeLessThanOrEqual(5);
  await store.task<{ k: number }>(TASK).get('k');
  expect(await made()).toBeLessThanOrEqual(after + 2);
});

test('a replica that becomes the master while a write waits takes it', async () => {
  const other = await startRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
  ends.push(other.stop);
  await until(async () => (await other.command('info', 'replication')).includes('master_link_status:up'));
  await using store = await openStateStore({ redis: `redis://127.0.0.1:${other.port}` });
  const state = store.task<{ k: number }>(TASK);
  await state.get('k');
  const refused = async (): Promise<boolean> => /errorstat_READONLY/.test(await other.command('info', 'errorstats'));

  const written = state.set('k', 7);
  await until(async () => (await refused()) || /rejected_calls=[1-9]/.test(await other.command('info', 'commandstats')));
  await other.command('replicaof', 'no', 'one');

  await written;
  expect(await state.get('k')).toBe(7);
});

test('a server that loads its data says so', async () => {
  const first = await startRedis();
  const admin = new Redis(first.port);
  await admin.eval("for i = 1, 20000 do redis.call('SET', 'k' .. i, 'v') end", 0);
  await admin.save();
  admin.disconnect();
  await first.kill();
  const slow = ['--key-load-delay', '1000', '--loading-process-events-interval-bytes', '1024'];
  const loading = await startRedis({ port: first.port, directory: first.directory, args: slow });
  ends.push(loading.stop, first.stop);

  for (const method of ['ready', 'get', 'set'] as const) {
    expect(await failure(`redis://127.0.0.1:${loading.port}`, method)).toMatchObject({
      code: UNAVAILABLE,
      message: expect.stringContaining('it is loading its data [LOADING]'),
    });
  }
}, 60_000);

test.each(['ready', 'get', 'set'] as const)('%s() says what listens at an address that cannot be used', async (method) => {
  const says = async (redis: string, message: string): Promise<void> =>
    expect(await failure(redis, method)).toMatchObject({ code: UNAVAILABLE, message: expect.stringContaining(message) });
  const tls = createServer({ cert: CERTIFICATE, key: PRIVATE_KEY }, (socket) => socket.on('error', () => undefined));
  const port = await portOf(tls);
  const silent = await portOf(createTcpServer((socket) => ends.push(() => socket.destroy())));

  await Promise.all([
    says(`rediss://:${SECRET}@127.0.0.1:${server.port}`, 'it may speak no TLS, which is redis://'),
    says(`redis://:${SECRET}@127.0.0.1:${port}`, 'it may speak TLS only, which is rediss://'),
    says(`rediss://:${SECRET}@127.0.0.1:${port}`, 'the certificate of the server is not trusted'),
    says(`redis+cluster://127.0.0.1:${server.port}`, 'the server is no Cluster'),
    says(`redis://:${SECRET}@127.0.0.1:${await freePort()}`, 'nothing listens at the address of Redis [ECONNREFUSED]'),
    says(`redis+cluster://:${SECRET}@127.0.0.1:${await freePort()}`, 'takes no connection, or closes it before it answers'),
    says(`redis://:${SECRET}@nowhere.invalid:6379`, 'the host of Redis has no address that can be found'),
    says(`redis://:${SECRET}@127.0.0.1:${silent}`, 'the deadline of 2000 ms passed'),
  ]);
});

test('a node of a Cluster is a mistake in the address of a single server', async () => {
  const cause = expect.stringContaining('must be a Cluster of ioredis: the server is part of a cluster');

  expect(await failure(`redis://127.0.0.1:${cluster.nodes[0]?.port}`)).toMatchObject({ code: 'mooring.config', message: cause });
});

test('ioredis 5 says the same', async () => {
  const packages = { ...installed, ioredis: () => import('ioredis-5') as unknown as ReturnType<Packages['ioredis']> };
  const says = async (redis: string, message: string): Promise<void> =>
    expect(await failure(redis, 'set', packages)).toMatchObject({ code: UNAVAILABLE, message: expect.stringContaining(message) });

  await Promise.all([
    says(`redis://127.0.0.1:${replica.port}`, '[READONLY]'),
    says(`redis+cluster://127.0.0.1:${server.port}`, 'the server is no Cluster'),
    says(`redis://127.0.0.1:${await freePort()}`, '[ECONNREFUSED]'),
  ]);
});
