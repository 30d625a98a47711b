import type { StateStore, TaskScope } from '../../src/index.ts';
import { memoryObjectStore } from '../../src/testing.ts';
import { openStore } from '../harness/attempt.ts';
import type { Bench } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import type { Figures } from '../harness/figures.ts';
import type { BenchRedis } from '../harness/redis.ts';

/**
 * How many bytes of Redis one scope needs, by what it holds. The plain side is a hash whose key and fields have the same bytes,
 * without anything around it.
 */

const AT_ONCE = 100;
const FIRST_RUN = 731_905;
const SMALL = 'x'.repeat(98);
const LARGE = 'x'.repeat(2_000);

interface Filled {
  readonly build: Build;
  readonly store: StateStore;
  readonly scope: TaskScope;
}

const ten = (value: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: 10 }, (_none, n) => [`step-${n}`, value]));

const KINDS: Readonly<Record<string, (of: Filled) => Promise<unknown>>> = {
  'a job that runs outside, with its record': (of) => attempt(of, 'active'),
  'an external job that ended, with its record and its result': (of) => attempt(of, 'succeeded'),
  'one inline value of 100 bytes': ({ store, scope }) => store.task(scope).set('cursor', SMALL),
  'ten inline values of 100 bytes': ({ store, scope }) => store.task(scope).setMany(ten(SMALL)),
  'one inline value of 1,000 bytes': ({ store, scope }) => store.task(scope).set('cursor', LARGE.slice(0, 990)),
  'one offloaded value': ({ store, scope }) => store.task(scope).set('report', LARGE),
  'ten offloaded values': ({ store, scope }) => store.task(scope).setMany(ten(LARGE)),
  'one offloaded value, overwritten ten times': async ({ store, scope }) => {
    for (let n = 0; n < 11; n += 1) await store.task(scope).set('report', LARGE);
  },
  'one deleted value': async ({ store, scope }) => {
    await store.task(scope).set('cursor', 1);
    await store.task(scope).delete('cursor');
  },
};

/** Bytes of Redis for each scope. */
export const memory: Bench = {
  about: 'bytes of Redis for each scope, by what it holds, beside a plain hash',
  async *comparisons(rig) {
    const { scopes: [scopes = 5_000] = [] } = rig.settings;
    const redis = await rig.redis();
    for (const [name, fill] of Object.entries(KINDS)) {
      const sides = rig.builds.map((build) => ({
        label: build.label,
        role: build.role,
        async measure() {
          await redis.control.flushall();
          const store = openStore(rig, build, redis.connect(), {
            objectStore: memoryObjectStore(),
            offloadThreshold: 1_000,
            codec: 'none',
          });
          const into = (run: number) =>
            fill({ build, store, scope: { flow: 'bull:transcode', run: `${run}@1763820000000`, task: 'encode' } });
          return each(redis, scopes, into);
        },
      }));
      const sample = sides[0];
      yield {
        name,
        exact: true,
        sides: [
          {
            label: 'a plain hash with the same bytes',
            role: 'plain',
            async measure() {
              await sample?.measure();
              const fields = await sampleOf(redis);
              await redis.control.flushall();
              return each(redis, scopes, (run) =>
                redis.control.hset(fields.key.replaceAll(String(FIRST_RUN), String(run)), fields.fields),
              );
            },
          },
          ...sides,
        ],
      };
    }
  },
};

async function attempt({ build, store, scope }: Filled, state: 'active' | 'succeeded'): Promise<void> {
  const job = build.core.externalJob({
    submit: async (id: string) => `job-${id}`,
    idempotentFor: '1d',
    getStatus: async () => ({ state }),
    getResult: async () => ({ url: 'https://example.com/result/0123456789' }),
  });
  await using begun = build.kit.beginAttempt(store, {
    scope,
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'ordered', order: [1_763_820_000_000, 1] },
  });
  await (state === 'active' ? begun.context.submit(job, scope.run) : begun.context.run(job, scope.run));
}

/** The first one makes what is there once for all. */
async function each(redis: BenchRedis, scopes: number, fill: (run: number) => Promise<unknown>): Promise<Figures> {
  await fill(FIRST_RUN);
  const before = await used(redis);
  for (let n = 1; n <= scopes; n += AT_ONCE) {
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, scopes + 1 - n) }, (_none, more) => fill(FIRST_RUN + n + more)));
  }
  return { memory: ((await used(redis)) - before) / scopes };
}

async function used({ control }: BenchRedis): Promise<number> {
  return Number(/^used_memory:(\d+)/m.exec(await control.info('memory'))?.[1]);
}

/** The hash of the first scope, as it is stored. */
async function sampleOf({ control }: BenchRedis): Promise<{ key: string; fields: Record<string, Buffer> }> {
  const [, keys] = await control.scan(0, 'MATCH', `*${FIRST_RUN}*`, 'COUNT', 10_000_000, 'TYPE', 'hash');
  const [key] = keys;
  if (key === undefined) throw new Error('the first scope is not there');
  return { key, fields: await control.hgetallBuffer(key) };
}
