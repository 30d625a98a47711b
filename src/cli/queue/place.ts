import { activityOf, partsOf, queueJobOf } from '../address/name.ts';
import type { Address } from '../address/address.ts';
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

/**
 * Where the job of a scope is.
 *
 * @param job - The runtime's job that opened the submission, if a record tells.
 */
export function placeOf(scope: TaskScope, job?: string): RuntimePlace {
  const { flow, run, task } = scope;
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
export function placeOfQueue({ flow, id }: Extract<Address, { kind: 'queue' }>): QueuePlace {
  const [, prefix = 'bull', queue = flow] = /^(.+):([^:]+)$/s.exec(flow) ?? [];
  const [, name = id, createdAt] = /^(.+)@(\d{10,})$/s.exec(id) ?? [];
  return { runtime: 'bullmq', prefix, queue, id: name, createdAt: createdAt === undefined ? undefined : Number(createdAt) };
}
