import { anything, callable, checkOptions, requestCancellation, requireStore, text } from '../../src/adapter-kit.ts';
import type { CallOptions, Checks, StateStore, TaskScope } from '../../src/adapter-kit.ts';
import { askToCancel, withdrawCancel } from './requests.ts';
import type { BullJob, BullQueue, JobDetails } from './runtime.ts';
import { runName, scopeOf } from './attempt/scope.ts';
import type { StatefulJob } from './worker/setup.ts';
import { promote, requireQueue } from './wake.ts';

/**
 * Cancels a job from anywhere. The request is recorded in the job's scope, where its next attempt finds it. It is also among
 * the requests of the queue, which the worker that holds the job reads.
 */

/** Options of `cancelJob()`. */
export interface CancelJobOptions<J = BullJob> extends CallOptions {
  /** The store of the job's processor. */
  store: StateStore;
  /** The reason that the job fails with: a text of 1 to 1,000 characters. */
  reason: string;
  /**
   * The `scope` of the processor's options.
   * @defaultValue queue, job ID and creation time
   */
  scope?: (job: J) => TaskScope;
}

/**
 * Cancels a job, wherever it is: running in any process, released, waiting, or held by a worker that died. Its external jobs are
 * cancelled, and it fails with the reason. A worker that holds the job hears of it within a heartbeat. A waiting job fails when
 * it is its turn. Resolves to false if there is no such job, or if it is over.
 *
 * @throws {@link ConfigError} that names the option; `StoreUnavailableError`; what BullMQ rejects with if its Redis cannot be
 * reached.
 */
export async function cancelJob<J>(queue: BullQueue, jobId: string, options: CancelJobOptions<J>): Promise<boolean> {
  requireQueue(queue, 'queue');
  checkOptions<CancelJobOptions<never>>('options', options, CHECKS, ['store', 'reason']);
  text(jobId, 'jobId');
  const { store, reason, scope, signal } = options;
  const job = (await queue.getJob(jobId)) as (BullJob & JobDetails) | undefined;
  if (!job || job.finishedOn !== undefined) return false;
  await recordCancel({ store, scope: scopeOf(job, scope), job }, reason, signal ? { signal } : {});
  await promote(job);
  return true;
}

const CHECKS: Checks<CancelJobOptions<never>> = { store: requireStore, reason: text, scope: callable, signal: anything };

/** Records that somebody wants a job to be cancelled. */
export async function recordCancel({ store, scope, job }: StatefulJob, reason: string, call: CallOptions = {}): Promise<void> {
  await requestCancellation(store, scope, { jobId: runName(job), reason }, call);
  await askToCancel(store, job, reason, call);
}

/**
 * The job has failed with the reason. If somebody retries it, it runs again. Never rejects: a request that stays expires by
 * itself.
 */
export async function forgetCancel({ store, scope, job }: StatefulJob): Promise<void> {
  const withdrawn = requestCancellation(store, scope, { jobId: runName(job), reason: undefined });
  await Promise.allSettled([withdrawn, withdrawCancel(store, job)]);
}
