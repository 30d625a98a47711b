import type { Processor } from 'bullmq';
import { performance } from 'node:perf_hooks';
import { openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';
import { bareProcessor, PROCESSORS } from '../harness/processors.ts';
import { openQueue } from '../harness/queue.ts';
import type { BenchRedis } from '../harness/redis.ts';

/** Jobs that BullMQ hands out and takes back, by a bare processor and by those of Mooring. */
export const jobs: Bench = {
  about: 'jobs through a BullMQ worker, beside a bare processor',
  async *comparisons(rig) {
    const { lanes = [50], jobs: count = 2_000 } = rig.settings;
    const redis = await rig.redis();
    const stores = rig.builds.map((build) => ({ build, store: openStore(rig, build, redis.connect()) }));
    for (const concurrency of lanes) {
      for (const [name, processor] of Object.entries(PROCESSORS)) {
        const side = (work: Processor) => ({ measure: () => finish(redis, work, count, concurrency) });
        yield {
          name: `${name}, concurrency ${concurrency}`,
          sides: [
            { label: 'bare processor', role: 'plain', ...side(bareProcessor) },
            ...stores.map(({ build, store }) => ({ label: build.label, role: build.role, ...side(processor(build, store)) })),
          ],
        };
      }
    }
  },
};

/** From the start of a worker until it has completed all jobs that wait. */
async function finish(redis: BenchRedis, processor: Processor, count: number, concurrency: number): Promise<Figures> {
  const queue = await openQueue(redis, processor, { concurrency });
  await queue.add(count);
  const all = queue.completed(count);
  const [serverBefore, before, start] = [await redis.cpu(), process.cpuUsage(), performance.now()];
  void queue.worker.run();
  await all;
  const elapsed = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  const server = (await redis.cpu()) - serverBefore;
  await queue.close();
  return { rate: (count / elapsed) * 1_000, client: (user + system) / count, server: server / count };
}
