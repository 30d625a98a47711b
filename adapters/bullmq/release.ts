import type { Wait } from '../../src/index.ts';
import type { Watch } from './lifecycle.ts';
import { detailsOf, type BullJob } from './runtime.ts';
import type { Setup } from './setup.ts';

/** How the runs of one attempt wait. */
export interface Waiting {
  /** The way to wait, given what a run asked for. */
  choose(asked: Wait | undefined): Wait;
  /** Whether a line of the log says no more than that a released job came back, to poll again. */
  isPoll(fields: { decision?: string }): boolean;
}

/**
 * Where giving the slot back would put the job at risk, it is held instead: a job that waits in the delayed set is removed when
 * its deduplication ID is added again with `replace`, and every release counts against the worker's `maxStartedAttempts`.
 */
export function waitingOf<J extends BullJob>(setup: Setup<J>, job: J, worker: Watch | undefined): Waiting {
  const risk = riskOf(job, worker);
  const { attemptsStarted = 0, attemptsMade, stalledCounter = 0 } = detailsOf(job);
  let releases = false;
  return {
    choose(asked = setup.options.wait ?? { mode: 'hold' }) {
      if (asked.mode !== 'release') return asked;
      if (risk === undefined) {
        releases = true;
        return asked;
      }
      setup.warn(
        worker,
        `Mooring holds jobs of ${job.queueQualifiedName} that were to be released while they wait, because ${risk}`,
      );
      return { mode: 'hold' };
    },
    isPoll: ({ decision }) => releases && decision === 'reconnected' && attemptsStarted > attemptsMade + stalledCounter + 1,
  };
}

function riskOf(job: BullJob, worker: Watch | undefined): string | undefined {
  if (detailsOf(job).opts?.deduplication?.replace) {
    return 'a released job would be removed by the next with its deduplication ID (replace)';
  }
  if (worker?.maxStartedAttempts) return 'every release would count as one of the maxStartedAttempts of the worker';
  return undefined;
}
