import { randomUUID } from 'node:crypto';
import { Queue, Worker, type Processor, type WorkerOptions } from 'bullmq';
import type { BenchRedis } from './redis.ts';

/** A queue of BullMQ with one worker. */
export interface BenchQueue {
  readonly worker: Worker;
  /** Adds so many jobs in one command. */
  add(count: number): Promise<void>;
  /** Resolves when so many more jobs have completed; rejects when one fails. */
  completed(count: number): Promise<void>;
  close(): Promise<void>;
}

/** Makes a queue and a worker that is not running yet, on a connection of their own. */
export async function openQueue(
  redis: BenchRedis,
  processor: Processor,
  options: Partial<WorkerOptions> = {},
): Promise<BenchQueue> {
  const name = `bench-${randomUUID()}`;
  const connection = redis.connect();
  const queue = new Queue(name, { connection });
  const worker = new Worker(name, processor, { connection, autorun: false, skipStalledCheck: true, drainDelay: 1, ...options });
  await worker.waitUntilReady();
  return {
    worker,
    async add(count) {
      const opts = { removeOnComplete: true };
      await queue.addBulk(Array.from({ length: count }, (_none, n) => ({ name: 'encode', data: { n }, opts })));
    },
    async completed(count) {
      let left = count;
      let [more, fail]: [() => void, (job: unknown, error: Error) => void] = [() => undefined, () => undefined];
      const all = new Promise<void>((resolve, reject) => {
        more = () => void ((left -= 1) === 0 && resolve());
        fail = (_job, error) => reject(error);
      });
      worker.on('completed', more).on('failed', fail);
      await all.finally(() => worker.off('completed', more).off('failed', fail));
    },
    async close() {
      await worker.close();
      await queue.obliterate({ force: true });
      await queue.close();
      connection.disconnect();
    },
  };
}
