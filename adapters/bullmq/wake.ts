import { rule, type Check } from '../../src/adapter-kit.ts';
import { parseCallbackToken } from './attempt/scope.ts';
import type { BullQueue } from './runtime.ts';

/**
 * Polls now, for a webhook of the external system: promotes the job that waits in `release` mode. `callbackToken` is the one that
 * `submit` was given. Resolves to false if the job was not waiting: it holds its slot, it is over, or it is gone.
 *
 * @throws `ConfigError` for an invalid queue or callback token; what BullMQ rejects with if its Redis cannot be reached.
 */
export async function wake(queue: BullQueue, callbackToken: string): Promise<boolean> {
  requireQueue(queue, 'queue');
  const { id, timestamp } = parseCallbackToken(callbackToken);
  const job: { promote(): Promise<void>; timestamp?: number } | undefined = await queue.getJob(id);
  if (!job || (job.timestamp !== undefined && job.timestamp !== timestamp)) return false; // another job has that ID now
  return promote(job);
}

/** Takes a job out of the delayed set; false if it is not there. */
export async function promote(job: { promote?(): Promise<void> }): Promise<boolean> {
  try {
    await job.promote?.();
    return job.promote !== undefined;
  } catch (error) {
    // BullMQ's codes for a job that does not exist (-1) and one that is not in the delayed set (-3).
    const { code } = error as { code?: unknown };
    if (code === -1 || code === -3) return false;
    throw error;
  }
}

/** Checks a queue. */
export const requireQueue: Check = rule('must be a queue of BullMQ', (queue) => {
  return typeof (queue as Partial<BullQueue> | null | undefined)?.getJob === 'function';
});
