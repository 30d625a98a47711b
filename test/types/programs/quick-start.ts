import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, type Video } from '../external-systems.ts';

/** The smallest reconnect. */

const connection = new Redis({ maxRetriesPerRequest: null });
export const store = createStateStore({ metastore: redisMetastore({ client: connection }) });

export const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
});

new Worker('transcode', resumableProcessor(store, transcode), { connection });
