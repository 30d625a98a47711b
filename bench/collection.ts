import { Redis } from 'ioredis';
import { startRedis } from '../scripts/redis/server.ts';
import { createStateStore, externalJob, jobRecords } from '../src/index.ts';
import { beginAttempt } from '../src/adapter-kit.ts';
import { redisMetastore } from '../src/redis.ts';

/** What a collection of the gauges costs, as docs/monitoring.md says: `npx tsx bench/collection.ts`. */

const ROUNDS = 20;
const AT_ONCE = 100;
const JOB = externalJob({
  submit: async (id: string) => id,
  idempotentFor: '1d',
  getStatus: async () => ({ state: 'active' }) as const,
});

const redis = await startRedis();
const client = new Redis(redis.port, '127.0.0.1');
const store = createStateStore({ metastore: redisMetastore({ client }) });
const records = jobRecords(store);
let open = 0;
let others = 0;

async function inGroups(count: number, work: (at: number) => Promise<unknown>): Promise<void> {
  for (let at = 0; at < count; at += AT_ONCE)
    await Promise.all(Array.from({ length: AT_ONCE }, (_none, index) => work(at + index)));
}

/** Leaves so many more jobs running outside. */
async function submit(count: number): Promise<void> {
  const first = open;
  await inGroups(count, async (at) => {
    const scope = { flow: `bull:queue-${at % 10}`, run: `${first + at}@0`, task: 'encode' };
    const fence = { kind: 'ordered', order: [1, 1] } as const;
    const attempt = beginAttempt(store, { scope, attempt: 1, first: true, createdAt: new Date(), fence });
    await attempt.context.submit(JOB, scope.run);
    await attempt[Symbol.asyncDispose]();
  });
  open += count;
}

/** Adds so many scopes that have no open job. */
async function fill(count: number): Promise<void> {
  await inGroups(count, (at) => store.task({ flow: 'bull:done', run: `${others + at}@0`, task: 'encode' }).set('cursor', at));
  others += count;
}

const commands = async (): Promise<number> => Number(/total_commands_processed:(\d+)/.exec(await client.info('stats'))?.[1]);

async function measure(): Promise<void> {
  const times: number[] = [];
  await records.summary();
  const before = await commands();
  for (let round = 0; round < ROUNDS; round += 1) {
    const began = performance.now();
    await records.summary();
    times.push(performance.now() - began);
  }
  const sent = ((await commands()) - before - 1) / ROUNDS;
  const half = times.toSorted((a, b) => a - b)[ROUNDS / 2] ?? 0;
  console.log(
    `${String(open).padStart(7)} open of ${String(open + others).padStart(7)} scopes: ${half.toFixed(1)} ms, ${sent} commands`,
  );
}

console.log(`Redis ${redis.version}, half of ${ROUNDS} reads took no longer`);
await submit(100);
await fill(10_000);
await measure();
await fill(90_000);
await measure();
await submit(900);
await measure();
await submit(9_000);
await measure();

await store.close();
client.disconnect();
await redis.stop();
