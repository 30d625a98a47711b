import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { redisMetastore } from '../../src/redis.ts';
import { gcsObjectStore } from '../../src/gcs.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateHandle } from '../../src/state-store/state-handle.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { DAY, HOUR } from '../contract/maintenance-parts.ts';
import { attemptHandle, collected, objectsOf, storedMeta, TASK } from '../contract/state-store-parts.ts';
import { countedCalls } from '../support/counted-calls.ts';
import { startFakeGcs } from '../support/fake-gcs.ts';
import { startLossyHttp, type Fate, type LossyHttp } from '../support/lossy-http.ts';
import { startMinio } from '../support/minio.ts';
import { observe, type Observation } from '../support/observed-key.ts';
import { streaming } from '../support/observed-stream.ts';
import { redisRig } from '../support/redis-rig.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { startToxiproxy, type ToxicProxy, type Toxiproxy } from '../support/toxiproxy.ts';
import { until } from '../support/until.ts';

/**
 * Whole state stores, between Redis and buckets, whose lines and servers are in trouble. An attempt writes values and streams, a
 * reader looks through the trouble and another past it. I1: every read is whole and not older than what was acknowledged. I2:
 * what failed with a definite error is never seen. I6: no part of a body is ever a value. I7: what was there is never "no value".
 * When all is well again the same store works on, and what was left behind can be found and removed (I4).
 *
 * Not every fault is one of every server: statuses and truncated bodies are faults of HTTP, so of the buckets. Redis has lost
 * replies, and lines that close in the middle of a reply, in their place.
 */

const DEADLINE = 500;
/** If no call may fail, on a machine that is busy. */
const PATIENCE = 30_000;
/** Calls of each kind that end before the trouble does. */
const CALLS = 5;
const STREAMS = 1;
/** Milliseconds between two calls: a stream is megabytes, which its readers would fetch without end while its writer waits. */
const STREAM_PACE = 100;
const UNKNOWN = 'mooring.outcome-unknown';
const UNAVAILABLE = 'mooring.store-unavailable';

interface Bucket {
  readonly port: number;
  /** Through another port; without one, directly. */
  store(prefix: string, port?: number): Promise<ObjectStore>;
  stop(): Promise<void>;
}

async function minio(): Promise<Bucket> {
  const server = await startMinio();
  const bucket = await server.bucket();
  const clients = new Map<number, S3Client>();
  return {
    port: server.port,
    async store(prefix, port = server.port) {
      const client = clients.get(port) ?? server.client({ endpoint: `http://127.0.0.1:${port}` });
      clients.set(port, client);
      return s3ObjectStore({ client, bucket, prefix, partSize: 5 * 2 ** 20, alias: 'bucket' });
    },
    stop: () => server.stop(),
  };
}

async function gcs(): Promise<Bucket> {
  const server = await startFakeGcs();
  const { name } = await server.bucket();
  return {
    port: server.port,
    async store(prefix, port = server.port) {
      const { storage } = await server.bucket('7', `http://127.0.0.1:${port}`);
      return gcsObjectStore({ bucket: storage.bucket(name), prefix, alias: 'bucket' });
    },
    stop: () => server.stop(),
  };
}

let toxiproxy: Toxiproxy;
let redis: TestRedis;
let direct: Redis;
const buckets = new Map<string, Bucket>();

beforeAll(async () => {
  [toxiproxy, redis] = await Promise.all([startToxiproxy(), startRedis()]);
  direct = new Redis(redis.port, '127.0.0.1', { disconnectTimeout: 50 });
  await Promise.all(SERVERS.map(async ([name, start]) => buckets.set(name, await start())));
});
afterAll(async () => {
  direct?.disconnect();
  await Promise.all([toxiproxy?.stop(), redis?.stop(), ...[...buckets.values()].map((bucket) => bucket.stop())]);
});

/** Both lines, and the proxies on them. Requests go through the toxic one first. */
interface Lines {
  readonly redis: ToxicProxy;
  readonly bucket: ToxicProxy;
  readonly http: LossyHttp;
  readonly tcp: TcpProxy;
  readonly namespace: string;
  /** Notes that a fault has met something; a call that fails says so, too. */
  hit(): void;
}

/** A key, who writes it, and how another sees it. */
interface Party {
  readonly key: string;
  readonly writer: StateHandle;
  of(store: StateStore): StateHandle;
}

/** Begins, and ends with what it gives. */
type Trouble = (lines: Lines) => Promise<() => Promise<unknown>>;

/** A toxic on both lines. */
function both(...[type, attributes, stream]: Parameters<ToxicProxy['toxic']>): Trouble {
  return async (lines) => {
    const ends = await Promise.all([lines.redis, lines.bucket].map((line) => line.toxic(type, attributes, stream)));
    return () => Promise.all(ends.map((end) => end()));
  };
}

/** Again and again until it ends. */
function repeatedly(act: (lines: Lines) => Promise<unknown>): Trouble {
  return async (lines) => {
    let over = false;
    const acting = (async () => {
      for (; !over; await pause(40)) await act(lines);
    })();
    return () => {
      over = true;
      return acting;
    };
  };
}

