/**
 * State that outlives a job and that jobs of two queues share: the highest revision of a catalogue. `update` is a
 * compare-and-set, so no writer overwrites another, in any order.
 *
 * Run it: `npx tsx examples/04-shared-asset.ts`, with a Redis at REDIS_URL or on this machine.
 */
import { Queue, QueueEvents, Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { withState } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';

interface Import {
  revision: number;
}

const connection = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: connection }) });
const catalogue = { name: 'example-04-catalogue' };

const raise = withState(store, (job: Job<Import>, ctx) =>
  ctx.asset<{ revision: number }>(catalogue).update('revision', (current = 0) => Math.max(current, job.data.revision)),
);

const queues = ['example-04-books', 'example-04-films'].map((name) => ({
  queue: new Queue<Import>(name, { connection }),
  events: new QueueEvents(name, { connection }),
  worker: new Worker<Import>(name, raise, { connection, concurrency: 5 }),
}));
const results = queues.flatMap(({ queue, events }, at) =>
  [4, 17, 9, 12].map(async (revision) => {
    await events.waitUntilReady();
    const job = await queue.add('import', { revision: revision + at }, { attempts: 5 });
    return job.waitUntilFinished(events);
  }),
);
await Promise.all(results);

// Outside a job, a handle of the store reads it; who reads need not be the one who wrote.
const handle = store.asset<{ revision: number }>(catalogue);
const entry = await handle.getEntry('revision');
console.log(`the catalogue is at revision ${entry?.value}, written by a job of ${entry?.writer?.flow}`);

await handle.clear();
for (const { queue, events, worker } of queues) {
  await worker.close();
  await events.close();
  await queue.obliterate({ force: true });
  await queue.close();
}
await store.close();
connection.disconnect();
