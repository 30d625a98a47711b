import { ConfigError } from '../../src/index.ts';
import { parseCallbackToken } from './scope.ts';
import type { BullQueue } from './runtime.ts';

/**
 * Polls now, for a webhook that hears from the far side: promotes the job that waits in `release` mode. `callbackToken` is what
 * `submit` was given. Resolves to false where the job was not waiting: it holds its slot, it is over, or it is gone.
 *
 * @throws `ConfigError` for what is no queue, or no callback token; what BullMQ rejects with when its Redis cannot be reached.
 */
export async function wake(queue: BullQueue, callbackToken: string): Promise<boolean> {
  if (typeof (queue as Partial<BullQueue> | null | undefined)?.getJob !== 'function') {
    throw new ConfigError('queue', 'must be a queue of BullMQ', queue);
  }
  const { id, timestamp } = parseCallbackToken(callbackToken);
  const job: { promote(): Promise<void>; timestamp?: number } | undefined = await queue.getJob(id);
  if (!job || (job.timestamp !== undefined && job.timestamp !== timestamp)) return false; // another job has that ID by now
  try {
    await job.promote();
    return true;
  } catch (error) {
    if (isNotDelayed(error)) return false;
    throw error;
  }
}

/** BullMQ's codes for a job that is not there (-1) and one that is not in the delayed set (-3). */
function isNotDelayed(error: unknown): boolean {
  const { code } = error as { code?: unknown };
  return code === -1 || code === -3;
}