async function cutFor(ms: number, line: ToxicProxy): Promise<void> {
  await line.cut();
  await pause(ms);
  await line.heal();
}

/** This share of the requests to the bucket, drawn by chance with a seed, meets one of these fates. */
function storm(fates: readonly Fate[], share: number): Trouble {
  return ({ http, hit }) => {
    let [over, drawn] = [false, 7];
    const draw = (): number => {
      drawn = (Math.imul(drawn, 1_664_525) + 1_013_904_223) >>> 0;
      return drawn / 2 ** 32;
    };
    const meets = (chance: number) => (): boolean => {
      const met = !over && draw() < chance;
      if (met) hit();
      return met;
    };
    // Each is asked where those before it did not want the request: all of them get the same part of the whole.
    for (const [at, fate] of fates.entries()) {
      const others = (share * at) / fates.length;
      http.next(meets(share / fates.length / (1 - others)), fate, Number.POSITIVE_INFINITY);
    }
    return Promise.resolve(() => {
      over = true;
      return Promise.resolve();
    });
  };
}

const SERVERS: readonly [name: string, start: () => Promise<Bucket>, codes: Readonly<Record<number, string>>][] = [
  ['MinIO', minio, { 500: 'InternalError', 503: 'SlowDown', 409: 'ConditionalRequestConflict', 412: 'PreconditionFailed' }],
  ['fake-gcs-server', gcs, { 500: 'internalError', 503: 'backendError', 409: 'conflict', 412: 'conditionNotMet' }],
];

