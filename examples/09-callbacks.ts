/**
 * A farm that calls a signed URL when a video is done. The worker's slot is free meanwhile, and nothing polls: the next poll
 * would come in an hour. The web server may be another process than the worker.
 *
 * Use it with any external system that can call a URL. Give the processor's store to `wake()`, so that no callback is lost.
 *
 * Run it: `npx tsx examples/09-callbacks.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { callbackHandler, createStateStore, externalJob } from 'mooring';
import { resumableProcessor, wake } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, startFarm, type Video } from './farm.ts';

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: connection }) });
const queue = new Queue('example-09', { connection });
const theFarm = await startFarm(3);

const callbacks = callbackHandler({
  secret: process.env['CALLBACK_SECRET'] ?? 'in an example, anybody may know it',
  async deliver({ callbackToken, signal }) {
    const outcome = await wake(queue, callbackToken, { store, signal });
    console.log('the farm called back:', outcome.woke ? outcome.how : outcome.why);
  },
});
const server = createServer(callbacks.node).listen(0, '127.0.0.1');
await new Promise((resolve) => server.once('listening', resolve));
const { port } = server.address() as AddressInfo;

const transcode = externalJob({
  submit: (video: Video, { idempotencyKey, callbackToken }) => {
    const webhook = callbacks.url(`http://127.0.0.1:${port}/callbacks`, callbackToken);
    return farm.submit(video, { token: idempotencyKey, webhook });
  },
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  pollInterval: '1h', // for a callback that never comes
});

const processor = resumableProcessor(store, transcode, { wait: { mode: 'release', holdFor: 0 } });
const worker = new Worker('example-09', processor, { connection, concurrency: 1 });
const events = new QueueEvents('example-09', { connection });
await events.waitUntilReady();
events.on('delayed', ({ jobId }) => console.log(`job ${jobId}: gave its slot back for an hour`));

const began = Date.now();
const job = await queue.add('video', { source: 'north', preset: 'sd' } satisfies Video, { attempts: 5 });
console.log(await job.waitUntilFinished(events));
console.log(Date.now() - began < 60_000 ? 'done, long before the next poll' : 'the callback was lost');

await worker.close();
await store.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
connection.disconnect();
server.close();
theFarm.close();
