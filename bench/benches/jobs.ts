import { randomUUID } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import { Queue, Worker, type Processor } from 'bullmq';
import type { StateStore } from '../../src/index.ts';
import { openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import type { Figures } from '../harness/figures.ts';
import type { BenchRedis } from '../harness/redis.ts';

/** What a processor of a build does with each job. */
const PROCESSORS: Readonly<Record<string, (build: Build, store: StateStore) => Processor>> = {
  'withState, no use of state': ({ bullmq }, store) => bullmq.withState(store, async () => undefined),
  'withState, one set': ({ bullmq }, store) =>
    bullmq.withState(store, async (_job, { state }) => {
      await state.set('cursor', 1);
    }),
  'external job that ended at once': ({ bullmq, core }, store) =>
    bullmq.resumableProcessor(
      store,
      core.externalJob({
        submit: async (_input, { idempotencyKey }) => idempotencyKey,
        idempotentFor: '1d',
        getStatus: async () => ({ state: 'succeeded' }) as const,
        getResult: async () => 1,
      }),
    ),
};

/** Jobs that BullMQ hands out and takes back, by a bare processor and by those of Mooring. */
export const jobs: Bench = {
  about: 'jobs through a BullMQ worker, beside a bare processor',
  async *comparisons(rig) {
    const { lanes = [50], jobs: count = 2_000 } = rig.settings;
    const redis = await rig.redis();
    const stores = rig.builds.map((build) => ({ build, store: openStore(rig, build, redis.connect()) }));
    for (const concurrency of lanes) {
      for (const [name, processor] of Object.entries(PROCESSORS)) {
        const measure = (work: Processor) => (): Promise<Figures> => process(redis, work, count, concurrency);
        yield {
          name: `${name}, concurrency ${concurrency}`,
          sides: [
            { label: 'bare processor', role: 'plain', measure: measure(async () => undefined) },
            ...stores.map(({ build, store }) => ({
              label: build.label,
              role: build.role,
              measure: measure(processor(build, store)),
            })),
          ],
        };
      }
    }
  },
};

/** From the start of a worker until it has completed all jobs that wait. */
async function process(redis: BenchRedis, processor: Processor, count: number, concurrency: number): Promise<Figures> {
  const name = `bench-${randomUUID()}`;
  const connection = redis.connect();
  const queue = new Queue(name, { connection });
  await queue.addBulk(
    Array.from({ length: count }, (_none, n) => ({ name: 'encode', data: n, opts: { removeOnComplete: true } })),
  );
  const worker = new Worker(name, processor, { connection, concurrency, autorun: false });
  await worker.waitUntilReady();
  let completed = 0;
  const all = new Promise<void>((resolve, reject) => {
    worker.on('completed', () => void ((completed += 1) === count && resolve()));
    worker.on('failed', (_job, error) => reject(error));
  });
  const [serverBefore, before, start] = [await redis.cpu(), globalThis.process.cpuUsage(), performance.now()];
  void worker.run();
  await all;
  const elapsed = performance.now() - start;
  const { user, system } = globalThis.process.cpuUsage(before);
  const server = (await redis.cpu()) - serverBefore;
  await worker.close();
  await queue.obliterate({ force: true });
  await queue.close();
  connection.disconnect();
  return { rate: (count / elapsed) * 1_000, client: (user + system) / count, server: server / count };
}
