import type { CallOptions } from '../../async/deadline.ts';
import { concurrently } from '../../async/concurrency.ts';
import type { Internals } from '../../state-store/internals.ts';

/** Scopes that are indexed at the same time. */
const AT_ONCE = 64;

/**
 * Puts every job into the index of jobs. Scripts keep that index, so it lacks only what an older version wrote. It costs a look at
 * every scope of the namespace.
 */
export async function indexJobs({ metastore }: Internals, call: CallOptions): Promise<void> {
  const index = async (paths: readonly string[]): Promise<void> => {
    await concurrently(paths, (path) => metastore.jobs.index({ path }, [], call), AT_ONCE);
  };
  let batch: string[] = [];
  for await (const path of metastore.scopes.paths('', call)) {
    if (path.startsWith('assets/')) continue;
    batch.push(path);
    if (batch.length < AT_ONCE) continue;
    await index(batch);
    batch = [];
  }
  await index(batch);
}
