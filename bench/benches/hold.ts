import type { Processor } from 'bullmq';
import { openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import type { Figures } from '../harness/figures.ts';
import { openQueue } from '../harness/queue.ts';
import type { BenchRedis } from '../harness/redis.ts';
import type { StateStore } from '../../src/index.ts';

const LOCK = 3_000;

/** Jobs that hold their slot while they wait: what their locks cost, with locks of three seconds that each worker renews. */
export const hold: Bench = {
  about: 'jobs that wait in their slot for six seconds: commands and CPU of their locks',
  async *comparisons(rig) {
    const { jobs = 200, seconds = 6 } = rig.settings;
    const redis = await rig.redis();
    const side = (work: (until: Promise<void>) => Processor) => ({ measure: () => watch(redis, work, jobs, seconds * 1_000) });
    yield {
      name: `${jobs} jobs on hold for ${seconds} s, in all`,
      exact: true,
      sides: [
        { label: 'bare processor', role: 'plain', ...side((until) => () => until) },
        ...rig.builds.map((build) => {
          const store = openStore(rig, build, redis.connect());
          return { label: build.label, role: build.role, ...side((until) => held(build, store, until)) };
        }),
      ],
    };
  },
};

function held({ core, bullmq }: Build, store: StateStore, until: Promise<void>): Processor {
  let over = false;
  void until.then(() => (over = true));
  return bullmq.resumableProcessor(
    store,
    core.externalJob({
      submit: async (_input: unknown, { idempotencyKey }) => idempotencyKey,
      idempotentFor: '1d',
      // It is asked once while it is watched at most, and often enough to end soon.
      getStatus: async () => ({ state: over ? 'succeeded' : 'active' }) as const,
      getResult: async () => 1,
      pollInterval: 2_000,
    }),
  );
}

async function watch(
  redis: BenchRedis,
  work: (until: Promise<void>) => Processor,
  jobs: number,
  milliseconds: number,
): Promise<Figures> {
  let end = (): void => undefined;
  const until = new Promise<void>((resolve) => (end = resolve));
  const queue = await openQueue(redis, work(until), { concurrency: jobs, lockDuration: LOCK });
  await queue.add(jobs);
  const all = queue.completed(jobs);
  let active = 0;
  const begun = new Promise<void>((resolve) => queue.worker.on('active', () => void ((active += 1) === jobs && resolve())));
  void queue.worker.run();
  await begun;
  const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, milliseconds));
  // What comes with the start of the jobs is over by then.
  await pause();
  const [server, before] = [await redis.cpu(), process.cpuUsage()];
  const { clients } = await redis.commands(pause);
  const { user, system } = process.cpuUsage(before);
  const used = (await redis.cpu()) - server;
  end();
  await all;
  await queue.close();
  const sent = clients.filter((line) => !/^(?:info|bzpopmin|client)\b/.test(line)).length;
  return { commands: sent, client: user + system, server: used };
}
