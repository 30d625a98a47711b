import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';
import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { builtWorker } from '../../scripts/build.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { scopePath } from '../../src/format/path.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { DAY, HOUR } from '../contract/maintenance-parts.ts';
import type { MetastoreRig } from '../contract/metastore-parts.ts';
import { attemptHandle, collected, objectsOf, storedMeta, TASK } from '../contract/state-store-parts.ts';
import { redisRig } from '../support/redis-rig.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { nameOf, valueOf } from '../support/set-values.ts';
import type { SetOrder, SetPlace, Stop } from '../support/set-worker.ts';
import { startTcpProxy, type TcpProxy } from '../support/tcp-proxy.ts';

/** What `set-steps.test.ts` is written with: a process that is killed at a step of a write, and what others find afterwards. */

const WORKER = new URL('../support/set-worker.ts', import.meta.url);
const FLAGS = ['--disable-warning=NodeVersionSupportWarning'];
const ALL = { apply: true, maxShare: 1 };

/** A step of a write. */
export interface Step {
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

/** One Redis for the tests of a block; for each of them a namespace, and a place for its objects. */
export interface SetSteps {
  readonly namespace: string;
  /** Says where objects lie: as this process reaches them, and as the worker does. */
  use(objectStore: ObjectStore, place: SetPlace): void;
  /** The steps that every object store has. */
  readonly steps: readonly Step[];
  /** Kills a worker at a step, and looks. */
  survives(operation: SetOrder['operation'], step: Step): Promise<void>;
}

type Worker = ChildProcessByStdio<Writable, Readable, null>;

/** Prepares the tests of a block, whose workers write to places of one kind. */
export function useSetSteps(kind: SetPlace['kind']): SetSteps {
  let redis: TestRedis;
  let client: Redis;
  let proxy: TcpProxy;
  let rig: MetastoreRig;
  let namespace = '';
  let objectStore: ObjectStore;
  let place: SetPlace;
  let file: string;
  /** Gets ready while the test before looks at what its own worker left. */
  let next: Worker;

  const start = (): Worker => spawn(process.execPath, [...FLAGS, file, kind], { stdio: ['pipe', 'pipe', 'inherit'] });

  beforeAll(async () => {
    file = fileURLToPath(await builtWorker(WORKER));
    next = start();
    redis = await startRedis();
    client = new Redis(redis.port, '127.0.0.1');
  });
  afterAll(async () => {
    next?.kill('SIGKILL');
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
  const open = (): StateStore =>
    createStateStore({
      metastore: rig.metastore(),
      objectStore,
      namespace,
      codec: 'none',
      commandTimeout: '1m',
      clock: { now: () => Date.now() + rig.shift(), sleep: () => Promise.resolve() },
    });

  /** Runs a worker to that step, and kills it there. */
  const killedAt = async (operation: SetOrder['operation'], { stop, before, until: also }: Step): Promise<void> => {
    const order: SetOrder = { operation, stop, redisPort: proxy.port, namespace, place };
    const worker = next;
    next = start();
    before?.();
    const ended = once(worker, 'exit');
    const early = ended.then(() => {
      throw new Error('the worker ended before it was killed');
    });
    early.catch(() => undefined);
    try {
      const said = createInterface(worker.stdout);
      worker.stdin.write(`${JSON.stringify(order)}\n`);
      if (stop) await expect(Promise.race([once(said, 'line'), early])).resolves.toEqual(['reached']);
      await Promise.race([also?.(() => worker.stdin.write('\n')), early]);
    } finally {
      worker.kill('SIGKILL');
      await ended;
    }
    expect(worker.signalCode).toBe('SIGKILL');
  };

  /** What is in the object store, by what refers to it; `left` is what nothing does. */
  const kept = async (): Promise<Record<'referenced' | 'superseded' | 'left' | 'unfinished', string[]>> => {
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
    const unfinished = looking ? (await collected(looking)).map(({ key }) => key) : [];
    return { referenced, superseded, left, unfinished };
  };

  return {
    get namespace() {
      return namespace;
    },
    use(store, at) {
      objectStore = store;
      place = at;
    },
    steps: [
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
    ],
    async survives(operation, step) {
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
    },
  };
}
