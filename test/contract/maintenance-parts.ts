import { afterAll, beforeAll, beforeEach } from '@jest/globals';
import { UNFENCED, drawNonce } from '../../src/format/write-id.ts';
import { generationPrefix } from '../../src/state-store/objects/lineage.ts';
import { objectName } from '../../src/format/object-name.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { keyName, objectKey, scopePath } from '../../src/format/path.ts';
import { systemRandom } from '../../src/async/random.ts';
import type { AssetScope, TaskScope } from '../../src/model/scope.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStoreOptions } from '../../src/state-store/options.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import type { MetastoreRig } from './metastore-parts.ts';
import { objectsOf } from './state-store-parts.ts';

/** What the contract of clean-up is written with. */

export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** Object stores for one test: nothing is in them yet. */
export interface Places {
  objectStore: ObjectStore;
  /** Of another alias. */
  otherObjectStore: ObjectStore;
}

/** The bench of one contract: a metastore for all tests; for each a namespace and places for objects. */
export interface MaintenanceBench {
  readonly rig: MetastoreRig;
  readonly namespace: string;
  readonly objectStore: ObjectStore;
  readonly otherObjectStore: ObjectStore;
  /** Another process. Every value is offloaded, and none compressed. */
  open(changes?: Partial<StateStoreOptions>): StateStore;
  now(): number;
  advance(ms: number): Promise<void>;
  /** Keys of the objects that hold values. */
  objects(store?: ObjectStore): Promise<string[]>;
  /** All that is stored anywhere. */
  everything(): Promise<unknown>;
  /** Puts an object as a write that was never committed. */
  leave(
    scope: TaskScope | AssetScope,
    key: string,
    options?: { age?: number; bytes?: number; store?: ObjectStore; fence?: string },
  ): Promise<string>;
}

export const TASK = { flow: 'films', run: '2026-11-22', task: 'transcode' };

let benches = 0;

/** Prepares a rig, and for each test a namespace of its own. */
export function useMaintenance(start: () => Promise<MetastoreRig>, places: () => Promise<Places>): MaintenanceBench {
  let rig: MetastoreRig;
  let namespace = '';
  let stores: Places;
  beforeAll(async () => {
    rig = await start();
  });
  afterAll(() => rig?.stop());
  beforeEach(async () => {
    await rig.reset();
    benches += 1;
    namespace = `kept-${benches}`;
    stores = await places();
  });
  const now = (): number => Date.now() + rig.shift();
  return {
    get rig() {
      return rig;
    },
    get namespace() {
      return namespace;
    },
    get objectStore() {
      return stores.objectStore;
    },
    get otherObjectStore() {
      return stores.otherObjectStore;
    },
    open(changes = {}) {
      return createStateStore({
        metastore: rig.metastore(),
        objectStore: stores.objectStore,
        namespace,
        offloadThreshold: 0,
        codec: 'none',
        clock: { now, sleep: () => Promise.resolve() },
        ...changes,
      });
    },
    now,
    advance: (ms) => rig.advance(ms),
    objects: (store = stores.objectStore) => objectsOf(store),
    async everything() {
      const held = await Promise.all([stores.objectStore, stores.otherObjectStore].map(contentsOf));
      return { metastore: await rig.contents(), objects: held };
    },
    async leave(scope, key, { age = 0, bytes = 5, store = stores.objectStore, fence = UNFENCED } = {}) {
      const id = { fence, nonce: drawNonce(fence === UNFENCED ? 'tool' : 'attempt', systemRandom), sequence: 1 };
      const name = objectName(id, now() - age, { type: 'bytes', codec: 'none', encrypted: false, framed: false });
      const object = objectKey(namespace, scopePath(scope), keyName(key), name);
      await store.put(object, new Uint8Array(bytes), { ifAbsent: true });
      return object;
    },
  };
}

async function contentsOf(store: ObjectStore): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { key } of store.list('')) {
    found.push([key, Buffer.from((await store.get(key)) ?? []).toString('base64')]);
  }
  return found;
}

/** The numbers of the generations in a store; births are none. */
export async function generationsIn(store: ObjectStore, namespace: string): Promise<number[]> {
  const numbers: number[] = [];
  const prefix = generationPrefix(namespace);
  for await (const { key } of store.list(prefix)) {
    const number = Number(key.slice(prefix.length, prefix.length + 13));
    if (!Number.isNaN(number)) numbers.push(number);
  }
  return numbers;
}

/** The births in a store. */
export async function birthsIn(store: ObjectStore, namespace: string): Promise<string[]> {
  const births: string[] = [];
  const prefix = `${generationPrefix(namespace)}born-`;
  for await (const { key } of store.list(prefix)) births.push(key.slice(prefix.length, -'.json'.length));
  return births;
}

/** The same store as one of another prefix, which may be below a namespace of the first. */
export function nestedIn(store: ObjectStore, prefix: string): ObjectStore {
  const inside = (key: string): string => prefix + key;
  return {
    alias: store.alias,
    put: (key, body, options) => store.put(inside(key), body, options),
    get: (key, options) => store.get(inside(key), options),
    getStream: (key, options) => store.getStream(inside(key), options),
    delete: (keys, options) => store.delete(keys.map(inside), options),
    async *list(below, options) {
      for await (const one of store.list(inside(below), options)) yield { ...one, key: one.key.slice(prefix.length) };
    },
  };
}

/** A logger that remembers what it was told. */
export function memoryLogger(): {
  logger: NonNullable<StateStoreOptions['logger']>;
  lines: { level: string; message: string; fields: object }[];
} {
  const lines: { level: string; message: string; fields: object }[] = [];
  const at = (level: string) => (fields: object, message: string) => void lines.push({ level, message, fields });
  return { lines, logger: { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') } };
}
