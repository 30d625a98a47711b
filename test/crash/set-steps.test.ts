import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { buffer } from 'node:stream/consumers';
import { Redis } from 'ioredis';
import { reconcile } from '../../src/maintenance/reconcile.ts';
import { sweep } from '../../src/maintenance/sweep.ts';
import { fileObjectStore } from '../../src/object-store/file.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore } from '../../src/object-store/s3.ts';
import { scopePath } from '../../src/path.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { DAY, HOUR } from '../contract/maintenance-parts.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';
import { attemptHandle, collected, objectsOf, storedMeta, TASK } from '../contract/state-store-parts.ts';
import { startLossyHttp, type LossyHttp } from '../support/lossy-http.ts';
import { startMinio, type S3Server } from '../support/minio.ts';
import { redisRig } from '../support/redis-rig.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { nameOf, valueOf } from '../support/set-values.ts';
import type { SetOrder, Stop } from '../support/set-worker.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';
import { until } from '../support/until.ts';

/**
 * A process is killed in each step of a write, between two real servers. Then others come: one reads the old value or the new one,
 * one writes, and what the dead one left is removed when it is old enough, and nothing else.
 */

jest.setTimeout(90_000);

const WORKER = join(import.meta.dirname, '../support/set-worker.ts');
const PART = 5 * 2 ** 20;
const ALL = { apply: true, maxShare: 1 };

/** A step of a write. */
interface Step {
  readonly name: string;
  /** Where the worker says that it is there. */
  readonly stop?: Stop;
  /** Prepared before the worker starts. */
  readonly before?: () => void;
  /** What else must have happened before it is killed; a worker that stopped goes on when it calls `goOn`. */
  readonly until?: (goOn: () => void) => Promise<void>;
  /** Whether the new value is there afterwards. */
  readonly applied?: boolean;
  /** Objects that nothing refers to. */
  readonly objects?: number;
  /** Temporary files, or uploads. */
  readonly unfinished?: number;
}

let redis: TestRedis;
let client: Redis;
let proxy: TcpProxy;
let rig: MetastoreRig;
let namespace = '';
let objectStore: ObjectStore;
let place: SetOrder['place'];

beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.port, '127.0.0.1');
});
afterAll(async () => {
  client?.disconnect();
  await redis?.stop();
});
beforeEach(async () => {
  // Whose time moves, moves that of all keys: those of the tests before are not looked through again each time.
  await client.flushall();
  const none = (): Promise<void> => Promise.resolve();
  [proxy, rig] = [await startTcpProxy(redis.port), redisRig(client, () => [client], none)];
  namespace = randomBytes(6).toString('hex');
});
afterEach(() => proxy.stop());

/** What a process opens. Its metastore lives at the time of the rig. */
function open(): StateStore {
  return createStateStore({
    metastore: rig.metastore(),
    objectStore,
    namespace,
    codec: 'none',
    commandTimeout: '1m',
    clock: { now: () => Date.now() + rig.shift(), sleep: () => Promise.resolve() },
  });
}

/** Every step from which on a crash leaves something else, whatever the object store is. */
const STEPS: readonly Step[] = [
  { name: 'before the put', stop: 'before-put' },
  { name: 'after the put', stop: 'after-put', objects: 1 },
  { name: 'before the commit', stop: 'before-commit', objects: 1 },
  {
    name: 'when the commit was sent, and is lost on its way',
    stop: 'before-commit',
    until: async (goOn) => {
      proxy.loseRequest(namespace);
      goOn();
      await proxy.lost();
      proxy.hold(new Promise(() => undefined));
    },
    objects: 1,
  },
  {
    name: 'when the commit was applied, and its reply is lost',
    stop: 'before-commit',
    until: async (goOn) => {
      proxy.loseReplyTo(namespace);
      goOn();
      await proxy.lost();
      proxy.hold(new Promise(() => undefined));
    },
    applied: true,
  },
  { name: 'after the commit', stop: 'after-commit', applied: true },
];

