/**
 * One external job under two runtimes. A BullMQ processor and a Temporal activity use the same object and the same store. Each
 * reconnects after its first attempt has failed.
 *
 * Run it: `npx tsx examples/08-both-runtimes.ts`, with a Redis at REDIS_URL and a Temporal server at TEMPORAL_ADDRESS
 * (`temporal server start-dev`), or both on this machine.
 */
import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, Worker as TemporalWorker } from '@temporalio/worker';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob, type TaskContext } from 'mooring';
import { withState } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { mooringPlugin, taskContext } from 'mooring/temporal';
import { farm, startFarm, type Video } from './farm.ts';

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const address = process.env['TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
const store = createStateStore({ metastore: redisMetastore({ client: connection }) });

const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  pollInterval: '200ms',
});

/** Knows nothing of the runtime that it runs under. */
async function publish(video: Video, ctx: TaskContext): Promise<string> {
  await ctx.submit(transcode, video);
  if (ctx.attempt === 1) throw new Error('the first attempt fails here');
  return ctx.run(transcode, video);
}

async function underBullMQ(): Promise<void> {
  const queue = new Queue('example-08', { connection });
  const events = new QueueEvents('example-08', { connection });
  await events.waitUntilReady();
  const processor = withState(store, (job, ctx) => publish(job.data as Video, ctx));
  const worker = new Worker('example-08', processor, { connection });
  const job = await queue.add('video', { source: 'harbour', preset: 'hd' } satisfies Video, { attempts: 2 });
  console.log(`BullMQ: ${await job.waitUntilFinished(events)}`);
  await worker.close();
  await events.close();
  await queue.obliterate({ force: true });
  await queue.close();
}

async function underTemporal(): Promise<void> {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  const taskQueue = `example-08-${randomUUID()}`;
  const worker = await TemporalWorker.create({
    connection: await NativeConnection.connect({ address }),
    taskQueue,
    workflowsPath: fileURLToPath(new URL('08-both-runtimes-workflow.ts', import.meta.url)),
    activities: { publish: (video: Video) => publish(video, taskContext()) },
    plugins: [mooringPlugin(store)],
  });
  const client = new Client({ connection: await Connection.connect({ address }) });
  const options = { taskQueue, workflowId: taskQueue, args: [{ source: 'lighthouse', preset: 'hd' } satisfies Video] };
  console.log(`Temporal: ${await worker.runUntil(client.workflow.execute('publishVideo', options))}`);
}

const theFarm = await startFarm(1);
await underBullMQ();
await underTemporal();
console.log(`the farm accepted ${theFarm.accepted()} jobs, for two runtimes and four attempts`);
await store.close();
theFarm.close();
connection.disconnect();
process.exit();
