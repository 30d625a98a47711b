import { Redis } from 'ioredis';
import { startRedis } from '../scripts/redis/server.ts';
import { createStateStore, externalJob, type StateStore } from '../src/index.ts';
import { beginAttempt } from '../src/adapter-kit.ts';
import { redisMetastore } from '../src/redis.ts';
import { memoryObjectStore } from '../src/object-store/memory.ts';

/** How many bytes of Redis what is stored needs, as docs/operations.md says: `npx tsx bench/memory.ts`. */

const SCOPES = 10_000;
const JOB = externalJob({
  submit: async (input: { id: string }) => input.id,
  idempotentFor: '1d',
  getStatus: async () => ({ state: 'succeeded' }) as const,
  getResult: async () => ({ url: 'https://example.com/result/0123456789' }),
});

const redis = await startRedis();
const client = new Redis(redis.port, '127.0.0.1');
const used = async (): Promise<number> => Number(/^used_memory:(\d+)/m.exec(await client.info('memory'))?.[1]);

/** Bytes for each scope. */
async function measure(name: string, fill: (store: StateStore, run: string) => Promise<unknown>): Promise<number> {
  await client.flushall();
  const store = createStateStore({
    metastore: redisMetastore({ client }),
    objectStore: memoryObjectStore(),
    offloadThreshold: 1_000,
    codec: 'none',
  });
  const task = store.task({ flow: 'bull:transcode', run: 'first', task: 'encode' });
  await task.set('warm', 'x'.repeat(2_000));
  const before = await used();
  for (let at = 0; at < SCOPES; at += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, index) => fill(store, `${at + index}@1763820000000`)));
  }
  const bytes = ((await used()) - before) / SCOPES;
  console.log(`${bytes.toFixed(0).padStart(8)}  ${name}`);
  await store.close();
  return bytes;
}

const TASK = { flow: 'bull:transcode', task: 'encode' };
const small = 'x'.repeat(98);

console.log(`Redis ${redis.version}, bytes for each scope, ${SCOPES} scopes`);
await measure('one inline value of 100 bytes', (store, run) => store.task({ ...TASK, run }).set('cursor', small));
await measure('ten inline values of 100 bytes', (store, run) =>
  store.task({ ...TASK, run }).setMany(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`step-${at}`, small]))),
);
await measure('one inline value of 1,000 bytes', (store, run) => store.task({ ...TASK, run }).set('cursor', 'x'.repeat(990)));
await measure('one offloaded value', (store, run) => store.task({ ...TASK, run }).set('report', 'x'.repeat(2_000)));
await measure('ten offloaded values', (store, run) =>
  store
    .task({ ...TASK, run })
    .setMany(Object.fromEntries(Array.from({ length: 10 }, (_, at) => [`step-${at}`, 'x'.repeat(2_000)]))),
);
await measure('one offloaded value, overwritten ten times', async (store, run) => {
  for (let at = 0; at < 11; at += 1) await store.task({ ...TASK, run }).set('report', 'x'.repeat(2_000));
});
await measure('one deleted value', async (store, run) => {
  await store.task({ ...TASK, run }).set('cursor', 1);
  await store.task({ ...TASK, run }).delete('cursor');
});
await measure('an external job that ended, with its record and its result', async (store, run) => {
  await using attempt = beginAttempt(store, {
    scope: { ...TASK, run },
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'drawn', prove: () => Promise.resolve(true) },
  });
  await attempt.context.run(JOB, { id: run });
});

client.disconnect();
await redis.stop();
