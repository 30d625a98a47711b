/**
 * Logs with pino: what Mooring says of a job, as one JSON a line, and an error of a client without the credential that it carries.
 *
 * Mooring logs no input, no result and no credential. Of an error of your client it logs name, text, stack and codes, never the
 * request that clients like to keep in it. The serializer below leaves out the stack, too.
 *
 * Run it: `npx tsx examples/10-pino.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { pino } from 'pino';
import { farm, startFarm, type Video } from './farm.ts';

const logger = pino({
  base: null, // in your program leave these two out: process ID, host and time are worth having
  timestamp: false,
  serializers: { err: ({ name, message, code }: Error & { code?: string }) => ({ name, message, code }) },
  redact: ['idempotencyKey'], // if those who read logs must not be able to repeat a request
});

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: connection }), logger });
const theFarm = await startFarm(1);

let polls = 0;
const transcode = externalJob({
  name: 'transcode',
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  async getStatus(id) {
    if ((polls += 1) > 1) return farm.status(id);
    // As axios does: the whole request is in the error.
    throw Object.assign(new Error('the farm answered 503'), { config: { headers: { authorization: 'Bearer s3cret' } } });
  },
  getResult: (id) => farm.output(id),
  describe: (id) => ({ title: `Video ${id}`, url: `https://farm.example/jobs/${id}` }),
  pollInterval: '200ms',
});

const queue = new Queue('example-10', { connection });
const events = new QueueEvents('example-10', { connection });
await events.waitUntilReady();
const worker = new Worker('example-10', resumableProcessor(store, transcode), { connection });

const job = await queue.add('video', { source: 'atlas', preset: 'hd' } satisfies Video, { attempts: 5 });
await job.waitUntilFinished(events);
const { logs } = await queue.getJobLogs(String(job.id));
console.log(`the job's own log, as a dashboard shows it:\n${logs.join('\n')}`);

await worker.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
connection.disconnect();
theFarm.close();
