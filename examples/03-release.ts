/**
 * Giving the worker's slot back while the farm works: one worker, one slot, and three jobs that wait at the same time.
 * A processor that is released starts again from its top when the next poll is due.
 *
 * Use it for waits of minutes and hours. Each return costs BullMQ some commands, and queues behind what waits already.
 *
 * Run it: `npx tsx examples/03-release.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, startFarm, type Video } from './farm.ts';

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: connection }) });
const theFarm = await startFarm(3);

const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  pollInterval: '500ms',
});

const queue = new Queue('example-03', { connection });
const events = new QueueEvents('example-03', { connection });
await events.waitUntilReady();
const processor = resumableProcessor(store, transcode, { wait: { mode: 'release', holdFor: '300ms' } });
const worker = new Worker('example-03', processor, { connection, concurrency: 1 });
events.on('delayed', ({ jobId }) => console.log(`job ${jobId}: gave its slot back`));

const began = Date.now();
const jobs = await Promise.all(
  ['north', 'south', 'west'].map((source) => queue.add('video', { source, preset: 'sd' } satisfies Video, { attempts: 5 })),
);
const urls = (await Promise.all(jobs.map((job) => job.waitUntilFinished(events)))) as string[];
console.log(urls.join('\n'));
const together = Date.now() - began < 9_000 ? 'at the same time' : 'one after the other';
console.log(`the farm accepted ${theFarm.accepted()} jobs, and they ran ${together}`);

await worker.close();
await store.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
connection.disconnect();
theFarm.close();
