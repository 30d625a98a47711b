import { performance } from 'node:perf_hooks';
import type { JobRecords } from '../../src/index.ts';
import { openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Figures } from '../harness/figures.ts';
import { crowd } from '../harness/crowd.ts';
import { submitOpenJob } from '../harness/open-job.ts';
import type { BenchRedis } from '../harness/redis.ts';

/** What a person, or a collection of the gauges, waits for: the open jobs, among many scopes that have none. */
export const openJobs: Bench = {
  about: 'the list and the summary of 100 open jobs, among 10,000 and 1,000,000 scopes',
  async *comparisons(rig) {
    const { scopes: counts = [10_000, 1_000_000], jobs = 100 } = rig.settings;
    const [build] = rig.builds;
    if (!build) return;
    const redis = await rig.redis();
    const among: { label: string; records: JobRecords }[] = [];
    for (const [at, count] of counts.entries()) {
      const namespace = `bench-open-${at}`;
      const store = openStore(rig, build, redis.connect(), { namespace });
      const plain = { flow: 'bull:transcode', run: 'plain', task: 'encode' };
      await store.task(plain).set('cursor', 'x'.repeat(98));
      await crowd(redis, build, { namespace, of: plain, count: count - jobs - 1 });
      for (let n = 0; n < jobs; n += 1) await submitOpenJob(build, store, `open-${n}`);
      among.push({ label: `among ${count.toLocaleString('en')} scopes`, records: build.core.jobRecords(store) });
    }
    const works = {
      [`list of ${jobs} open jobs`]: async ({ records }: (typeof among)[number]) => {
        let found = 0;
        for await (const _record of records.list({ state: ['submitting', 'submitted', 'ambiguous'] })) found += 1;
        if (found !== jobs) throw new Error(`${found} of ${jobs} open jobs are listed`);
      },
      [`summary of ${jobs} open jobs`]: ({ records }: (typeof among)[number]) => records.summary(),
    };
    for (const [name, work] of Object.entries(works)) {
      yield {
        name,
        sides: among.map((of, at) => ({
          label: of.label,
          role: at === 0 ? ('plain' as const) : ('this' as const),
          measure: () => timed(redis, () => work(of)),
        })),
      };
    }
  },
};

async function timed(redis: BenchRedis, work: () => Promise<unknown>): Promise<Figures> {
  const [server, before, start] = [await redis.cpu(), process.cpuUsage(), performance.now()];
  await work();
  const time = performance.now() - start;
  const { user, system } = process.cpuUsage(before);
  return { time, client: user + system, server: (await redis.cpu()) - server };
}
