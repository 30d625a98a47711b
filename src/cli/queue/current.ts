import { jobAt } from './retry.ts';
import { placeOfQueue } from './place.ts';
import { REMAINS } from './queue.ts';
import type { Address } from '../address/address.ts';
import type { StoreWork } from '../command.ts';
import type { TaskScope } from '../../index.ts';

/** Which job has an ID now: a queue may give an ID again. */

/**
 * The scope of the job that an address by queue means now. `undefined`: BullMQ is not installed, the queue gives no answer, or it
 * has no such job.
 */
export async function currentScope(
  address: Extract<Address, { kind: 'queue' }>,
  { withQueue, signal }: Pick<StoreWork, 'withQueue' | 'signal'>,
): Promise<TaskScope | undefined> {
  const place = placeOfQueue(address);
  const job = await withQueue(place, (queue) => jobAt(queue, place, signal)).catch(() => {
    signal.throwIfAborted();
    return undefined;
  });
  if (!job || job.state === REMAINS || job.state === 'unknown') return undefined;
  return { flow: address.flow, run: `${place.id}@${job.timestamp}`, task: job.task };
}
