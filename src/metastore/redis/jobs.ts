import type { CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { indexedJob, scoresOf, type IndexedJob } from '../../format/jobs/members.ts';
import { SHARDS } from '../../format/redis-keys.ts';
import type { MetastoreJobs, MetastoreSavings } from '../jobs.ts';
import type { Connection } from './connection.ts';
import { REBUILD } from './lua/jobs/rebuild.ts';
import { SAVE } from './lua/jobs/save.ts';
import { SAVED } from './lua/jobs/saved.ts';

/** The index of jobs in Redis, and what was not run twice. */

/** This many shards are asked at the same time, so that an index that names nothing costs four round trips. */
const SHARDS_AT_ONCE = 64;
const PAGE = 1_000;

/** The index of this namespace. */
export function redisJobs(connection: Connection): MetastoreJobs {
  return {
    async *open(states, call) {
      const wanted = new Set(states);
      if (wanted.size === 0) return;
      const [least, most] = scoresOf(states);
      const between = (shard: string, from: number, own: CallOptions): Promise<Found> =>
        page(connection, shard, { least, most, from }, own);
      const only = (found: Found): readonly IndexedJob[] => found.jobs.filter(({ state }) => wanted.has(state));
      for (let at = 0; at < SHARDS.length; at += SHARDS_AT_ONCE) {
        const shards = SHARDS.slice(at, at + SHARDS_AT_ONCE);
        const firsts = await sideBySide(call, (own) => Promise.all(shards.map((shard) => between(shard, 0, own))));
        yield firsts.flatMap(only);
        for (const [place, shard] of shards.entries()) {
          let counted = firsts[place]?.members ?? 0;
          for (let from = counted; counted === PAGE; from += counted) {
            const found = await between(shard, from, call);
            counted = found.members;
            yield only(found);
          }
        }
      }
    },
    async index(scope, names, call) {
      await connection.run(REBUILD, scope, {}, call, { fleeting: true, each: names });
    },
  };
}

interface Found {
  /** How many members there were, also those that nobody can read. */
  members: number;
  jobs: readonly IndexedJob[];
}

async function page(
  { client, keys, read }: Connection,
  shard: string,
  { least, most, from }: { least: number; most: number; from: number },
  call: CallOptions,
): Promise<Found> {
  const range = [keys.jobs(shard), least, most, 'WITHSCORES', 'LIMIT', from, PAGE];
  const parts = (await read(client, 'zrangebyscore', range, call)) as string[];
  const jobs: IndexedJob[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const job = indexedJob(String(parts[at]), Number(parts[at + 1]));
    if (job) jobs.push(job);
  }
  return { members: parts.length / 2, jobs };
}

const COST = 'cost ';

/** Savings of this namespace. */
export function redisSavings({ keys, runOn }: Connection): MetastoreSavings {
  return {
    async add(day, { time, cost }, call) {
      const given = { time: Math.round(time), amount: cost?.amount, currency: cost?.currency };
      await runOn(SAVE, [keys.savings(day)], given, call, { fleeting: true });
    },
    async read(day, call) {
      const { rest } = await runOn(SAVED, [keys.savings(day)], {}, call);
      const found = new Map<string, number>();
      for (let at = 0; at < rest.length; at += 2) found.set(String(rest[at]), Number(String(rest[at + 1])));
      const costs = [...found].flatMap(([name, amount]): [string, number][] =>
        name.startsWith(COST) ? [[name.slice(COST.length), amount]] : [],
      );
      return { reconnects: found.get('reconnects') ?? 0, time: found.get('time') ?? 0, costs: Object.fromEntries(costs) };
    },
  };
}
