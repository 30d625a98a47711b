import { setTimeout as sleep } from 'node:timers/promises';
import {
  AmbiguousSubmitError,
  ConfigError,
  externalJob,
  jobRecords,
  milliseconds,
  type AnyShape,
  type Duration,
  type ExternalId,
  type ExternalJob,
  type JobRecord,
} from '../../src/index.ts';
import { currentRun } from './running.ts';
import { checkScope, scopeOf, type ActivityScope } from './scope.ts';

/**
 * Cancelling an external job from an activity of its own: for a workflow that is cancelled while the activity which submitted the job
 * is between two attempts, or waits for a webhook, so that none of its code runs.
 */

/** The defaults of `ExternalJob`, which a job that is given as it was written leaves out. */
const CALL_TIMEOUT = '30s';
const FIND_LAG = '10s';
const EXTERNAL_ID_KEY = 'external_job_id';
/** Milliseconds between two looks at a record whose submit may be on its way: most replies come long before the deadline. */
const LOOK_AGAIN = 500;

/**
 * An activity that cancels the external job of a scope that it shares with the activity which submits it. It supersedes an attempt of
 * that activity which is still alive, waits for a submit that may be on its way, and does nothing where no job is running.
 *
 * Give it the input, and a submit whose reply was lost is looked for with the job's `find`.
 *
 * @throws {@link ConfigError} for a job without `cancel`, and for the scope `'activity'`, which no two activities share. The activity
 * rejects with `AmbiguousSubmitError` where a job may be running and nothing can tell.
 */
export function cancellingActivity<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  scope: Exclude<ActivityScope, 'activity'>,
): (input?: Input) => Promise<void> {
  if (typeof (job as Partial<typeof job> | undefined)?.cancel !== 'function') {
    throw new ConfigError('job', 'must be an external job that has cancel', job);
  }
  externalJob(job);
  if ((scope as ActivityScope) === 'activity') {
    throw new ConfigError(
      'scope',
      'must be one that the submitting activity shares: { workflowRun: name } or { workflow: name }',
    );
  }
  checkScope(scope);
  return async (input) => {
    const run = currentRun('cancellingActivity()');
    const context = run.attempt<AnyShape>(scope);
    const key = job.externalIdKey ?? EXTERNAL_ID_KEY;
    // The first use of state takes the fence: from here on no older attempt opens a submission.
    await context.state.get(key);
    const read = (): Promise<JobRecord | undefined> =>
      jobRecords(run.store).get(scopeOf(run.context.info, scope), key, { signal: context.signal });
    const record = await settled(job, read, context.signal);
    const id = record && (await idOf(job, record, input, context.signal));
    if (id === undefined || id === null) return;
    await job.cancel?.(id, { signal: within(job, context.signal), reason: 'requested' });
    context.signal.throwIfAborted();
  };
}

/** The record, once no submit that it tells of can still be on its way. */
async function settled<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  read: () => Promise<JobRecord | undefined>,
  signal: AbortSignal,
): Promise<JobRecord | undefined> {
  for (;;) {
    const record = await read();
    if (record?.state !== 'submitting') return record;
    const wait = record.deadline.getTime() + (job.find ? milliseconds(job.findLag ?? FIND_LAG, 'findLag') : 0) - Date.now();
    if (wait <= 0) return record;
    await sleep(Math.min(wait, LOOK_AGAIN), undefined, { signal });
  }
}

/** The ID of the job that may be running; `undefined`: none is. */
async function idOf<Input, Id extends ExternalId, Result>(
  job: ExternalJob<Input, Id, Result>,
  record: JobRecord,
  input: Input | undefined,
  signal: AbortSignal,
): Promise<Id | undefined> {
  if (record.state === 'submitted') return record.externalId as Id;
  if (record.state !== 'submitting' && record.state !== 'ambiguous') return undefined;
  const { idempotencyKey, submission, since, scope, externalIdKey } = record;
  if (job.find && input !== undefined) {
    return job.find(idempotencyKey, { signal: within(job, signal), input });
  }
  throw new AmbiguousSubmitError({ idempotencyKey, submission, since }, { scope, key: externalIdKey });
}

/** What a call of the far side is given to end by; past it the activity's own timeout bounds the call. */
function within({ callTimeout = CALL_TIMEOUT }: { callTimeout?: Duration }, attempt: AbortSignal): AbortSignal {
  return AbortSignal.any([attempt, AbortSignal.timeout(milliseconds(callTimeout, 'callTimeout'))]);
}
