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
      const after = (shard: string, done: Done, own: CallOptions): Promise<Found> =>
        page(connection, shard, { ...done, most }, own);
      const begin: Done = { score: String(least), members: new Set() };
      const only = (found: Found): readonly IndexedJob[] => found.jobs.filter(({ state }) => wanted.has(state));
      for (let at = 0; at < SHARDS.length; at += SHARDS_AT_ONCE) {
        const shards = SHARDS.slice(at, at + SHARDS_AT_ONCE);
        const firsts = await sideBySide(call, (own) => Promise.all(shards.map((shard) => after(shard, begin, own))));
        yield firsts.flatMap(only);
        for (const [place, shard] of shards.entries()) {
          let found = firsts[place];
          while (found?.next) {
            found = await after(shard, found.next, call);
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

/** How far a listing is. A place by number would shift when a member before it is removed. */
interface Done {
  /** The score of the last member, as Redis wrote it. */
  score: string;
  /** All members of that score that were read. */
  members: ReadonlySet<string>;
}

interface Found {
  jobs: readonly IndexedJob[];
  /** Absent on the last page. */
  next?: Done;
}

/** Asks for so many more as it drops, so that a page of a single score gets on, too. */
async function page(
  { client, keys, read }: Connection,
  shard: string,
  { score, members, most }: Done & { most: number },
  call: CallOptions,
): Promise<Found> {
  const limit = PAGE + members.size;
  const range = [keys.jobs(shard), score, most, 'WITHSCORES', 'LIMIT', 0, limit];
  const parts = (await read(client, 'zrangebyscore', range, call)) as string[];
  const last = String(parts.at(-1));
  const atLast = new Set(last === score ? members : []);
  const jobs: IndexedJob[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const [member, own] = [String(parts[at]), String(parts[at + 1])];
    if (own === last) atLast.add(member);
    const job = own === score && members.has(member) ? undefined : indexedJob(member, Number(own));
    if (job) jobs.push(job);
  }
  return { jobs, ...(parts.length / 2 === limit && { next: { score: last, members: atLast } }) };
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
