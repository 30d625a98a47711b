import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { redisMetastore } from '../../src/redis.ts';
import { fileObjectStore } from '../../src/file.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { attemptHandle, collected, noise, TASK } from '../contract/state-store-parts.ts';
import { observe, type Observation } from '../support/observed-key.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startToxiproxy, type ToxicProxy, type Toxiproxy } from '../support/toxiproxy.ts';
import { until } from '../support/until.ts';

/**
 * A line to Redis that is slow, in pieces, silent, cut, or reset, and a Redis that stands still or throws everybody out.
 * Meanwhile an attempt writes and others read. Large values lie in files. I1: every read is whole and not older than what was
 * acknowledged. I2: what failed with a definite error is never seen. I7: nothing that was there is ever "no value". And no call
 * hangs.
 */

const DEADLINE = 500;
/** If no call may fail, on a machine that is busy. */
const PATIENCE = 15_000;
/** For a call: the deadline of each of its steps, and time for a machine that is busy. */
const LONGEST = 4 * DEADLINE + 5_000;
const KEY = 'cursor';
const UNKNOWN = 'mooring.outcome-unknown';
const UNAVAILABLE = 'mooring.store-unavailable';

let toxiproxy: Toxiproxy;
let server: TestRedis;
let proxy: ToxicProxy;
let folder: string;
let clients: Redis[];

