import type { HeldRecord } from '../../format/record.ts';
import { ExternalJobFailedError, ExternalJobUnknownError } from '../../model/errors/store.ts';
import { cancelExternalJob } from './cancel-job.ts';
import type { Asked, EndStatus } from './poll.ts';
import { at, type Run } from './run.ts';
import { askOnce } from './status-call.ts';

/**
 * The end of a job that runs for too long, in an order that a model check found to be necessary. Its record says first that it is
 * given up, which a newer attempt would refuse: nobody cancels a job that another attempt waits for. It is cancelled next. Then
 * the external system is asked again, since the job may have ended before the cancel arrived.
 */

/**
 * Cancels the job of a record that says so, and returns how it ended.
 *
 * @throws {@link ExternalJobFailedError} if it could not be cancelled, and {@link ExternalJobUnknownError} if nobody can tell how it is
 * then. The record stays, and the next attempt goes on from there.
 */
export async function cancelOverdue(run: Run, record: HeldRecord): Promise<Asked<EndStatus>> {
  const { core, job, input, life, about, where } = run;
  const { externalId, submission } = record;
  const end = await cancelExternalJob(core, job, record, { reason: 'gave-up', input, log: life.log, where: about });
  await at(run, 'G10');
  const { status, cause } = await askOnce(run, record);
  if (status.state === 'succeeded') return { status, record };
  if (status.state === 'unknown') {
    throw new ExternalJobUnknownError(externalId, status.detail ?? 'the external system did not say', { ...where, cause });
  }
  if (typeof end === 'object' && status.state === 'active') {
    const reason = `${gaveUpReason(run)}; it could not be cancelled and may still run, so the next attempt tries that again`;
    throw new ExternalJobFailedError({ externalId, submission, reason, retryable: true }, { ...where, cause: end.error });
  }
  return { status: { state: 'failed', reason: gaveUpReason(run) }, record };
}

/** Why a job that was given up failed. */
export function gaveUpReason({ options }: Pick<Run, 'options'>): string {
  return `it was given up after ${options.giveUpAfter} ms (giveUpAfter)`;
}
