/** BullMQ, for the crash harness. */
import { Queue } from 'bullmq';
import type { EchoInput } from './messages.ts';
import type { CrashRuntime, Ended } from './runtime.ts';

/** So much older than its first job a namespace has to be, for a scope without a fence not to look like lost state. */
const AGE = 120_000;
const LOOK_EVERY = 50;
const BACKOFF = 100;

/** BullMQ with the Redis at this port. */
export function bullmqRuntime(redisPort: number): CrashRuntime {
  return {
    name: 'bullmq',
    worker: new URL('worker.ts', import.meta.url),
    setting: {},
    completesBeforeG12: true,
    // Its jobs are dated by the process that adds them.
    aged: () => Promise.resolve(),
    async start(name, input, { old, attempts = 1 }) {
      const queue = new Queue<EchoInput, string>(name, { connection: { host: '127.0.0.1', port: redisPort } });
      queue.on('error', () => {});
      const dated = old ? { timestamp: Date.now() + AGE } : {};
      const job = await queue.add('echo', input, { ...dated, attempts, backoff: BACKOFF });
      const id = job.id as string;
      return {
        async end(within): Promise<Ended | undefined> {
          const deadline = Date.now() + within;
          while (Date.now() < deadline) {
            const now = await queue.getJob(id);
            if (now?.finishedOn !== undefined) {
              const { returnvalue: result, attemptsMade } = now;
              const reason = (now.failedReason as string | undefined) ?? '';
              // BullMQ keeps the text of an error alone.
              const [ambiguous, cancelled] = ['may or may not have reached', 'nobody wants'].map((text) => reason.includes(text));
              return { result, ambiguous: ambiguous === true, cancelled: cancelled === true, reason, attempts: attemptsMade };
            }
            await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
          }
          return undefined;
        },
        async cancel(take) {
          const worker = await take();
          const done = new Promise<void>((resolve) => worker.onMessage((message) => message.type === 'cancelled' && resolve()));
          worker.tell({ type: 'cancel', queue: name, id });
          await done;
        },
        close: () => queue.close(),
      };
    },
  };
}
