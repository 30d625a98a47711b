import type { Watch } from '../worker/lifecycle.ts';
import { detailsOf, type BullJob } from '../runtime.ts';

/**
 * Why a job must not lie in the delayed set; `undefined`: it may. BullMQ treats a delayed job differently from an active one if
 * its deduplication replaces, keeps or reschedules jobs. It counts every return against the worker's `maxStartedAttempts`.
 */
export function riskOfDelay(job: BullJob, { maxStartedAttempts }: Watch): string | undefined {
  const { deduplication, debounce } = detailsOf(job).opts ?? {};
  const next = 'the next one with its deduplication ID would';
  if (deduplication?.replace || debounce?.replace) return `${next} remove a job that is released (replace)`;
  if (deduplication?.keepLastIfActive) return `${next} be dropped while a job is released (keepLastIfActive)`;
  if (deduplication?.reschedule) return `${next} move a job that is released to another time (reschedule)`;
  return maxStartedAttempts ? 'every release would count as one of the maxStartedAttempts of the worker' : undefined;
}
