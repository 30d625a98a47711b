import { createStateStore } from '../../src/state-store/create-state-store.ts';
import { redisMetastore } from '../../src/metastore/redis/store.ts';
import { loadDrill } from '../command/load.ts';
import { connectRedis, loadBullmq, type DrillKeys, type RedisPlace } from '../command/redis.ts';
import { cancelAt, workAt } from './bullmq.ts';
import { serve } from './serve.ts';
import { watched } from './watched.ts';

/** The worker process of `mooring drill`: loads the user's module, and runs its external job. */

/** How long Redis may take to answer for the first time, in milliseconds. The harness has asked it before. */
const REDIS_PATIENCE = 60_000;

/** A machine that is busy with other things must not lose the lock of a worker that is alive, in milliseconds. */
const LOCK = 5_000;

/** Its first message. */
export interface WorkerSetting {
  /** The module, by its address and as its user knows it. */
  module: { url: string; named: string };
  redis: RedisPlace;
  keys: DrillKeys;
}

const setting = await new Promise<WorkerSetting>((resolve) => process.once('message', resolve));

await serve<object>(async () => {
  const { module, redis, keys } = setting;
  const [{ job }, { client, connection }, bullmq] = await Promise.all([
    loadDrill(module.url, module.named),
    connectRedis(redis, { patience: REDIS_PATIENCE }),
    loadBullmq(),
  ]);
  const at = { connection, prefix: keys.prefix };
  return {
    open: (_extra, onEvent) => createStateStore({ metastore: redisMetastore({ client }), namespace: keys.namespace, onEvent }),
    work: async ({ queue, releases }, store, tell) =>
      workAt(bullmq, { ...at, queue }, { job: watched(job, tell), store, releases, lockDuration: LOCK }),
    cancel: (queue, id, store) => cancelAt(bullmq, { ...at, queue }, { id, store }),
  };
});
