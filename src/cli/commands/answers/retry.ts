import { ADDRESS_ABOUT, ADDRESS_FLAGS, ADDRESS_OPERANDS, readAddress, type Address } from '../../address/address.ts';
import { recordAt } from '../../address/records.ts';
import type { StoreCommand } from '../../command.ts';
import { EXIT } from '../../outcome.ts';
import { placeOf, QUEUE_FLAG, placeOfQueue, type RuntimePlace } from '../../queue/place.ts';
import { retryJob } from '../../queue/retry.ts';
import type { StateStore } from '../../../index.ts';
import { UNSURE } from '../refused.ts';

/** `mooring retry`: the job runs again in its queue. */
export const retryCommand: StoreCommand = {
  kind: 'store',
  summary: 'let a failed or delayed job of BullMQ run now',
  operands: ADDRESS_OPERANDS,
  flags: { ...ADDRESS_FLAGS, ...QUEUE_FLAG },
  about: [
    'A failed job is retried, a delayed one promoted. Its state is kept, so it goes on where it stopped: with its external job, if',
    'there is one. Needs the package bullmq. MOORING_QUEUE_REDIS says where the queues are, if not in the Redis of the store.',
    ...ADDRESS_ABOUT,
  ],
  examples: [['mooring retry transcode 42', 'job 42 of the queue runs again']],
  interrupted: UNSURE,
  plan(given) {
    const address = readAddress(given);
    const queue = given.text('queue');
    return async (store, work) => {
      const place = await placeAt(store, address, { queue, signal: work.signal });
      const retried = await retryJob(place, work);
      return { code: retried.isOver ? EXIT.ok : EXIT.failed, report: { retried: retried.outcome }, lines: [retried.line] };
    };
  },
};

/** Where the job of an address is. One of a queue needs no record. */
export async function placeAt(
  store: StateStore,
  address: Address,
  { queue, signal }: { queue: string | undefined; signal: AbortSignal },
): Promise<RuntimePlace> {
  if (address.kind === 'queue') return placeOfQueue(address);
  const record = await recordAt(store, address, { signal });
  return placeOf(record.scope, { job: record.job, queue });
}
