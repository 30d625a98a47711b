/** How a worker process dies in the middle of something: at once, by SIGKILL, with no handler run and nothing flushed. */
import type { StateStore } from 'mooring';
import type * as CrashPoint from '../src/job/protocol/crash-point.ts';
import type { Gap } from '../src/job/protocol/crash-point.ts';

/** The package's own door for crash tests: not a subpath, and of the same build as the subpaths that a worker imports. */
const CRASH_POINT = new URL('../dist/src/job/protocol/crash-point.js', import.meta.url);

/** Ends this process. */
export function die(): never {
  process.kill(process.pid, 'SIGKILL');
  throw new Error('a process that was killed goes on');
}

/** The store, with which an attempt that reaches the gap ends this process. */
export async function dieAt(store: StateStore, gap: Gap | undefined): Promise<StateStore> {
  if (gap === undefined) return store;
  const { withCrashPoint } = (await import(CRASH_POINT.href)) as typeof CrashPoint;
  return withCrashPoint(store, (reached) => {
    if (reached === gap) die();
  });
}
