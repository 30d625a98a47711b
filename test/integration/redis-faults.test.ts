import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import { Redis, type RedisOptions } from 'ioredis';
import { keysOf } from '../../src/format/redis-keys.ts';
import type { OpenMetastore } from '../../src/metastore/metastore.ts';
import { attempt, begin, put, putRef, SCOPE, tool, value, write } from '../contract/metastore-parts.ts';
import { freePort, startRedis, startRedisCluster, type TestRedis } from '../support/redis.ts';
import { keepingLogger, openRedisMetastore } from '../support/store-context.ts';
import { until } from '../support/until.ts';

/** A Redis that is down, full, evicting, misused or slow: one typed error each, within the deadline, and nothing hangs. */

const SECRET = 'a-value-that-no-error-may-hold';
const PASSWORD = 'pass-word-that-no-error-may-hold';
const DEADLINE = 400;
type Options = Omit<RedisOptions, 'replyMapping'>;
/** For a machine that is busy. */
const SLACK = 3_000;
const UNAVAILABLE = 'mooring.store-unavailable';
const UNKNOWN = 'mooring.outcome-unknown';

let server: TestRedis;
let admin: Redis;
const clients: Redis[] = [];

function connect(options: Options = {}): Redis {
  // Once its socket is gone, a client that is disconnected would hold the process for two seconds.
  const client = new Redis({ host: '127.0.0.1', port: server.port, disconnectTimeout: 50, ...options });
  client.on('error', () => undefined);
  clients.push(client);
  return client;
}

function open(client: Redis = connect(), more: Parameters<typeof openRedisMetastore>[1] = {}): OpenMetastore {
  return openRedisMetastore({ client }, { commandTimeout: DEADLINE, ...more });
}

beforeAll(async () => {
  server = await startRedis();
});
beforeEach(async () => {
  admin = new Redis(server.port);
  await admin.flushall();
});
afterEach(async () => {
  admin.disconnect();
  for (const client of clients.splice(0)) client.disconnect();
});
afterAll(() => server?.stop());

/** The error of a call, which holds no value and no password anywhere, and came in time. */
async function failure(call: Promise<unknown>): Promise<{ code: string; message: string; reason?: string; option?: string }> {
  const started = performance.now();
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(performance.now() - started).toBeLessThan(DEADLINE + SLACK);
  const everything = inspect(error, { depth: 12, showHidden: true, getters: true });
  expect(everything).not.toContain(SECRET);
  expect(everything).not.toContain(PASSWORD);
  if (!(error instanceof Error)) throw new Error('it succeeded');
  return error as Error & { code: string };
}

describe('a Redis that cannot be reached', () => {
  const nowhere = async (options: Options = {}): Promise<OpenMetastore> =>
    open(connect({ port: await freePort(), password: PASSWORD, ...options }));

  test('nothing was written: the first call of a store says so within its deadline', async () => {
    const m = await nowhere();

    expect(await failure(m.values.read(SCOPE, ['k'], {}))).toMatchObject({ code: UNAVAILABLE });
    expect(await failure(write(m, tool(), put('k', SECRET)))).toMatchObject({ code: UNAVAILABLE });
    expect(await failure(m.ready({}))).toMatchObject({ code: UNAVAILABLE });
  });

  test('the same for a client that waits for nothing, at once', async () => {
    const m = await nowhere({ enableOfflineQueue: false });
    expect(await failure(write(m, tool(), put('k', SECRET)))).toMatchObject({ code: UNAVAILABLE });
  });

  test('the same for a client that gives up', async () => {
    const m = await nowhere({ maxRetriesPerRequest: 0, retryStrategy: () => 10 });

    expect(await failure(begin(m, attempt(1)))).toMatchObject({ code: UNAVAILABLE });
  });

  test('the same for a client that was closed', async () => {
    const client = connect();
    const used = open(client);
    await used.ready({});
    client.disconnect();
    await until(() => client.status === 'end');
    const request = { id: tool().next(), fenced: false, began: Date.now(), changes: [put('k', SECRET)], resent: false };

    expect(await failure(used.values.write(SCOPE, request, {}))).toMatchObject({ code: UNAVAILABLE });
  });

  test('a store that could not be used can be, once the server is there', async () => {
    const port = await freePort();
    const m = open(connect({ port, retryStrategy: () => 20 }));
    await failure(m.ready({}));
    const late = await startRedis({ port });

    try {
      await until(async () =>
        m.ready({}).then(
          () => true,
          () => false,
        ),
      );
      expect((await write(m, tool(), put('k', 1))).kind).toBe('ok');
    } finally {
      await late.stop();
    }
  });

  test('a write that was on its way when the server was killed may have been applied', async () => {
    const own = await startRedis();
    try {
      const m = open(connect({ port: own.port }));
      await m.ready({});
      await own.command('client', 'pause', '60000', 'write');
      const sent = failure(write(m, tool(), put('k', SECRET)));

      await own.kill();

      expect(await sent).toMatchObject({ code: UNKNOWN, reason: 'no-answer' });
      expect(await failure(m.values.read(SCOPE, ['k'], {}))).toMatchObject({ code: UNAVAILABLE });
    } finally {
      await own.stop();
    }
  });
});

