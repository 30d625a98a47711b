import type { Wait } from '../../src/index.ts';
import type { Watch } from './lifecycle.ts';
import { detailsOf, type BullJob } from './runtime.ts';
import type { Setup } from './setup.ts';

/**
 * Where giving the slot back would put the job at risk, it is held instead: a job that waits in the delayed set is removed when
 * its deduplication ID is added again with `replace`, and every release counts against the worker's `maxStartedAttempts`.
 */
export function waitOf<J extends BullJob>(setup: Setup<J>, job: J, worker: Watch | undefined): (asked: Wait | undefined) => Wait {
  const risk = riskOf(job, worker);
  return (asked = setup.options.wait ?? { mode: 'hold' }) => {
    if (asked.mode !== 'release' || risk === undefined) return asked;
    setup.warn(
      worker,
      `Mooring holds jobs of ${job.queueQualifiedName} that were to be released while they wait, because ${risk}`,
    );
    return { mode: 'hold' };
  };
}

function riskOf(job: BullJob, worker: Watch | undefined): string | undefined {
  if (detailsOf(job).opts?.deduplication?.replace)
    return 'a released job would be removed by the next with its deduplication ID (replace)';
  if (worker?.maxStartedAttempts) return 'every release would count as one of the maxStartedAttempts of the worker';
  return undefined;
}