beforeAll(async () => {
  [toxiproxy, server] = await Promise.all([startToxiproxy(), startRedis()]);
});
afterAll(() => Promise.all([toxiproxy?.stop(), server?.stop()]));
beforeEach(async () => {
  clients = [];
  folder = await mkdtemp(join(tmpdir(), 'mooring-toxics-'));
  proxy = await toxiproxy.proxy(server.port);
});
afterEach(async () => {
  for (const client of clients) client.disconnect();
  await proxy.heal();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

interface Opening {
  broken?: () => void;
  commandTimeout?: number;
}

function open(
  port: number,
  namespace: string,
  { broken = () => undefined, commandTimeout = DEADLINE }: Opening = {},
): StateStore {
  const client = new Redis({
    port,
    host: '127.0.0.1',
    retryStrategy: () => 20,
    maxRetriesPerRequest: null,
    // Once its socket is gone, a client that is disconnected would hold the process for two seconds.
    disconnectTimeout: 50,
  });
  client.on('error', () => undefined).on('close', broken);
  clients.push(client);
  return createStateStore({
    metastore: redisMetastore({ client }),
    objectStore: fileObjectStore({ directory: folder }),
    namespace,
    offloadThreshold: 1_000,
    commandTimeout,
  });
}

interface Troubled extends Observation {
  /** The state through the proxy, in the name of the attempt that wrote. */
  readonly state: StateHandle;
  /** The state without the proxy. */
  readonly direct: StateHandle;
  /** How often the connection of the proxy broke. */
  readonly broken: number;
}

/** An attempt writes and two readers look, one of them without the proxy, while there is trouble; then all is as before. */
async function inTrouble(
  trouble: () => Promise<() => Promise<unknown>>,
  { ms = 1_200, commandTimeout = DEADLINE } = {},
): Promise<Troubled> {
  const namespace = randomUUID();
  let broken = 0;
  const through = open(proxy.port, namespace, { broken: () => (broken += 1), commandTimeout });
  const direct = open(server.port, namespace, { commandTimeout }).task(TASK);
  const state = await attemptHandle(through, TASK, 1);
  await state.set(KEY, { n: 0, text: '' });
  const seen = await observe({ key: KEY, writer: state, readers: { through: through.task(TASK), direct } }, async () => {
    const heal = await trouble();
    await pause(ms);
    await heal();
  });
  return { ...seen, state, direct, broken };
}

/** What holds in every kind of trouble. */
async function expectSound(
  { deviations, longest, failedWrites, failedReads, state, direct }: Troubled,
  longestAllowed = LONGEST,
): Promise<void> {
  expect(deviations).toEqual([]);
  expect(longest).toBeLessThan(longestAllowed);
  expect(Object.keys(failedWrites).filter((code) => code !== UNKNOWN && code !== UNAVAILABLE)).toEqual([]);
  expect(Object.keys(failedReads).filter((code) => code !== UNAVAILABLE)).toEqual([]);
  const done = { n: -1, text: 'when all is well again' };
  await until(() =>
    state.set(KEY, done).then(
      () => true,
      () => false,
    ),
  );
  expect(await state.get(KEY)).toEqual(done);
  expect(await direct.get(KEY)).toEqual(done);
  expect((await collected(direct.entries())).map(({ key }) => key)).toEqual([KEY]);
}

/** Does something again and again until it is told to stop. */
function repeatedly(ms: number, act: () => Promise<unknown>): () => Promise<() => Promise<void>> {
  return async () => {
    let over = false;
    const acting = (async () => {
      for (; !over; await pause(ms)) await act();
    })();
    return async () => {
      over = true;
      await acting;
    };
  };
}

async function resetOnce(stream: 'upstream' | 'downstream'): Promise<void> {
  const heal = await proxy.toxic('reset_peer', { timeout: 0 }, stream);
  await pause(10);
  await heal();
}

describe('I1 I2 I7 a line that loses nothing', () => {
  test.each<[string, () => Promise<() => Promise<void>>]>([
    ['late', () => proxy.toxic('latency', { latency: 60, jitter: 50 })],
    ['slow', () => proxy.toxic('bandwidth', { rate: 30 }, 'upstream')],
    ['in pieces of a few bytes, replies', () => proxy.toxic('slicer', { average_size: 3, size_variation: 2, delay: 10 })],
    [
      'in pieces of a few bytes, requests',
      () => proxy.toxic('slicer', { average_size: 3, size_variation: 2, delay: 10 }, 'upstream'),
    ],
  ])('%s: every call succeeds', async (_name, trouble) => {
    const seen = await inTrouble(trouble, { commandTimeout: PATIENCE });

    expect(seen).toMatchObject({ failedWrites: {}, failedReads: {} });
    expect(Math.min(seen.acknowledged, seen.reads)).toBeGreaterThan(0);
    await expectSound(seen, PATIENCE);
  });
});

describe('I1 I2 I7 a line that breaks', () => {
  test.each<[string, () => Promise<() => Promise<void>>]>([
    ['reset as soon as it is used', () => proxy.toxic('reset_peer', { timeout: 0 })],
    ['silent for a moment, then reset', () => proxy.toxic('reset_peer', { timeout: 60 }, 'upstream')],
    ['reset now and then', repeatedly(40, () => resetOnce('downstream'))],
    ['reset now and then by the server', repeatedly(40, () => resetOnce('upstream'))],
    ['closed in the middle of a reply', () => proxy.toxic('limit_data', { bytes: 9_001 })],
    ['closed in the middle of a request', () => proxy.toxic('limit_data', { bytes: 2_003 }, 'upstream')],
    ['silent, then closed', () => proxy.toxic('timeout', { timeout: 2 * DEADLINE })],
    ['silent for requests, then closed', () => proxy.toxic('timeout', { timeout: 2 * DEADLINE }, 'upstream')],
  ])('%s', async (_name, trouble) => {
    const seen = await inTrouble(trouble);

    expect(seen.broken).toBeGreaterThan(0);
    await expectSound(seen);
  });

  test('cut and mended, again and again', async () => {
    const cut = repeatedly(30, async () => {
      await proxy.cut();
      await pause(30);
      await proxy.heal();
    });

    const seen = await inTrouble(cut);

    expect(seen.broken).toBeGreaterThan(3);
    await expectSound(seen);
  });

  test('cut for longer than a call waits', async () => {
    const seen = await inTrouble(
      async () => {
        await proxy.cut();
        return () => proxy.heal();
      },
      { ms: 3 * DEADLINE },
    );

    expect(seen.failedReads[UNAVAILABLE]).toBeGreaterThan(0);
    await expectSound(seen);
  });
});

describe('I1 I2 I5 I7 a Redis', () => {
  test('that stands still and goes on', async () => {
    const seen = await inTrouble(
      async () => {
        process.kill(server.pid, 'SIGSTOP');
        return async () => void process.kill(server.pid, 'SIGCONT');
      },
      { ms: 3 * DEADLINE },
    );

    expect(seen.failedWrites[UNKNOWN]).toBeGreaterThan(0);
    expect(seen.failedReads[UNAVAILABLE]).toBeGreaterThan(0);
    await expectSound(seen);
  });

  test('that throws every client out again and again, with its scripts', async () => {
    const seen = await inTrouble(
      repeatedly(10, async () => {
        await server.command('script', 'flush');
        await server.command('client', 'kill', 'type', 'normal', 'skipme', 'yes');
      }),
    );

    expect(seen.broken).toBeGreaterThan(3);
    await expectSound(seen);
  });

  test('that loses an acknowledged write when it fails over has the whole value before it', async () => {
    const [first, link] = await Promise.all([startRedis(), toxiproxy.proxy(server.port)]);
    await link.lead(first.port);
    const second = await startRedis({ args: ['--replicaof', '127.0.0.1', String(link.port)] });

    try {
      await proxy.lead(first.port);
      const namespace = randomUUID();
      const through = open(proxy.port, namespace, { commandTimeout: PATIENCE });
      const replica = open(second.port, namespace, { commandTimeout: PATIENCE }).task(TASK);
      const state = await attemptHandle(through, TASK, 1);
      const before = { n: 1, text: noise(5_000) };
      await state.set(KEY, before);
      await until(async () => (await replica.get(KEY).catch(() => undefined)) !== undefined);
      await link.cut();
      await state.set(KEY, { n: 2, text: noise(5_000, 2) });
      await first.kill();
      await second.command('replicaof', 'no', 'one');
      await proxy.lead(second.port);

      await until(() =>
        through.ready().then(
          () => true,
          () => false,
        ),
      );
      expect(await state.get(KEY)).toEqual(before);

      await state.set(KEY, { n: 3, text: noise(5_000, 3) });
      expect(await replica.get(KEY)).toMatchObject({ n: 3 });
    } finally {
      await Promise.all([first.stop(), second.stop()]);
    }
  });
});
