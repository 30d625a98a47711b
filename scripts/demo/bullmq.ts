/** BullMQ, for the demo. */
import { Queue, QueueEvents } from 'bullmq';
import type { Cleanup } from '../interrupt.ts';
import type { Digest, DigestInput } from './messages.ts';
import type { DemoRuntime } from './runtime.ts';

const LONGEST_RUN = 5 * 60_000;

/** BullMQ with the Redis at this port. */
export async function bullmqRuntime(redisPort: number, name: string, cleanup: Cleanup): Promise<DemoRuntime> {
  const connection = { host: '127.0.0.1', port: redisPort };
  const queue = new Queue<DigestInput, Digest>(name, { connection });
  const events = new QueueEvents(name, { connection });
  queue.on('error', () => {});
  events.on('error', () => {});
  cleanup.add(async () => {
    await Promise.all([queue.close(), events.close()]);
  });
  await events.waitUntilReady();
  return {
    name: 'bullmq',
    workers: { mooring: new URL('worker.ts', import.meta.url), byHand: new URL('worker-by-hand.ts', import.meta.url) },
    setting: {},
    async start(input) {
      const job = await queue.add('digest', input);
      return {
        started: `added job ${job.id} to the queue ${name}`,
        result: job.waitUntilFinished(events, LONGEST_RUN).catch(() => undefined),
        attempts: async () => ((await queue.getJob(job.id as string)) ?? job).attemptsStarted,
      };
    },
  };
}
