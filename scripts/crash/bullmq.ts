/** BullMQ, for the crash harness. */
import { Queue } from 'bullmq';
import type { EchoInput } from './messages.ts';
import type { CrashRuntime, Ended } from './runtime.ts';

/** So much older than its first job a namespace has to be, for a scope without a fence not to look like lost state. */
const AGE = 120_000;
const LOOK_EVERY = 50;

/** BullMQ with the Redis at this port. */
export function bullmqRuntime(redisPort: number): CrashRuntime {
  return {
    name: 'bullmq',
    worker: new URL('worker.ts', import.meta.url),
    setting: {},
    completesBeforeG12: true,
    // Its jobs are dated by whoever adds them.
    aged: () => Promise.resolve(),
    async start(name, input, { old }) {
      const queue = new Queue<EchoInput, string>(name, { connection: { host: '127.0.0.1', port: redisPort } });
      queue.on('error', () => {});
      const job = await queue.add('echo', input, old ? { timestamp: Date.now() + AGE } : {});
      return {
        async end(within): Promise<Ended | undefined> {
          const deadline = Date.now() + within;
          while (Date.now() < deadline) {
            const now = await queue.getJob(job.id as string);
            if (now?.finishedOn !== undefined) {
              return { result: now.returnvalue, ambiguous: isAmbiguous(now.failedReason) };
            }
            await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY));
          }
          return undefined;
        },
        close: () => queue.close(),
      };
    },
  };
}

/** BullMQ keeps the text of an error alone. */
function isAmbiguous(reason: string | undefined): boolean {
  return reason?.includes('may or may not have reached the far side') ?? false;
}
