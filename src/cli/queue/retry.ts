import { messageOf } from '../../model/reason.ts';
import type { StoreWork } from '../command.ts';
import { RefusedError } from '../commands/refused.ts';
import type { ActivityPlace, RuntimePlace, QueuePlace } from './place.ts';
import { REMAINS, type RuntimeJob, type RuntimeQueue } from './queue.ts';

/** Lets a job run again: a failed one is retried, a delayed one promoted. */

/** What became of it. */
export interface Retried {
  readonly outcome: 'retried' | 'promoted' | 'not-needed' | 'completed' | 'gone' | 'failed' | 'by-hand';
  /** Whether an attempt reads the record from here on. */
  readonly isOver: boolean;
  readonly line: string;
}

type Tools = Pick<StoreWork, 'withQueue' | 'signal'>;

/** Retries the job. @throws what the search for the job and the retry reject with. */
export async function retryJob(place: RuntimePlace, { withQueue, signal }: Tools): Promise<Retried> {
  return place?.runtime === 'bullmq' ? withQueue(place, (queue) => retryAt(queue, place, signal)) : byHand(place);
}

/**
 * Does something that the next attempt reads, then retries the job. What a retry needs is looked for first, so that nothing is
 * done if it is missing.
 *
 * @throws {@link RefusedError} if there is no such job, and what `first` and the search for the job reject with. A retry that
 * fails is told in the outcome.
 */
export async function withRetry<T>(
  place: RuntimePlace,
  { withQueue, signal }: Tools,
  first: () => Promise<T>,
): Promise<{ done: T; retried: Retried }> {
  if (place?.runtime !== 'bullmq') return { done: await first(), retried: byHand(place) };
  return withQueue(place, async (queue) => {
    requireJob(await jobAt(queue, place, signal), place);
    const done = await first();
    const retried = await retryAt(queue, place, signal).catch((error: unknown): Retried => {
      signal.throwIfAborted();
      return { outcome: 'failed', isOver: false, line: `${jobInWords(place)} could not be retried: ${messageOf(error)}` };
    });
    return { done, retried };
  });
}

/** @throws {@link RefusedError} if no attempt can come. */
function requireJob(job: RuntimeJob | undefined, place: QueuePlace): void {
  const gone = goneInWords(job, place);
  if (gone !== undefined) throw new RefusedError(`${gone}, and nothing was written. Without --retry the answer is written alone`);
}

/** Why no attempt can come; `undefined` if the job is there. */
function goneInWords(job: RuntimeJob | undefined, place: QueuePlace): string | undefined {
  if (job === undefined || job.state === 'unknown') return `there is no ${jobInWords(place)} any more: no attempt takes this up`;
  return job.state === REMAINS ? `${remainsInWords(place)}: no attempt takes this up` : undefined;
}

/** A job of a queue in words. */
export function jobInWords({ queue, id }: QueuePlace): string {
  return `job ${id} of ${queue}`;
}

/** What is left of a job that was removed while a worker wrote to it. */
export function remainsInWords({ queue, id }: QueuePlace): string {
  return `the queue ${queue} has only the remains of job ${id}`;
}

/** The job, or what remains of it, unless another one has its ID now. */
export async function jobAt(queue: RuntimeQueue, place: QueuePlace, signal: AbortSignal): Promise<RuntimeJob | undefined> {
  const job = await queue.job(place.id, { signal });
  return job?.state === REMAINS || place.createdAt === undefined || job?.timestamp === place.createdAt ? job : undefined;
}

async function retryAt(queue: RuntimeQueue, place: QueuePlace, signal: AbortSignal): Promise<Retried> {
  const job = await jobAt(queue, place, signal);
  const named = jobInWords(place);
  if (job?.state === 'failed') {
    await job.retry({ signal });
    return { outcome: 'retried', isOver: true, line: `retried ${named}: a worker takes it up` };
  }
  if (job?.state === 'delayed' && (await job.promote({ signal }))) {
    return { outcome: 'promoted', isOver: true, line: `promoted ${named}, which was delayed: a worker takes it up` };
  }
  const gone = goneInWords(job, place);
  if (job === undefined || gone !== undefined) return { outcome: 'gone', isOver: false, line: gone ?? named };
  if (job.state === 'completed')
    return { outcome: 'completed', isOver: false, line: `${named} has completed, and is not retried` };
  return { outcome: 'not-needed', isOver: true, line: `${named} is ${job.state}: nothing to retry` };
}

function byHand(place: ActivityPlace | undefined): Retried {
  return { outcome: 'by-hand', isOver: false, line: place ? temporalInWords(place) : OWN_SCOPE };
}

const OWN_SCOPE = 'the scope is one of your own, and does not say whose job it is: mooring retry with --queue retries that';

function temporalInWords({ workflow, activity, alone }: ActivityPlace): string {
  const named = `activity ${activity} of workflow ${workflow}`;
  if (alone) {
    return `${named}: Temporal retries it by its own policy. If it has failed for good, no other activity reads this record`;
  }
  return `${named}: the next activity that has this scope reads the record. If the workflow has failed, run or reset it`;
}
