import { activityOf, partsOf } from '../address/name.ts';
import { readQueue, type Address } from '../address/address.ts';
import type { Flags } from '../flags.ts';
import { queueJobOf } from '../../format/queue-job.ts';
import type { TaskScope } from '../../index.ts';

/** Where the runtime has the job of a scope. */

/** A job of a queue. */
export interface QueuePlace {
  readonly runtime: 'bullmq';
  readonly prefix: string;
  readonly queue: string;
  readonly id: string;
  /** When it was added, in milliseconds; `undefined`: whichever has the ID now. */
  readonly createdAt: number | undefined;
  /** The scope of its state, if that is one of the user's own. */
  readonly scope?: TaskScope;
}

/** An activity of a workflow. */
export interface ActivityPlace {
  readonly runtime: 'temporal';
  readonly namespace: string | undefined;
  readonly workflow: string;
  readonly run: string;
  readonly activity: string;
  /** Whether the scope is of this activity alone, so that no other one reads it. */
  readonly alone: boolean;
}

/** Where a job is. `undefined`: the scope is one of the user's own, and does not say. */
export type RuntimePlace = QueuePlace | ActivityPlace | undefined;

/** The flag that names the queue of a job. */
export const QUEUE_FLAG: Flags = { queue: { value: 'NAME', holds: 'the queue of the job, if its scope is one of your own' } };

/** What is known of a job in addition to its scope. */
interface KnownJob {
  /** The runtime's job that opened the submission, if a record tells. */
  readonly job: string | undefined;
  /** Its queue, if a person named it. */
  readonly queue?: string | undefined;
}

/** Where the job of a scope is. */
export function placeOf(scope: TaskScope, { job, queue }: KnownJob): RuntimePlace {
  const { flow, run, task } = scope;
  const named =
    queue === undefined || job === undefined ? undefined : placeOfQueue({ flow: readQueue(queue, undefined), id: job });
  if (named?.createdAt !== undefined) return { ...named, scope: { flow, run, task } };
  const found = queueJobOf({ flow, run, task });
  if (found) return { runtime: 'bullmq', ...found };
  const own = activityOf({ flow, run, task });
  if (own) return { runtime: 'temporal', ...own, alone: true };
  const [workflow, workflowRun, activity, since, ...more] = job === undefined ? [] : partsOf(job);
  const whole = since !== undefined && /^\d+$/.test(since) && more.length === 0;
  if (!whole || workflow === undefined || workflowRun === undefined || activity === undefined) return undefined;
  return { runtime: 'temporal', namespace: partsOf(flow)[0], workflow, run: workflowRun, activity, alone: false };
}

/** Where the job of an address by queue is. */
export function placeOfQueue({ flow, id }: Pick<Extract<Address, { kind: 'queue' }>, 'flow' | 'id'>): QueuePlace {
  const [, prefix = 'bull', queue = flow] = /^(.+):([^:]+)$/s.exec(flow) ?? [];
  const [, name = id, createdAt] = /^(.+)@(\d{10,})$/s.exec(id) ?? [];
  return { runtime: 'bullmq', prefix, queue, id: name, createdAt: createdAt === undefined ? undefined : Number(createdAt) };
}
