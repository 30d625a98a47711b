import type { Processor } from 'bullmq';
import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench, Comparison } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import type { Figures } from '../harness/figures.ts';
import { bareProcessor, endedJob, PROCESSORS } from '../harness/processors.ts';
import { openQueue } from '../harness/queue.ts';
import type { BenchRedis } from '../harness/redis.ts';
import type { Rig } from '../harness/rig.ts';
import type { StateStore } from '../../src/index.ts';
import { checkpoint } from '../harness/values.ts';

/** What only the worker itself and this bench send. */
const NOT_COUNTED = /^(?:info|monitor|bzpopmin|client|script|echo|disconnect|hello|auth|select)\b/;

/** How many commands Redis gets: for one operation, and for one job through a worker that is idle. Counted with MONITOR. */
export const commands: Bench = {
  about: 'commands that an operation and a job send, counted with MONITOR',
  async *comparisons(rig) {
    const redis = await rig.redis();
    yield* operations(rig, redis);
    yield* jobs(rig, redis);
  },
};

async function* operations(rig: Rig, redis: BenchRedis): AsyncGenerator<Comparison> {
  const value = checkpoint(256);
  const ten = Object.fromEntries(Array.from({ length: 10 }, (_none, n) => [`key-${n}`, value]));
  const builds = rig.builds.map((build) => {
    const store = openStore(rig, build, redis.connect());
    return { build, store, state: contextOf(rig, build, store, 'commands').state };
  });
  // The first use of an attempt takes its fence.
  for (const { state } of builds) await state.setMany(ten);
  const kinds = {
    set: ({ state }) => state.set('key-0', value),
    get: ({ state }) => state.get('key-0'),
    'setMany of 10': ({ state }) => state.setMany(ten),
    'getMany of 10': ({ state }) => state.getMany(Object.keys(ten)),
    getOrSet: ({ state }) => state.getOrSet('key-0', async () => value),
    delete: ({ state }) => state.delete('key-0'),
    entries: async ({ state }) => {
      for await (const _entry of state.entries());
    },
    'set, outside of an attempt': ({ store }) => store.task({ flow: 'f', run: 'r', task: 't' }).set('key', value),
    'set, the first use in an attempt': ({ build, store }) =>
      contextOf(rig, build, store, `${Math.random()}`).state.set('key', value),
  } satisfies Record<string, (of: (typeof builds)[number]) => Promise<unknown>>;
  for (const [name, operation] of Object.entries(kinds)) {
    yield {
      name,
      exact: true,
      sides: builds.map((of) => ({
        label: of.build.label,
        role: of.build.role,
        async measure() {
          await operation(of);
          return count(redis, () => operation(of), 1);
        },
      })),
    };
  }
}

async function* jobs(rig: Rig, redis: BenchRedis): AsyncGenerator<Comparison> {
  const { jobs: number = 10, keys: items = 10 } = rig.settings;
  const stores = rig.builds.map((build) => ({ build, store: openStore(rig, build, redis.connect()) }));
  const mapped = (build: Build, store: StateStore): Processor =>
    build.bullmq.withState(store, async (_job, context) => {
      const job = endedJob(build);
      await Promise.all(Array.from({ length: items }, (_none, n) => context.item(n).run(job, n)));
    });
  for (const [name, processor] of Object.entries({ ...PROCESSORS, [`${items} items, an external job each`]: mapped })) {
    const side = (work: Processor) => ({ measure: () => ofJobs(redis, work, number) });
    yield {
      name: `a job: ${name}`,
      exact: true,
      sides: [
        { label: 'bare processor', role: 'plain', ...side(bareProcessor) },
        ...stores.map(({ build, store }) => ({ label: build.label, role: build.role, ...side(processor(build, store)) })),
      ],
    };
  }
}

async function ofJobs(redis: BenchRedis, processor: Processor, number: number): Promise<Figures> {
  const queue = await openQueue(redis, processor);
  const one = async (): Promise<void> => {
    const completed = queue.completed(1);
    await queue.add(1);
    await completed;
    // The end of the state is written after that.
    await new Promise((resolve) => setTimeout(resolve, 50));
  };
  void queue.worker.run();
  await one();
  const figures = await count(
    redis,
    async () => {
      for (let n = 0; n < number; n += 1) await one();
    },
    number,
  );
  await queue.close();
  return figures;
}

async function count(redis: BenchRedis, work: () => Promise<unknown>, number: number): Promise<Figures> {
  const { clients, scripts } = await redis.commands(work);
  return {
    commands: clients.filter((line) => !NOT_COUNTED.test(line)).length / number,
    inner: scripts.length / number,
  };
}
