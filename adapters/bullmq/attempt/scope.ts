import { type AttemptOptions, ConfigError, type TaskScope } from '../../../src/adapter-kit.ts';
import { detailsOf, type BullJob } from '../runtime.ts';

/**
 * Which state is a job's, and which of its attempts is running.
 *
 * A queue that was obliterated counts its IDs from 1 again, and a custom ID may be used again once its job was removed. The time
 * of creation tells such jobs apart, so it is part of the scope.
 */

/**
 * The state of one job of one queue. `flow` is the queue with its prefix, and `run` is
 * `<job ID>@<creation time in milliseconds>`. `task` is the job's name (`job` if the name cannot be a segment).
 *
 * @throws {@link ConfigError} for a job without an ID.
 */
export function jobScope(job: BullJob): TaskScope {
  const named = job.name !== '' && job.name !== '.' && job.name !== '..' && job.name.isWellFormed();
  return { flow: job.queueQualifiedName, run: runName(job), task: named ? job.name : 'job' };
}

/**
 * The state of a job for which a function names the scope.
 *
 * @throws {@link ConfigError} if it names none.
 */
export function scopeOf(job: BullJob, name: ((job: never) => TaskScope) | undefined): TaskScope {
  const scope: unknown = name ? name(job as never) : jobScope(job);
  if (typeof scope !== 'object' || scope === null) throw new ConfigError('scope', 'must return a task scope', scope);
  return scope as TaskScope;
}

/** One job, told apart from a later one with the same ID. */
export function runName(job: BullJob): string {
  return `${requireId(job)}@${job.timestamp}`;
}

/** What an attempt needs of its job in addition to the ID. */
const NEEDED = { name: 'string', timestamp: 'number', attemptsMade: 'number', queueQualifiedName: 'string' } as const;

/**
 * Refuses what is not a job of BullMQ, such as a test's own object that lacks a property.
 *
 * @throws {@link ConfigError} that names the property.
 */
export function requireJob(job: BullJob): void {
  const hint = 'as BullMQ makes it (in a test, fakeJob() of mooring/bullmq/testing)';
  if (Object(job) !== job) throw new ConfigError('job', `must be a job ${hint}`, job);
  requireId(job);
  for (const [part, kind] of Object.entries(NEEDED)) {
    const given: unknown = job[part as keyof typeof NEEDED];
    if (typeof given !== kind || Number.isNaN(given)) throw new ConfigError(`job.${part}`, `must be a ${kind}, ${hint}`, given);
  }
}

function requireId(job: BullJob): string {
  if (typeof job.id !== 'string' || job.id === '') {
    throw new ConfigError('job.id', 'must be there: a job without an ID has no state to come back to', job.id);
  }
  return job.id;
}

/** What an attempt must know about the runtime. */
export type AttemptFacts = Pick<AttemptOptions, 'attempt' | 'first' | 'createdAt'> & Record<'jobId' | 'callbackToken', string>;

/**
 * The facts of the attempt that was handed this job. Failures and stalls count as attempts; being delayed, released or handed
 * back does not. An attempt is the first if, by BullMQ's counters, no worker ever had the job.
 */
export function attemptFacts(job: BullJob): AttemptFacts {
  const { attemptsMade, attemptsStarted, stalledCounter = 0 } = detailsOf(job);
  return {
    attempt: attemptsMade + stalledCounter + 1,
    first: attemptsStarted === 1 && attemptsMade === 0 && stalledCounter === 0 && !failedBefore(job),
    createdAt: new Date(job.timestamp),
    jobId: runName(job),
    callbackToken: callbackToken(job),
  };
}

/** A manual retry may reset every counter, but keeps the stack traces. */
function failedBefore(job: BullJob): boolean {
  const { stacktrace } = detailsOf(job);
  if (typeof stacktrace === 'string') return !['', '[]', 'null'].includes(stacktrace);
  return (stacktrace?.length ?? 0) > 0;
}

/** Text that leads a webhook back to the job. */
function callbackToken(job: BullJob): string {
  return Buffer.from(JSON.stringify([requireId(job), job.timestamp])).toString('base64url');
}

/**
 * The job that a callback token leads to.
 *
 * @throws {@link ConfigError} for an invalid callback token.
 */
export function parseCallbackToken(token: unknown): { id: string; timestamp: number } {
  try {
    const [id, timestamp] = JSON.parse(Buffer.from(String(token), 'base64url').toString()) as unknown[];
    if (typeof id === 'string' && typeof timestamp === 'number') return { id, timestamp };
  } catch {
    // The token is not JSON, or not an array.
  }
  throw new ConfigError('callbackToken', 'must be one that submit() was given');
}
