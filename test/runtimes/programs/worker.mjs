import { Worker } from 'bullmq';
import { Redis } from 'ioredis';
import { externalJob } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { openStateStore } from 'mooring/config';
import process from 'node:process';

/** A worker that transcodes in a farm. Its results go to files. */

const { FARM_URL, REDIS_URL, FOLDER } = process.env;
const call = async (path, request) => (await fetch(FARM_URL + path, request)).json();

const transcode = externalJob({
  submit: async (video, { idempotencyKey: token }) => {
    const job = await call('/jobs', { method: 'POST', body: JSON.stringify({ video, token }) });
    return job.id;
  },
  idempotentFor: '24h',
  getStatus: (id) => call(`/jobs/${id}`),
  getResult: async (id) => ({ url: `https://farm.example/${id}` }),
});

/** No `await` outside of it, which CommonJS cannot hold. */
async function main() {
  const connection = new Redis(REDIS_URL, { maxRetriesPerRequest: null });
  const store = await openStateStore({ redis: REDIS_URL, path: `file://${FOLDER}/`, offloadThreshold: 0 });
  const worker = new Worker('transcode', resumableProcessor(store, transcode), { connection, maxStalledCount: 20 });

  const stop = async () => {
    await worker.close();
    await store.close();
    connection.disconnect();
    process.exit(7);
  };
  process.once('SIGTERM', () => void stop());
  // Ends with the process that started it, however that ends.
  process.stdin.on('end', () => process.exit()).resume();
}

void main();
