import type { CancelOrder, QueueName, RuntimeQueue } from '../../src/cli/queue/queue.ts';

/** A queue of BullMQ for the command, in memory: jobs by their ID, and what was done to them. */

/** A job that a test puts there. */
export interface FakeJob {
  state: string;
  timestamp: number;
  task?: string;
  /** Why it failed. */
  failedReason?: string;
  /** What looking for it rejects with. */
  failing?: Error;
}

/** A queue, and what it was asked for. */
export interface FakeQueue {
  readonly opened: QueueName[];
  readonly done: string[];
  readonly orders: Pick<CancelOrder, 'reason' | 'scope'>[];
  closed: number;
  open(name: QueueName): Promise<RuntimeQueue>;
}

/** Makes it. `failing`: what retrying a job rejects with. */
export function fakeQueue(jobs: Readonly<Record<string, FakeJob>> = {}, failing?: Error): FakeQueue {
  const fake: FakeQueue = {
    opened: [],
    done: [],
    orders: [],
    closed: 0,
    async open(name) {
      fake.opened.push(name);
      return {
        async job(id) {
          const job = jobs[id];
          if (!job) return undefined;
          if (job.failing) throw job.failing;
          return {
            state: job.state,
            timestamp: job.timestamp,
            task: job.task ?? name.queue,
            failedReason: job.failedReason,
            async retry() {
              if (failing) throw failing;
              fake.done.push(`retry ${id}`);
            },
            async promote() {
              fake.done.push(`promote ${id}`);
              return true;
            },
          };
        },
        async cancel(id, { reason, scope }) {
          fake.orders.push({ reason, scope });
          fake.done.push(`cancel ${id}`);
          return !['completed', 'failed'].includes(jobs[id]?.state ?? '');
        },
        close: async () => void (fake.closed += 1),
      };
    },
  };
  return fake;
}
