import { createRequire } from 'node:module';
import processor from './processor.mjs';

/** A worker in a process of its own, to be stopped and killed. Ends with the test that started it. */
const [queue, bullmq] = process.argv.slice(2);
const { Worker } = createRequire(import.meta.url)(bullmq);
process.on('disconnect', () => process.exit());
const connection = { host: '127.0.0.1', port: Number(process.env.MOORING_TEST_REDIS_PORT), maxRetriesPerRequest: null };
const worker = new Worker(queue, processor, {
  connection,
  lockDuration: 600,
  stalledInterval: 200,
  maxStalledCount: 20,
  drainDelay: 1,
});
worker.on('error', (error) => process.send?.({ error: error.message }));