describe('a Redis that does not answer', () => {
  test('a read is unavailable, a write unknown, both within the deadline', async () => {
    const m = open();
    await m.ready({});
    const id = tool().next();
    const request = { id, fenced: false, began: await m.now({}), changes: [put('k', SECRET)], resent: false };
    process.kill(server.pid, 'SIGSTOP');

    try {
      expect(await failure(m.values.read(SCOPE, ['k'], {}))).toMatchObject({ code: UNAVAILABLE });
      expect(await failure(m.values.write(SCOPE, request, {}))).toMatchObject({ code: UNKNOWN, reason: 'no-answer' });
    } finally {
      process.kill(server.pid, 'SIGCONT');
    }

    // And indeed it was applied, once the server went on: the same write ID, sent again, finds it there.
    expect((await m.values.write(SCOPE, { ...request, resent: true }, {})).kind).toBe('ok');
    expect(await value(m, 'k')).toBe(SECRET);
  });

  test('a caller who stops waiting does, with their own reason', async () => {
    const m = open(connect(), { commandTimeout: 10_000 });
    await m.ready({});
    await admin.client('PAUSE', 60_000, 'WRITE');
    const stop = new AbortController();
    const reason = new Error('enough');
    const began = await m.now({});
    const sent = m.values.write(
      SCOPE,
      { id: tool().next(), fenced: false, began, changes: [put('k', 1)], resent: false },
      { signal: stop.signal },
    );
    stop.abort(reason);

    await expect(sent).rejects.toBe(reason);

    await admin.client('UNPAUSE');
  });
});

describe('a Redis that refuses', () => {
  test('full: only writes are refused', async () => {
    const m = open();
    await write(m, tool(), [put('a', 1), put('b', 2)]);
    await admin.config('SET', 'maxmemory', '1');

    try {
      expect(await failure(write(m, tool(), put('c', SECRET)))).toMatchObject({
        code: UNAVAILABLE,
        message: expect.stringMatching(/memory is full.*OOM/),
      });
      expect(await failure(m.ready({}))).toMatchObject({ code: UNAVAILABLE });
      expect(await value(m, 'a')).toBe(1);
      expect((await write(m, tool(), { name: 'a' })).kind).toBe('ok');
      expect(await m.scopes.clear(SCOPE, tool().next(), {})).toEqual({ kind: 'ok' });
    } finally {
      await admin.config('SET', 'maxmemory', '0');
    }

    expect(await m.values.read(SCOPE, ['a', 'b', 'c'], {})).toEqual([undefined, undefined, undefined]);
  });

  test('too few replicas: but Redis 6.2 does not look at min-replicas-to-write in a script', async () => {
    const m = open();
    const looks = !/redis_version:6\./.test(await admin.info('server'));
    await admin.config('SET', 'min-replicas-to-write', '1');

    try {
      const written = write(m, tool(), put('k', SECRET));
      const outcome = looks ? await failure(written) : await written;
      expect(outcome).toMatchObject(
        looks ? { code: UNAVAILABLE, message: expect.stringContaining('NOREPLICAS') } : { kind: 'ok' },
      );
    } finally {
      await admin.config('SET', 'min-replicas-to-write', '0');
    }
  });

  test('a replica takes no writes', async () => {
    const replica = await startRedis({ args: ['--replicaof', '127.0.0.1', String(server.port)] });
    try {
      const m = open(connect({ port: replica.port }));
      await until(async () => (await replica.command('info', 'replication')).includes('master_link_status:up'));
      expect(await failure(m.ready({}))).toMatchObject({ code: UNAVAILABLE, message: expect.stringContaining('READONLY') });
      expect(await failure(write(m, tool(), put('k', SECRET)))).toMatchObject({ code: UNAVAILABLE });
    } finally {
      await replica.stop();
    }
  });

  test('a wrong password is a mistake of the configuration', async () => {
    const guarded = await startRedis({ args: ['--requirepass', 'the-right-one'] });
    try {
      for (const password of [PASSWORD, undefined]) {
        const m = open(connect({ port: guarded.port, ...(password !== undefined && { password }) }));
        expect(await failure(m.ready({}))).toMatchObject({ code: 'mooring.config', option: 'client' });
      }
    } finally {
      await guarded.stop();
    }
  });

  test('a user who may not run scripts is told so before any work begins', async () => {
    await admin.call('acl', 'setuser', 'reader', 'on', `>${PASSWORD}`, '~*', '+@read', '+info', '+time', '+hello', '+client');
    const m = open(connect({ username: 'reader', password: PASSWORD }));

    expect(await failure(m.ready({}))).toMatchObject({
      code: 'mooring.config',
      option: 'client',
      message: expect.stringContaining('NOPERM'),
    });
  });

  test('a user who may not ask for INFO can work', async () => {
    await admin.call('acl', 'setuser', 'worker', 'on', `>${PASSWORD}`, '~mooring:*', '+@all', '-info');
    const m = open(connect({ username: 'worker', password: PASSWORD, enableReadyCheck: false }));

    await expect(m.ready({})).resolves.toBeUndefined();
    expect((await write(m, tool(), put('k', 1))).kind).toBe('ok');
  });

  test('a client of one server cannot be given a Cluster', async () => {
    const cluster = await startRedisCluster(2);
    try {
      const m = open(connect({ port: cluster.nodes[0]?.port ?? 0 }));
      const paths = Array.from({ length: 20 }, (_, at) => `flow/run/task/${at}`);

      const outcomes = await Promise.allSettled(paths.map((path) => m.values.read({ path }, ['k'], {})));
      const refused = outcomes.filter((outcome) => outcome.status === 'rejected');

      expect(refused.length).toBeGreaterThan(0);
      for (const { reason } of refused)
        expect(reason).toMatchObject({ code: 'mooring.config', message: expect.stringContaining('Cluster') });
    } finally {
      await cluster.stop();
    }
  });
});

