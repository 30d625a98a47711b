import { retry } from '../../async/retry.ts';
import type { Logger } from '../../observe/logger.ts';
import type { Internals } from '../../state-store/internals.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { AnyJob, ExternalId } from '../external-job.ts';
import type { CancelJobReason } from '../call-context.ts';
import { jobOptions } from '../options.ts';
import { contextOf, submissionOf, type AboutSubmission } from './job-context.ts';
import { callWithin } from './run.ts';

/**
 * Asks an external system to stop a job. That happens only because somebody asked, or because another submission has taken the
 * job's place.
 */

/** More than a process usually has running. Beyond this, the oldest are forgotten. */
const MOST_USED = 10_000;

/** Remembers which object a task uses for a record: cancelling a recorded job needs the object that submitted it. */
export function useJob({ usedJobs }: Pick<Internals, 'usedJobs'>, path: string, recordName: string, job: AnyJob): void {
  const name = `${path} ${recordName}`;
  usedJobs.delete(name);
  usedJobs.set(name, job);
  const [oldest] = usedJobs.keys();
  if (usedJobs.size > MOST_USED && oldest !== undefined) usedJobs.delete(oldest);
}

/** The object that a task used for a record in this process. */
export function usedJob({ usedJobs }: Pick<Internals, 'usedJobs'>, path: string, recordName: string): AnyJob | undefined {
  return usedJobs.get(`${path} ${recordName}`) as AnyJob | undefined;
}

/** Why a job is cancelled, and for whom. `input`: of the task, if it is known. */
interface Cancelling {
  reason: CancelJobReason;
  input?: unknown;
  log: Logger | undefined;
  where: object;
}

/** `ended`: the job was over, and nothing was asked of the external system. An error: it may go on. */
export type CancelEnd = 'cancelled' | 'ended' | { error: unknown };

/** Nobody asks again after this attempt, so an external system that is busy for a moment is retried. */
const TRIES = 3;
/** Milliseconds before the second try; twice as many before the third. */
const FIRST_PAUSE = 500;

/**
 * Asks an external system to stop a job, up to three times within one `callTimeout`. It is asked first how the job is, since some
 * systems rewrite the end of a job that is over. The end of the attempt does not stop this: the attempt is over when somebody asks.
 *
 * @param cancelled - The job, and the submission that made it.
 */
export async function cancelExternalJob(
  core: Pick<Internals, 'timer' | 'clock'>,
  job: AnyJob,
  cancelled: AboutSubmission & { externalId: JsonValue },
  { reason, input, log, where }: Cancelling,
): Promise<CancelEnd> {
  const { externalId } = cancelled;
  const about = { ...where, externalId, reason };
  try {
    if (!job.cancel) throw new Error('the external job has no cancel');
    if (await hasEnded(core, job, cancelled, input)) {
      log?.info(about, 'the external job had ended, and was not cancelled');
      return 'ended';
    }
    const passes = (err: unknown): boolean => {
      log?.info({ ...about, err }, 'the external job could not be cancelled yet');
      return true;
    };
    await callWithin(core, jobOptions(job), undefined, (signal) =>
      retry({ clock: core.clock, signal, pause: { first: FIRST_PAUSE }, tries: TRIES, passes }, async () => {
        await job.cancel?.(externalId as ExternalId, { signal, input, reason, ...submissionOf(cancelled) });
      }),
    );
    log?.info(about, 'the external job was cancelled');
    return 'cancelled';
  } catch (error) {
    log?.warn({ ...about, err: error }, 'the external job could not be cancelled, and may go on');
    return { error };
  }
}

/** Whether the job is over. If nobody can tell, it may run. */
async function hasEnded(
  core: Pick<Internals, 'timer'>,
  job: AnyJob,
  asked: AboutSubmission & { externalId: JsonValue },
  input: unknown,
): Promise<boolean> {
  try {
    const { state } = await callWithin(core, jobOptions(job), undefined, (signal) =>
      job.getStatus(asked.externalId as ExternalId, contextOf({ input }, asked, signal)),
    );
    return state === 'succeeded' || state === 'failed';
  } catch {
    return false;
  }
}
