import { contextOf, openStore } from '../harness/attempt.ts';
import type { Bench, Side } from '../harness/bench.ts';
import type { Build } from '../harness/builds.ts';
import { crowd } from '../harness/crowd.ts';
import { submitOpenJob } from '../harness/open-job.ts';
import { endedJob } from '../harness/processors.ts';
import type { BenchRedis } from '../harness/redis.ts';
import type { Rig } from '../harness/rig.ts';
import { sustained } from '../harness/sustained.ts';
import { checkpoint } from '../harness/values.ts';

/** What an operation costs by how much there is already: it should cost the same. Ratios are to the smallest number. */
export const growth: Bench = {
  about: 'the cost of an operation by the number of scopes, values, items and open jobs, 1 to 1,000,000',
  async *comparisons(rig) {
    const { scopes: counts = [1, 100, 10_000, 1_000_000], lanes: [lanes = 16] = [], seconds } = rig.settings;
    const [build] = rig.builds;
    if (!build) return;
    const redis = await rig.redis();
    for (const [name, prepare] of Object.entries(SERIES)) {
      await redis.control.flushall();
      const sides: Side[] = [];
      for (const count of counts) {
        const run = await prepare({ rig, build, redis, count, namespace: `bench-${count}` });
        sides.push({
          label: count.toLocaleString('en'),
          role: sides.length === 0 ? 'plain' : 'this',
          measure: () => sustained(run, { lanes, seconds, serverCpu: redis.cpu }),
        });
      }
      yield { name, sides };
    }
  },
};

interface Place {
  readonly rig: Rig;
  readonly build: Build;
  readonly redis: BenchRedis;
  readonly count: number;
  readonly namespace: string;
}

const VALUE = checkpoint(100);

/** Each makes so many of a thing, and returns the operation whose cost is asked for. */
const SERIES: Readonly<Record<string, (place: Place) => Promise<(n: number) => Promise<unknown>>>> = {
  async 'set, by scopes in the namespace'({ rig, build, redis, count, namespace }) {
    const store = openStore(rig, build, redis.connect(), { namespace });
    const of = { flow: 'bull:transcode', run: 'first', task: 'encode' };
    await store.task(of).set('cursor', VALUE);
    await crowd(redis, build, { namespace, of, count: count - 1 });
    const { state } = contextOf(rig, build, store, 'asked');
    return () => state.set('cursor', VALUE);
  },
  async 'set, by values in the scope'(place) {
    const state = await filled(place);
    return (n) => state.set(`more-${n % 16}`, VALUE);
  },
  async 'get, by values in the scope'(place) {
    const state = await filled(place);
    return () => state.get('cursor');
  },
  async 'external job of an item, by items of the task'({ rig, build, redis, count, namespace }) {
    const store = openStore(rig, build, redis.connect(), { namespace });
    const context = contextOf(rig, build, store, 'items');
    const job = endedJob(build);
    await context.item('first').run(job, 1);
    const key = await keyOf(redis, namespace, (fields) => fields.some((field) => field.startsWith('i:')));
    await fields(redis, key, count, (name) => ({ [`i:${name}`]: '1' }));
    let item = 0;
    return () => context.item(`new-${(item += 1)}`).run(job, 1);
  },
  async 'submit, by open jobs'({ rig, build, redis, count, namespace }) {
    const store = openStore(rig, build, redis.connect(), { namespace });
    await submitOpenJob(build, store, 'first');
    await crowd(redis, build, { namespace, of: { flow: 'bull:transcode', run: 'first', task: 'encode' }, count: count - 1 });
    let run = 0;
    return () => submitOpenJob(build, store, `new-${(run += 1)}`);
  },
};

/** The state of a scope with so many values. */
async function filled({ rig, build, redis, count, namespace }: Place) {
  const store = openStore(rig, build, redis.connect(), { namespace });
  const { state } = contextOf(rig, build, store, 'values');
  await state.set('cursor', VALUE);
  const key = await keyOf(redis, namespace, (names) => names.includes('e:cursor'));
  const [entry, body] = await redis.control.hmgetBuffer(key, 'e:cursor', 'v:cursor');
  await fields(redis, key, count - 1, (name) => ({
    ...(entry && { [`e:${name}`]: entry }),
    ...(body && { [`v:${name}`]: body }),
  }));
  return state;
}

/** Fields as the library writes them, under other names. */
async function fields(
  { control }: BenchRedis,
  key: string,
  count: number,
  of: (name: string) => Record<string, string | Buffer>,
) {
  for (let at = 0; at < count; at += 1_000) {
    const all = Array.from({ length: Math.min(1_000, count - at) }, (_none, n) => of(`filler-${at + n}`));
    await control.hset(key, Object.assign({}, ...all) as Record<string, string>);
  }
}

async function keyOf({ control }: BenchRedis, namespace: string, fits: (fields: string[]) => boolean): Promise<string> {
  for await (const keys of control.scanStream({ match: `mooring:{${namespace}:*`, type: 'hash', count: 1_000 })) {
    for (const key of keys as string[]) if (fits(await control.hkeys(key))) return key;
  }
  throw new Error('the scope is not stored as this bench expects');
}