describe('a key that holds something else', () => {
  test.each(['key', 'due'] as const)('is named by an error that writes nothing (%s of the scope)', async (which) => {
    const m = open();
    await write(m, tool(), put('k', 1), {}, { path: 'flow/run/other/-1' });
    const scope = keysOf('default').scope(SCOPE.path);
    const key = scope[which];
    await admin.set(key, SECRET);
    const before = (await admin.keys('*')).toSorted();

    for (const change of which === 'key' ? [put('k', SECRET), { name: 'k' }] : [{ name: 'k' }, putRef('k', 'n/f/r/t/k/1.gz')]) {
      const error = await failure(write(m, tool(), change));
      expect(error).toMatchObject({ code: 'mooring.corrupt-entry', message: expect.stringContaining(scope.key) });
    }

    if (which === 'key') expect(await failure(begin(m, attempt(1)))).toMatchObject({ code: 'mooring.corrupt-entry' });
    if (which === 'key') expect(await failure(m.values.read(SCOPE, ['k'], {}))).toMatchObject({ code: 'mooring.corrupt-entry' });
    expect((await admin.keys('*')).toSorted().filter((name) => !name.endsWith(':birth'))).toEqual(
      before.filter((name) => !name.endsWith(':birth')),
    );
  });
});

describe('scripts', () => {
  test('are sent again where the server has forgotten them', async () => {
    const m = open();
    await write(m, tool(), put('k', 1));
    await admin.script('FLUSH');

    expect((await write(m, tool(), put('k', 2))).kind).toBe('ok');

    await admin.script('FLUSH');
    expect(await value(m, 'k')).toBe(2);

    await admin.script('FLUSH');
    const many = await Promise.all(Array.from({ length: 50 }, () => begin(m, attempt(9), {}, { path: 'flow/run/x/-1' })));
    expect(many.filter((begun) => begun.kind === 'ok')).toHaveLength(1);
  });

  test('cost one command each', async () => {
    const m = open();
    const who = attempt(1);
    await begin(m, who);
    await write(m, who, put('k', 1));
    await value(m, 'k');
    const commands = async (): Promise<number> => Number(/total_commands_processed:(\d+)/.exec(await admin.info('stats'))?.[1]);
    const counted = async (work: () => Promise<unknown>): Promise<number> => {
      const calls = async (): Promise<number> =>
        Number(/cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))?.[1] ?? 0);
      const [all, scripts] = [await commands(), await calls()];
      await work();

      expect((await calls()) - scripts).toBe(1);

      return (await commands()) - all;
    };
    for (const work of [() => write(m, who, put('k', 2)), () => value(m, 'k'), () => begin(m, who)]) await counted(work);
  });
});

describe('what Redis is asked once', () => {
  test('a server that may evict is warned of, once per store and in plain words', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    try {
      const logger = keepingLogger();
      const m = open(connect(), { logger });
      await m.ready({});
      await write(m, tool(), put('k', 1));

      await m.ready({});

      expect(logger.lines).toEqual([
        {
          level: 'warn',
          fields: { store: 'redis', policy: 'allkeys-lru' },
          message: expect.stringContaining('must be noeviction'),
        },
      ]);
    } finally {
      await admin.config('SET', 'maxmemory-policy', 'noeviction');
    }
  });

  test('nothing is sent before the first use of state', async () => {
    const client = connect({ lazyConnect: true });
    open(client);

    await new Promise((resolve) => setImmediate(resolve));

    expect(client.status).toBe('wait');
  });
});
