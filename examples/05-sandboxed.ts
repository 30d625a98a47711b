/**
 * A processor in a file of its own, which BullMQ runs in another process. The only change is that the file makes its own client
 * and store.
 *
 * Run it: `npx tsx examples/05-sandboxed.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { startFarm, type Video } from './farm.ts';

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const theFarm = await startFarm(1);

const queue = new Queue('example-05', { connection });
const events = new QueueEvents('example-05', { connection });
await events.waitUntilReady();
const worker = new Worker('example-05', new URL('05-sandboxed-processor.ts', import.meta.url), { connection });

const job = await queue.add('video', { source: 'harbour', preset: 'hd' } satisfies Video, { attempts: 5 });
console.log(`the result is ${await job.waitUntilFinished(events)}; the farm accepted ${theFarm.accepted()} job`);

await worker.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
connection.disconnect();
theFarm.close();
