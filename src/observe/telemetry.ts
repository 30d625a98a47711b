import type { StateEvent } from './events.ts';
import { add, recordDuration } from './metrics.ts';

/** What is counted of a store and of external jobs. */

/** Counts an event of a store. */
export function countEvent(event: StateEvent): void {
  switch (event.type) {
    case 'decision':
      return add('mooring.decisions', 1, { 'mooring.decision': event.decision, 'mooring.job.name': event.name });
    case 'stale-write':
      return add('mooring.stale_writes', 1);
    case 'missing-object':
      return add('mooring.missing_objects', 1);
    case 'orphan':
      return add('mooring.orphans', 1);
    case 'offload':
      return add('mooring.offloaded_bytes', event.storedBytes);
    case 'sweep':
      add('mooring.swept_entries', event.report.entries);
      add('mooring.swept_objects', event.report.objects);
      return add('mooring.swept_bytes', event.report.bytes);
  }
}

/** Why a submit was not simply accepted. `unresolved`: nobody knows whether the job exists. */
export type SubmitErrorType = 'refused' | 'already-submitted' | 'unresolved';

/** Counts a submit that was sent. `undefined`: it was accepted. */
export function countSubmit(job: string | undefined, errorType?: SubmitErrorType): void {
  add('mooring.submits', 1, { 'mooring.job.name': job, 'error.type': errorType });
}

/** Counts a status that an external system did not give, or that nobody classified. */
export function countStatusError(job: string | undefined, errorType: 'call-failed' | 'unknown-state'): void {
  add('mooring.status_errors', 1, { 'mooring.job.name': job, 'error.type': errorType });
}

/** Counts work that was not begun again: a job that an attempt found, and how long it had run by then, in milliseconds. */
export function countReconnect(job: string | undefined, ms: number): void {
  add('mooring.reconnects', 1, { 'mooring.job.name': job });
  add('mooring.saved_time', ms / 1_000, { 'mooring.job.name': job });
}

/** Records how long an external job took, in milliseconds. */
export function countJobEnd(job: string | undefined, state: 'succeeded' | 'failed', ms: number): void {
  recordDuration(Math.max(0, ms) / 1_000, { 'mooring.job.name': job, 'mooring.job.state': state });
}
