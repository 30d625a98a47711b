import { performance } from 'node:perf_hooks';
import type { StateStore } from '../../src/index.ts';
import { memoryObjectStore } from '../../src/testing.ts';
import { openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import { crowd } from '../harness/crowd.ts';
import type { Figures } from '../harness/figures.ts';
import type { BenchRedis } from '../harness/redis.ts';

const AT_ONCE = 64;

/** A sweep of what has expired, among scopes that live. The values are offloaded: Redis forgets the others by itself. */
export const sweepBench: Bench = {
  about: 'a sweep of 1,000 expired scopes, among 10,000 and 1,000,000 that live',
  async *comparisons(rig) {
    const { scopes: counts = [10_000, 1_000_000], keys = 1_000 } = rig.settings;
    const [build] = rig.builds;
    if (!build) return;
    const redis = await rig.redis();
    const among: { label: string; store: StateStore }[] = [];
    for (const [at, count] of counts.entries()) {
      const namespace = `bench-sweep-${at}`;
      const store = openStore(rig, build, redis.connect(), { namespace, objectStore: memoryObjectStore(), offloadThreshold: 0 });
      const live = { flow: 'bull:transcode', run: 'live', task: 'encode' };
      await store.task(live).set('cursor', 'x'.repeat(98));
      await crowd(redis, build, { namespace, of: live, count });
      among.push({ label: `among ${count.toLocaleString('en')} scopes`, store });
    }
    yield {
      name: `sweep of ${keys.toLocaleString('en')} expired scopes`,
      sides: among.map(({ label, store }, at) => ({
        label,
        role: at === 0 ? ('plain' as const) : ('this' as const),
        async measure() {
          await expire(store, keys);
          return swept(redis, build, store, keys);
        },
      })),
    };
  },
};

/** Scopes whose only value has ended a moment ago. */
async function expire(store: StateStore, count: number): Promise<void> {
  for (let n = 0; n < count; n += AT_ONCE) {
    await Promise.all(
      Array.from({ length: Math.min(AT_ONCE, count - n) }, (_none, more) =>
        store.task({ flow: 'bull:transcode', run: `expired-${n + more}`, task: 'encode' }).set('cursor', 1, { retention: 1 }),
      ),
    );
  }
  await new Promise((resolve) => setTimeout(resolve, 10));
}

async function swept(redis: BenchRedis, { core }: Build, store: StateStore, expected: number): Promise<Figures> {
  const [server, before, start] = [await redis.cpu(), process.cpuUsage(), performance.now()];
  const report = await core.sweep(store);
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  if (report.entries < expected) throw new Error(`${report.entries} of ${expected} entries were swept`);
  return { time, client: user + system, server: (await redis.cpu()) - server };
}
