/**
 * Clean-up as a job: a BullMQ scheduler starts a sweep every so often, on whichever worker is free.
 *
 * Run it: `npx tsx examples/07-sweep-scheduler.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Queue, QueueEvents, Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, sweep } from 'mooring';
import { fileObjectStore } from 'mooring/file';
import { redisMetastore } from 'mooring/redis';

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const directory = await mkdtemp(join(tmpdir(), 'example-07-'));
const store = createStateStore({
  metastore: redisMetastore({ client: connection }),
  objectStore: fileObjectStore({ directory }),
  namespace: `example-07-${process.pid}`,
  offloadThreshold: 0,
});

// What there is to sweep: a value that ends at once.
const state = store.task<{ page: string; total: number }>({ flow: 'reports', run: '2026-11', task: 'export' });
await state.set('page', 'a page that is needed for a moment', { retention: 1 });
await state.set('total', 120);

const queue = new Queue('example-07', { connection });
const events = new QueueEvents('example-07', { connection });
await events.waitUntilReady();

// All that a user writes. At least every 6 days; every hour keeps each sweep short.
const first = await queue.upsertJobScheduler('sweep', { every: 3_600_000 }, { name: 'sweep' });
const worker = new Worker('example-07', (_job, _token, signal) => sweep(store, signal ? { signal } : {}), { connection });

const { entries, objects } = await first.waitUntilFinished(events);
console.log(`the sweep removed ${entries} entry that had expired, and ${objects} objects: its own goes a day later`);

const files = (await readdir(directory, { recursive: true })).filter(
  (file) => file.endsWith('.json') && !file.includes('generation='),
);
console.log(`${files.length} objects are there; total is ${await state.get('total')}`);
const [scheduler] = await queue.getJobSchedulers();
console.log(`the next sweep begins within ${Math.ceil(((scheduler?.next ?? 0) - Date.now()) / 3_600_000)} hour`);

await worker.close();
await events.close();
await queue.obliterate({ force: true });
await queue.close();
connection.disconnect();
await rm(directory, { recursive: true });