/** Runs a worker to that step, and kills it there. */
async function killedAt(operation: SetOrder['operation'], { stop, before, until: also }: Step): Promise<void> {
  const order: SetOrder = { operation, stop, redisPort: proxy.port, namespace, place };
  before?.();
  const flags = ['--import', 'tsx', '--disable-warning=NodeVersionSupportWarning'];
  const worker = spawn(process.execPath, [...flags, WORKER, JSON.stringify(order)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(worker, 'exit');
  const early = ended.then(() => {
    throw new Error('the worker ended before it was killed');
  });
  early.catch(() => undefined);
  try {
    const said = createInterface(worker.stdout);
    if (stop) await expect(Promise.race([once(said, 'line'), early])).resolves.toEqual(['reached']);
    await Promise.race([also?.(() => worker.stdin.write('\n')), early]);
  } finally {
    worker.kill('SIGKILL');
    await ended;
  }
  expect(worker.signalCode).toBe('SIGKILL');
}

interface Kept {
  referenced: string[];
  superseded: string[];
  /** Neither. */
  left: string[];
  unfinished: string[];
}

/** What is in the object store, by what refers to it. */
async function kept(): Promise<Kept> {
  const entries = await collected(open().task(TASK).entries());
  const metas = await Promise.all(entries.map(({ key }) => storedMeta(open(), TASK, key)));
  const referenced = metas.map(({ ref }) => String(ref?.object)).sort();
  const fields = [...(await rig.stored(namespace, scopePath(TASK))).keys()];
  const superseded = fields.flatMap((field) => (field.startsWith('s:') ? [field.slice(2)] : [])).sort();
  const known = new Set([...referenced, ...superseded]);
  const listed = await objectsOf(objectStore);
  const left = listed.filter((object) => !known.has(object));
  expect([...known].filter((object) => !listed.includes(object))).toEqual([]);
  const looking = objectStore.unfinished?.(new Date(Date.now() + DAY), { prefix: `${namespace}/`, remove: false });
  const unfinished = (await collected(looking ?? collectedNothing())).map(({ key }) => key);
  return { referenced, superseded, left, unfinished };
}

async function* collectedNothing(): AsyncGenerator<{ key: string }> {}

async function expectSurvived(operation: SetOrder['operation'], step: Step): Promise<void> {
  const { applied = false, objects = 0, unfinished = 0 } = step;
  await (await attemptHandle(open(), TASK, 1)).setMany({ film: valueOf('old'), beside: valueOf('old') });

  await killedAt(operation, step);

  // I1
  const reader = open().task(TASK);
  const stream = await reader.getStream('film');
  const read = [await reader.get('film'), stream && (await buffer(stream)), await reader.get('beside')];
  expect(read.map((value) => nameOf(value as Uint8Array))).toEqual(applied ? ['new', 'new', 'old'] : ['old', 'old', 'old']);
  const left = await kept();
  expect(left.left).toHaveLength(objects);
  expect(left.unfinished).toHaveLength(unfinished);

  // What is young may be of a process that works on.
  await expect(reconcile(open(), ALL)).resolves.toMatchObject({ objects: 0, failed: [] });
  await expect(kept()).resolves.toEqual(left);

  const next = await attemptHandle(open(), TASK, 3);
  await next.set('film', valueOf('next'));
  expect(nameOf((await next.get('film')) as Uint8Array)).toBe('next');

  // I4
  await rig.advance(DAY + HOUR);
  const before = await kept();
  expect(before.superseded).toHaveLength(applied ? 2 : 1);
  await expect(reconcile(open(), ALL)).resolves.toMatchObject({ objects: objects + unfinished, failed: [] });
  await expect(kept()).resolves.toEqual({ ...before, left: [], unfinished: [] });
  await expect(sweep(open())).resolves.toMatchObject({ objects: before.superseded.length, failed: [] });
  await expect(kept()).resolves.toEqual({ referenced: before.referenced, superseded: [], left: [], unfinished: [] });
  await expect(objectsOf(objectStore)).resolves.toEqual(before.referenced);
  const after = await open().task(TASK).getMany(['film', 'beside']);
  expect([after['film'], after['beside']].map((value) => nameOf(value as Uint8Array))).toEqual(['next', 'old']);
}

describe('I1 I4 between Redis and MinIO, a process that is killed', () => {
  let server: S3Server;
  let lossy: LossyHttp;
  let bucket = '';

  const part = (path: string): number => Number(/[?&]partNumber=(\d+)/.exec(path)?.[1] ?? 0);
  const arrived = (match: (request: LossyHttp['requests'][number]) => boolean): Promise<void> =>
    until(() => lossy.requests.some(match));
  const partIsStored = (): Promise<void> => arrived(({ path, status }) => part(path) === 1 && status === 200);
  const completes = ({ method, path }: { method: string; path: string }): boolean =>
    method === 'POST' && path.includes('uploadId=');
  const steps: readonly Step[] = [
    ...STEPS,
    {
      name: 'between two parts of the upload',
      before: () => lossy.next(({ path }) => part(path) === 2, { kind: 'hang' }, 99),
      until: async () => {
        await partIsStored();
        await arrived(({ path }) => part(path) === 2);
      },
      unfinished: 1,
    },
    {
      name: 'before the upload is completed',
      before: () => lossy.next(completes, { kind: 'hang' }, 99),
      until: () => arrived(completes),
      unfinished: 1,
    },
  ];

  beforeAll(async () => {
    server = await startMinio();
    bucket = await server.bucket();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    lossy = await startLossyHttp(server.port);
    const prefix = namespace;
    objectStore = s3ObjectStore({ client: server.client(), bucket, prefix, partSize: PART });
    place = { kind: 's3', port: lossy.port, bucket, prefix, partSize: PART };
  });
  afterEach(() => lossy.stop());

  test.each(steps)('in a set, $name', (step) => expectSurvived('set', step));
  test.each<Step>([...steps, { name: 'while the body hangs', stop: 'body', until: partIsStored, unfinished: 1 }])(
    'in a setStream, $name',
    (step) => expectSurvived('setStream', step),
  );
});

describe('I1 I4 between Redis and files, a process that is killed', () => {
  let directory = '';

  const files = async (): Promise<string[]> => {
    const found = await readdir(directory, { recursive: true, withFileTypes: true });
    return found.flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name)] : []));
  };
  const isBegun = async (): Promise<boolean> => {
    const unfinished = (await files()).filter((file) => file.includes('+'));
    const sizes = await Promise.all(unfinished.map(async (file) => (await stat(file)).size));
    return sizes.some((size) => size > 0);
  };
  const steps: readonly Step[] = [
    ...STEPS,
    { name: 'before the file gets its name', stop: 'link', unfinished: 1 },
    { name: 'when the file has its name, beside that of before', stop: 'unlink', objects: 1, unfinished: 1 },
  ];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mooring-set-steps-'));
    objectStore = fileObjectStore({ directory, alias: 'files' });
    place = { kind: 'file', directory, alias: 'files' };
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  const survives = async (operation: SetOrder['operation'], step: Step): Promise<void> => {
    await expectSurvived(operation, step);
    expect((await files()).filter((file) => file.includes('+'))).toEqual([]);
  };

  test.each(steps)('in a set, $name', (step) => survives('set', step));
  test.each<Step>([...steps, { name: 'while the body hangs', stop: 'body', until: () => until(isBegun), unfinished: 1 }])(
    'in a setStream, $name',
    (step) => survives('setStream', step),
  );
});
