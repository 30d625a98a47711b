import type { CallOptions } from '../../async/deadline.ts';
import { sideBySide } from '../../async/shared-signal.ts';
import { NEVER } from '../../format/head.ts';
import { SHARDS } from '../../format/redis-keys.ts';
import type { MetastoreSweep, SweptPage } from '../sweep.ts';
import type { Part } from './lua/answer.ts';
import type { Connection } from './connection.ts';
import { DUE } from './lua/sweep/due.ts';
import { SWEEP_END } from './lua/sweep/end.ts';
import { FORGET_OBJECTS } from './lua/sweep/forget-objects.ts';
import { SWEEP_PAGE } from './lua/sweep/page.ts';
import { SWEEP_PREVIEW } from './lua/sweep/preview.ts';
import { supersededObject } from '../../format/superseded.ts';

/** Removes what has expired, in Redis. */

/** This many shards are asked at the same time, so that an index in which nothing is due costs four round trips. */
const SHARDS_AT_ONCE = 64;
const PAGE = 250;
const OBJECTS_AT_ONCE = 1_000;

/** Sweeps of this namespace. */
export function redisSweep(connection: Connection): MetastoreSweep {
  const { run } = connection;
  return {
    async *due(until, call) {
      for (let from = 0; from < SHARDS.length; from += SHARDS_AT_ONCE) {
        const shards = SHARDS.slice(from, from + SHARDS_AT_ONCE);
        const firsts = await sideBySide(call, (own) =>
          Promise.all(shards.map((shard) => duePage(connection, shard, { from: 0, until, count: PAGE }, own))),
        );
        for (const [at, shard] of shards.entries()) yield* dueInShard(connection, shard, until, firsts[at] ?? [], call);
      }
    },
    async page(scope, { nonce, cursor, count, grace, dryRun }, call) {
      const script = dryRun ? SWEEP_PREVIEW : SWEEP_PAGE;
      const { rest } = await run(script, scope, { nonce, cursor, count, grace }, call, { fleeting: true });
      return sweptPage(rest);
    },
    async forget(scope, objects, call) {
      for (let from = 0; from < objects.length; from += OBJECTS_AT_ONCE) {
        const each = objects.slice(from, from + OBJECTS_AT_ONCE);
        await run(FORGET_OBJECTS, scope, {}, call, { fleeting: true, each });
      }
    },
    async end(scope, end, call) {
      await run(SWEEP_END, scope, end, call, { fleeting: true });
    },
  };
}

function sweptPage(parts: readonly Part[]): SweptPage {
  const [next, due, counted, ...names] = parts.map(String);
  const found = names.splice(Number(counted));
  const pairs = Array.from({ length: found.length / 2 }, (_, at) => [found[2 * at], found[2 * at + 1]] as [string, string]);
  return {
    cursor: next ?? '0',
    entries: names,
    objects: pairs.flatMap(([object, text]) => supersededObject(object, text) ?? []),
    nextDue: due === '' ? undefined : Number(due),
  };
}

interface Due {
  path: string;
  at: number;
}

/** No path comes twice, also if its time changes meanwhile: what a shard gave is remembered until the next shard. */
async function* dueInShard(
  connection: Connection,
  shard: string,
  until: number,
  first: readonly Due[],
  call: CallOptions,
): AsyncIterable<string> {
  const given = new Set<string>();
  let count = PAGE;
  let page = first;
  for (;;) {
    const fresh = page.filter(({ path }) => !given.has(path));
    for (const { path } of fresh) {
      given.add(path);
      yield path;
    }
    const last = page.at(-1);
    if (!last || page.length < count) return;
    // A page of nothing new: more paths than that are due at the same millisecond.
    if (fresh.length === 0) count *= 2;
    page = await duePage(connection, shard, { from: last.at, until, count }, call);
  }
}

async function duePage(
  { keys, runOn }: Connection,
  shard: string,
  { from, until, count }: { from: number; until: number; count: number },
  call: CallOptions,
): Promise<readonly Due[]> {
  const { rest } = await runOn(DUE, keys.shard(shard), { from, until: Math.min(until, NEVER), most: count }, call);
  return Array.from({ length: rest.length / 2 }, (_, at) => ({ path: String(rest[2 * at]), at: Number(rest[2 * at + 1]) }));
}
