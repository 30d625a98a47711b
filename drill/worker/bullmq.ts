import type { ConnectionOptions, Queue, Worker } from 'bullmq';
import { cancelJob, resumableProcessor } from '../../adapters/bullmq/index.ts';
import type { ExternalId, ExternalJob } from '../../src/job/external-job.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { CANCEL_REASON } from '../harness/messages.ts';
import type { Working } from './serve.ts';

/** A BullMQ worker of the harness. */

/** A dead worker is noticed within seconds instead of BullMQ's thirty, and stalls are without end. */
const QUICK = { stalledInterval: 500, maxStalledCount: 20 };

/** Where it works. */
export interface BullmqPlace {
  connection: ConnectionOptions;
  /** All keys of its queues begin so. */
  prefix?: string;
}

/** So often a worker looks whether somebody cancels a job, in milliseconds. */
const HEARTBEAT = 500;

/** What it works with. */
export interface WorkOptions<Input, Id extends ExternalId, Result> {
  job: ExternalJob<Input, Id, Result>;
  store: StateStore;
  /** Whether it releases what waits. */
  releases?: boolean | undefined;
  /** So long after its last sign of life a worker is taken for dead, in milliseconds. */
  lockDuration: number;
}

/** Works at a queue until it is closed. */
export function workAt<Input, Id extends ExternalId, Result>(
  bullmq: { Worker: typeof Worker },
  { connection, prefix, queue }: BullmqPlace & { queue: string },
  { job, store, releases = false, lockDuration }: WorkOptions<Input, Id, Result>,
): Working {
  const options = { heartbeat: HEARTBEAT, ...(releases && { wait: { mode: 'release', holdFor: 0 } as const }) };
  const processor = resumableProcessor(store, job, options);
  const worker = new bullmq.Worker<Input, Result>(queue, processor, {
    connection,
    ...(prefix && { prefix }),
    ...QUICK,
    lockDuration,
  });
  worker.on('error', () => {});
  return { close: () => worker.close() };
}

/** Cancels a job of a queue. */
export async function cancelAt(
  bullmq: { Queue: typeof Queue },
  { connection, prefix, queue: name }: BullmqPlace & { queue: string },
  { id, store }: { id: string; store: StateStore },
): Promise<void> {
  const queue = new bullmq.Queue(name, { connection, ...(prefix && { prefix }) });
  queue.on('error', () => {});
  await cancelJob(queue, id, { store, reason: CANCEL_REASON });
  await queue.close();
}
