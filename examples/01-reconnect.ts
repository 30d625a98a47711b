/**
 * The smallest reconnect: a worker is killed while the farm works for it; the next worker waits for the same job.
 *
 * Run it: `npx tsx examples/01-reconnect.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, startFarm, type Video } from './farm.ts';

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const QUEUE = 'example-01';

const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  pollInterval: '200ms',
});

/** What runs in a process of its own: all that a user writes. */
function work(): void {
  process.once('disconnect', () => process.exit());
  const store = createStateStore({ metastore: redisMetastore({ client: connection }) });
  // Short times, so that BullMQ notices within seconds, and not within a minute, that a worker is gone.
  const times = { lockDuration: 1_000, stalledInterval: 1_000 };
  new Worker(QUEUE, resumableProcessor(store, transcode), { connection, ...times });
}

async function story(): Promise<void> {
  const theFarm = await startFarm(4);
  const queue = new Queue(QUEUE, { connection });
  const events = new QueueEvents(QUEUE, { connection });
  await events.waitUntilReady();

  const first = fork(fileURLToPath(import.meta.url), ['worker']);
  const job = await queue.add('video', { source: 'holiday', preset: 'hd' } satisfies Video, { attempts: 5 });
  while (theFarm.asked() === 0) await new Promise((resolve) => setTimeout(resolve, 20));
  first.kill('SIGKILL');
  console.log('worker 1: killed');

  const second = fork(fileURLToPath(import.meta.url), ['worker']);
  const url = (await job.waitUntilFinished(events)) as string;
  console.log(`worker 2: ${url}`);
  console.log(`the farm accepted ${theFarm.accepted()} job`);

  second.kill();
  await events.close();
  await queue.obliterate({ force: true });
  await queue.close();
  connection.disconnect();
  theFarm.close();
}

if (process.argv[2] === 'worker') work();
else await story();
