import { ConfigError } from '../../model/errors/store.ts';
import { reasonOf } from '../../model/reason.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { ExternalId } from '../external-job.ts';
import type { JobStatus } from '../status.ts';
import { contextOf, type AboutSubmission } from './job-context.ts';
import { callSystem, type Run } from './run.ts';

/** One call of `getStatus`, and what it returned. */

const STATES: readonly string[] = ['active', 'succeeded', 'failed', 'missing', 'unknown'];

/**
 * Asks once. A status that cannot be had is `unknown`.
 *
 * @throws {@link ConfigError} if `getStatus` returned something that is no status, and the reason of the run's signal.
 */
export async function askOnce(
  run: Run,
  record: AboutSubmission & { externalId: JsonValue },
): Promise<{ status: JobStatus; cause?: unknown }> {
  let status: unknown;
  try {
    status = await callSystem(run, (signal) =>
      run.job.getStatus(record.externalId as ExternalId, contextOf(run, record, signal)),
    );
  } catch (cause) {
    run.signal.throwIfAborted();
    return { status: { state: 'unknown', detail: `getStatus failed: ${reasonOf(cause)}` }, cause };
  }
  return { status: classified(status) };
}

/** A user's function may return anything. A word that nobody classified is unknown; what has no word is a fault of the code. */
function classified(status: unknown): JobStatus {
  const state = (status as Partial<JobStatus> | null | undefined)?.state as unknown;
  if (typeof state !== 'string') {
    throw new ConfigError('getStatus', "must return a status such as { state: 'active' } (see jobStatus())", status);
  }
  if (STATES.includes(state)) return status as JobStatus;
  return { state: 'unknown', detail: `getStatus returned the state ${JSON.stringify(state)}` };
}
