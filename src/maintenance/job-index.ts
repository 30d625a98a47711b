import type { CallOptions } from '../async/deadline.ts';
import { concurrently } from '../async/concurrency.ts';
import { JOB_RANK, type IndexedState } from '../format/jobs/members.ts';
import type { Internals } from '../state-store/internals.ts';

/** Keeps the index of jobs as it should be: scripts keep it, but a hash of Redis expires without one. */

const STATES = Object.keys(JOB_RANK) as readonly IndexedState[];

/** Scopes that are indexed at the same time. */
const AT_ONCE = 64;

/** A record lives at least so long after it was first sent, in milliseconds. */
const LEAST_LIFE = 30 * 24 * 3_600_000;

/** Takes names off the index that have no job any more. It looks at the jobs alone that may have expired. */
export async function tidyOldJobs(core: Internals, call: CallOptions): Promise<void> {
  const now = await core.metastore.now(call);
  await tidy(core, now - LEAST_LIFE, call);
}

/** Makes the index right for every scope of the namespace, also for what an older version wrote without the index. */
export async function indexAllJobs(core: Internals, call: CallOptions): Promise<void> {
  await tidy(core, Infinity, call);
  const { metastore } = core;
  let batch: string[] = [];
  const index = async (): Promise<void> => {
    await concurrently(batch, (path) => metastore.jobs.index({ path }, [], call), AT_ONCE);
    batch = [];
  };
  for await (const path of metastore.scopes.paths('', call)) {
    if (path.startsWith('assets/')) continue;
    batch.push(path);
    if (batch.length >= AT_ONCE) await index();
  }
  await index();
}

async function tidy({ metastore }: Internals, before: number, call: CallOptions): Promise<void> {
  for await (const page of metastore.jobs.open(STATES, call)) {
    const old = page.filter(({ since }) => since < before);
    await concurrently(old, ({ path, name }) => metastore.jobs.index({ path }, [name], call), AT_ONCE);
  }
}
