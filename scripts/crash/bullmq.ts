/** BullMQ with a Redis of our own, for the crash harness. */
import { Queue } from 'bullmq';
import { bullmqRuntime } from '../../drill/harness/bullmq.ts';
import type { CrashRuntime } from './runtime.ts';

/** BullMQ with the Redis at this port. */
export function bullmqAt(redisPort: number): CrashRuntime {
  return {
    ...bullmqRuntime((name, at) => new Queue(name, at), { connection: { host: '127.0.0.1', port: redisPort } }),
    name: 'bullmq',
    worker: new URL('worker.ts', import.meta.url),
    setting: {},
    // Its jobs are dated by the process that adds them.
    aged: () => Promise.resolve(),
  };
}