describe.each(SERVERS)('between Redis and %s', (name, _start, codes) => {
  let bucket: Bucket;
  let lines: Lines;
  let hits = 0;
  let clients: Redis[];
  let beside: ObjectStore;

  beforeEach(async () => {
    bucket = buckets.get(name) as Bucket;
    // Whose time moves, moves that of all keys: those of the tests before are not looked through again each time.
    await direct.flushall();
    const [tcp, http] = await Promise.all([startTcpProxy(redis.port), startLossyHttp(bucket.port)]);
    const proxies = await Promise.all([toxiproxy.proxy(tcp.port), toxiproxy.proxy(http.port)]);
    const namespace = randomBytes(6).toString('hex');
    lines = { redis: proxies[0], bucket: proxies[1], http, tcp, namespace, hit: () => (hits += 1) };
    [hits, clients] = [0, []];
    beside = await bucket.store(namespace);
  });
  afterEach(async () => {
    for (const client of clients) client.disconnect();
    await Promise.all([lines.redis.heal(), lines.bucket.heal()]);
    await Promise.all([lines.tcp.stop(), lines.http.stop()]);
  });

  const openThrough = async (commandTimeout: number): Promise<StateStore> => {
    const options = { retryStrategy: () => 20, maxRetriesPerRequest: null, disconnectTimeout: 50 };
    const client = new Redis(lines.redis.port, '127.0.0.1', options);
    client.on('error', () => undefined).on('close', lines.hit);
    clients.push(client);
    return createStateStore({
      metastore: redisMetastore({ client }),
      objectStore: await bucket.store(lines.namespace, lines.bucket.port),
      namespace: lines.namespace,
      offloadThreshold: 1_000,
      codec: 'none',
      commandTimeout,
    });
  };
  const openBeside = (metastore = redisMetastore({ client: direct }), shift = 0): StateStore =>
    createStateStore({
      metastore,
      objectStore: beside,
      namespace: lines.namespace,
      codec: 'none',
      commandTimeout: PATIENCE,
      clock: { now: () => Date.now() + shift, sleep: () => Promise.resolve() },
    });

  /** Values and streams are written and read while there is trouble, until so many calls of each kind have ended. */
  const meets = async (trouble: Trouble, commandTimeout = DEADLINE): Promise<Observation[]> => {
    const through = await openThrough(commandTimeout);
    const calm = openBeside();
    const state = await attemptHandle(through, TASK, 1);
    const values: Party = { key: 'cursor', writer: state, of: (store) => store.task(TASK) };
    const streams: Party = { key: 'film', writer: streaming(state), of: (store) => streaming(store.task(TASK)) };
    const first = { n: 0, text: '' };
    for (const { key, writer } of [values, streams]) await succeeds(() => writer.set(key, first));
    hits = 0;
    const watch = ({ key, writer, of }: Party, calls: number, pace?: number): Promise<Observation> => {
      const counted = countedCalls(calls);
      const readers = { through: counted.handle(of(through)), beside: of(calm) };
      const observed = { key, writer: counted.handle(writer), readers, ...(pace !== undefined && { pace }) };
      return observe(observed, () => counted.enough);
    };
    const heal = await trouble(lines);
    const watching = Promise.all([watch(values, CALLS), watch(streams, STREAMS, STREAM_PACE)]);
    await watching.catch(() => undefined);
    await heal();
    const seen = await watching;
    for (const { deviations, failedReads, failedWrites } of seen) {
      hits += Object.keys({ ...failedReads, ...failedWrites }).length;
      expect(deviations).toEqual([]);
      expect(Object.keys(failedWrites).filter((code) => code !== UNKNOWN && code !== UNAVAILABLE)).toEqual([]);
      expect(Object.keys(failedReads).filter((code) => code !== UNAVAILABLE)).toEqual([]);
    }
    // The same store, without a restart.
    const last = { n: 1_000_000, text: 'x'.repeat(2_000) };
    for (const { key, writer, of } of [values, streams]) {
      await succeeds(() => writer.set(key, last));
      for (const reader of [writer, of(through), of(calm)]) {
        await succeeds(async () => {
          if (!isDeepStrictEqual(await reader.get(key), last)) throw new Error('another value is there');
        });
      }
    }
    await through.close();
    await leavesNothing();
    return seen;
  };

  const leavesNothing = async (): Promise<void> => {
    const rig = redisRig(
      direct,
      () => [direct],
      () => Promise.resolve(),
    );
    await rig.advance(DAY + HOUR);
    const old = (): StateStore => openBeside(rig.metastore(), rig.shift());
    await expect(sweep(old())).resolves.toMatchObject({ failed: [] });
    await expect(reconcile(old(), { apply: true, maxShare: 1 })).resolves.toMatchObject({ failed: [] });
    const entries = await collected(old().task(TASK).entries());
    expect(entries.map(({ key }) => key)).toEqual(['cursor', 'film']);
    const metas = await Promise.all(entries.map(({ key }) => storedMeta(old(), TASK, key)));
    expect(await objectsOf(beside)).toEqual(metas.map(({ ref }) => ref?.object));
    const looking = beside.unfinished?.(new Date(Date.now() + DAY), { prefix: `${lines.namespace}/`, remove: false });
    if (looking) expect(await collected(looking)).toEqual([]);
  };

  describe('I1 I2 I7 lines that lose nothing', () => {
    // A value asks Redis and the bucket, at least once each. A stream of 9 MiB comes in 288 buffers, each with a pause behind it.
    test.each<[string, Trouble, least: readonly [values: number, streams: number]]>([
      ['late', both('latency', { latency: 200, jitter: 50 }), [300, 300]],
      ['in pieces', both('slicer', { average_size: 20_000, size_variation: 9_000, delay: 4_000 }), [0, 1_000]],
    ])('%s: every call succeeds in its own time', async (_what, trouble, least) => {
      const seen = await meets(trouble, PATIENCE);

      for (const [at, { failedReads, failedWrites, longest }] of seen.entries()) {
        expect([failedReads, failedWrites]).toEqual([{}, {}]);
        expect(longest).toBeGreaterThan(least[at] as number);
      }
    });
  });

  describe('I1 I2 I4 I6 I7 lines that break', () => {
    test.each<[string, Trouble]>([
      ['both reset as soon as they are used', both('reset_peer', { timeout: 0 })],
      ['both silent for requests, then reset', both('reset_peer', { timeout: 100 }, 'upstream')],
      ['both silent, then closed', both('timeout', { timeout: DEADLINE / 2 })],
      ['both closed in the middle of a reply', both('limit_data', { bytes: 9_001 })],
      ['both closed in the middle of a request', both('limit_data', { bytes: 9_001 }, 'upstream')],
      ['both cut and mended, in turn', repeatedly((to) => cutFor(40, to.redis).then(() => cutFor(40, to.bucket)))],
      [
        'replies of Redis lost, though it did what it was told',
        repeatedly(({ tcp, namespace }) => {
          tcp.loseReplyTo(namespace);
          return Promise.race([tcp.lost(), pause(500)]);
        }),
      ],
    ])('%s', async (_what, trouble) => {
      await meets(trouble);
      expect(hits).toBeGreaterThan(0);
    });
  });

  describe('I1 I2 I4 I6 I7 the bucket', () => {
    const answers = (status: number): Fate => ({ kind: 'answer', status, code: codes[status] as string });
    const statuses = [500, 503, 409, 412];
    test.each<[string, Trouble]>([
      ...statuses.map((status): [string, Trouble] => [`answers everything with ${status}`, storm([answers(status)], 1)]),
      ['answers most requests with one of these', storm(statuses.map(answers), 0.6)],
      ['does what it is told, and most of its replies are lost', storm([{ kind: 'lose-reply' }], 0.6)],
      ['breaks off most bodies', storm([{ kind: 'truncate', bytes: 700 }], 0.6)],
      ['resets most connections', storm([{ kind: 'reset' }], 0.6)],
      ['never answers some requests', storm([{ kind: 'hang' }], 0.3)],
      ['is cut off', async ({ bucket: line, hit }) => (await line.cut(), hit(), () => line.heal())],
    ])('%s', async (_what, trouble) => {
      await meets(trouble);
      expect(hits).toBeGreaterThan(0);
    });
  });
});

/** Tries until it succeeds, as a user whose machine is busy would. */
async function succeeds(act: () => Promise<unknown>): Promise<void> {
  await until(() =>
    act().then(
      () => true,
      () => false,
    ),
  );
}
