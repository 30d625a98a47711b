import type { ConnectionOptions, Job, Queue } from 'bullmq';
import { CANCEL_REASON } from './messages.ts';
import type { CellRuntime, JobEnd, StartedJob } from './runtime.ts';

/** BullMQ, for the harness. */

/** So much older than its first job a namespace has to be, for a scope without a fence not to look like lost state. */
const AGE = 120_000;
const LOOK_EVERY = 50;
const BACKOFF = 100;

/** BullMQ at a connection. All keys of its queues begin with `prefix`. */
export function bullmqRuntime(
  createQueue: (name: string, options: { connection: ConnectionOptions; prefix?: string }) => Queue,
  at: { connection: ConnectionOptions; prefix?: string },
): CellRuntime {
  return {
    completesBeforeG12: true,
    async start(name, input, { old, attempts }) {
      const queue = createQueue(name, at);
      queue.on('error', () => {});
      const dated = old ? { timestamp: Date.now() + AGE } : {};
      const job = await queue.add('drill', input, { ...dated, attempts, backoff: BACKOFF });
      return startedJob(queue, job.id as string);
    },
  };
}

function startedJob(queue: Queue, id: string): StartedJob {
  return {
    async end(within, signal) {
      const deadline = Date.now() + within;
      while (Date.now() < deadline && !signal?.aborted) {
        const now = await queue.getJob(id);
        if (now?.finishedOn !== undefined) return endOf(now);
        await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
      }
      return undefined;
    },
    async cancel(take) {
      const worker = await take();
      const done = new Promise<void>((resolve) => worker.onMessage((message) => message.type === 'cancelled' && resolve()));
      worker.tell({ type: 'cancel', queue: queue.name, id });
      await Promise.race([done, worker.ended]);
    },
    close: () => queue.close(),
  };
}

/** BullMQ keeps the text of an error alone, also of an attempt that another one came after. */
async function endOf(job: Job): Promise<JobEnd> {
  const completed = (await job.getState()) === 'completed';
  const reason = completed ? '' : ((job.failedReason as string | undefined) ?? '');
  return {
    completed,
    result: job.returnvalue,
    ambiguous: reason.includes('may or may not have reached'),
    cancelled: reason.includes(CANCEL_REASON),
    reason,
    attempts: job.attemptsMade,
  };
}
