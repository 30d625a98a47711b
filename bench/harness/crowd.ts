import type * as paths from '../../src/format/path.ts';
import type * as keys from '../../src/format/redis-keys.ts';
import type { TaskScope } from '../../src/index.ts';
import type { Build } from './builds.ts';
import type { BenchRedis } from './redis.ts';

/** Many scopes, as Redis has them: copies of one, so that a million of them take seconds. */

const BATCH = 1_000;

/** What is copied. */
export interface Crowd {
  readonly namespace: string;
  /** A scope that is stored. */
  readonly of: TaskScope;
  /** How many copies; each has a run of its own. */
  readonly count: number;
}

/** Copies a scope with its places in the indexes of what ends and of jobs. */
export async function crowd({ control }: BenchRedis, build: Build, { namespace, of, count }: Crowd): Promise<void> {
  const { keysOf, shardOf } = await build.load<typeof keys>('src/format/redis-keys.ts');
  const { scopePath } = await build.load<typeof paths>('src/format/path.ts');
  const all = keysOf(namespace);
  // By what every build has.
  const namesOf = (path: string): readonly [hash: string, due: string, jobs: string] => {
    const [jobs, [, due]] = [all.jobs(shardOf(path)), all.shard(shardOf(path))];
    return [jobs.slice(0, -'jobs'.length) + path, due, jobs];
  };
  const [hash, due, jobs] = namesOf(scopePath(of));
  const bytes = await control.dumpBuffer(hash);
  const end = await control.zscore(due, scopePath(of));
  const members = (await control.zrange(jobs, '0', '-1', 'WITHSCORES')).flatMap((member, at, list) =>
    at % 2 === 0 && member.includes(scopePath(of)) ? [[member, list[at + 1] ?? '0'] as const] : [],
  );
  for (let at = 0; at < count; at += BATCH) {
    const pipeline = control.pipeline();
    for (let n = at; n < Math.min(count, at + BATCH); n += 1) {
      const path = scopePath({ ...of, run: `${of.run}-${n}` });
      const [copy, dueOfCopy, jobsOfCopy] = namesOf(path);
      pipeline.restore(copy, 0, bytes);
      if (end !== null) pipeline.zadd(dueOfCopy, end, path);
      for (const [member, score] of members) pipeline.zadd(jobsOfCopy, score, member.replace(scopePath(of), path));
    }
    for (const [error] of (await pipeline.exec()) ?? []) if (error) throw error;
  }
}
