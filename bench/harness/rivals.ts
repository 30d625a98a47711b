import { Queue } from 'bullmq';
import type { BenchRedis } from './redis.ts';
import { loadPeer } from './peers.ts';
import type { Rig } from './rig.ts';

/** A way to keep a small value in Redis that people use today. */
export interface Rival {
  readonly label: string;
  set(key: string, value: unknown): Promise<unknown>;
  get(key: string): Promise<unknown>;
}

interface KeyValue {
  set(key: string, value: unknown): Promise<unknown>;
  get(key: string): Promise<unknown>;
  disconnect(): Promise<void>;
}

interface Storage {
  setItem(key: string, value: unknown): Promise<void>;
  getItem(key: string): Promise<unknown>;
  dispose(): Promise<void>;
}

/** Each with its defaults, on a connection of its own; none if they are not asked for. */
export async function rivals(rig: Rig, redis: BenchRedis): Promise<Rival[]> {
  return rig.settings.peers ? [await keyv(rig, redis), await unstorage(rig, redis), await updateData(rig, redis)] : [];
}

async function keyv(rig: Rig, redis: BenchRedis): Promise<Rival> {
  const { default: Keyv } = await loadPeer<{ default: new (store: object, options: object) => KeyValue }>('keyv');
  const { default: KeyvRedis } = await loadPeer<{ default: new (url: string) => object }>('@keyv/redis');
  const store = new Keyv(new KeyvRedis(redis.url), { namespace: 'keyv' });
  rig.defer(() => store.disconnect());
  return { label: 'keyv', set: (key, value) => store.set(key, value), get: (key) => store.get(key) };
}

async function unstorage(rig: Rig, redis: BenchRedis): Promise<Rival> {
  const { createStorage } = await loadPeer<{ createStorage: (options: object) => Storage }>('unstorage');
  const { default: driver } = await loadPeer<{ default: (options: object) => object }>('unstorage/drivers/redis');
  const storage = createStorage({ driver: driver({ base: 'unstorage', url: redis.url }) });
  rig.defer(() => storage.dispose());
  return { label: 'unstorage', set: (key, value) => storage.setItem(key, value), get: (key) => storage.getItem(key) };
}

/** All keys are one text in the job, so that writing one writes them all; reading asks for the whole job. */
async function updateData(rig: Rig, redis: BenchRedis): Promise<Rival> {
  const queue = new Queue('bench-update-data', { connection: redis.connect() });
  rig.defer(() => queue.close());
  const job = await queue.add('encode', {});
  return {
    label: 'job.updateData, one key',
    set: (key, value) => job.updateData({ [key]: value }),
    get: async (key) => (await queue.getJob(job.id ?? ''))?.data[key] as unknown,
  };
}
