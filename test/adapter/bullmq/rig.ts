import { randomUUID } from 'node:crypto';
import * as bullmq6 from 'bullmq';
import type { Job, JobsOptions, Queue, Worker, WorkerOptions } from 'bullmq';
import * as bullmq5 from 'bullmq-5';
import { Redis as Redis6 } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import type { BullJob, ResumableProcessor } from '../../../adapters/bullmq/index.ts';
import { createStateStore, type StateStore } from '../../../src/index.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { until } from '../../support/until.ts';

/** One queue, its workers and a state store, on a real Redis, with a choice of versions. */

/** A pair of versions. */
export interface Versions {
  bullmq: '5' | '6';
  ioredis: '5' | '6';
}

/** Every pair that is supported. */
export const EVERY_PAIR: Versions[] = [
  { bullmq: '6', ioredis: '6' },
  { bullmq: '6', ioredis: '5' },
  { bullmq: '5', ioredis: '6' },
  { bullmq: '5', ioredis: '5' },
];

/** One pair for each major of BullMQ. */
export const BOTH_MAJORS: Versions[] = [
  { bullmq: '6', ioredis: '6' },
  { bullmq: '5', ioredis: '5' },
];

/** The same once more for each round: `MOORING_TEST_REPEAT=100` shows what a single run may hide. */
export function rounds(versions: readonly Versions[]): (Versions & { round: number })[] {
  const repeat = Number(process.env['MOORING_TEST_REPEAT'] ?? 1);
  return versions.flatMap((each) => Array.from({ length: repeat }, (_, round) => ({ ...each, round })));
}

/** Short times, so that a stall is noticed within a second. */
const HASTE = { lockDuration: 1_000, stalledInterval: 300, drainDelay: 1 };

/** A rig. */
export interface Rig {
  readonly queue: Queue;
  readonly store: StateStore;
  readonly redis: Redis6;
  /** Texts of what workers emitted as `error`. */
  readonly errors: string[];
  /** Starts a worker. */
  work(processor: unknown, options?: Partial<WorkerOptions>): Worker;
  add(data: object, options?: JobsOptions): Promise<Job>;
  /** The job as Redis has it now. */
  read(job: Job): Promise<Job & { state: string }>;
  /** Waits until the job is in a state; fails where it ends in another. */
  reaches(job: Job, state: string): Promise<Job & { state: string }>;
  logs(job: Job): Promise<string[]>;
  /** Takes the lock of a job away, as a long pause of its worker would. */
  dropLock(job: Job): Promise<void>;
  /** Keys of the state store. */
  stateKeys(): Promise<string[]>;
  close(): Promise<void>;
}

/** Makes a rig on a Redis. */
export function createRig(port: number, versions: Versions): Rig {
  const bullmq = (versions.bullmq === '6' ? bullmq6 : bullmq5) as typeof bullmq6;
  const client = versions.ioredis === '6' ? Redis6 : (Redis5 as unknown as typeof Redis6);
  const redis = new client(port, '127.0.0.1', { maxRetriesPerRequest: null });
  const name = `q-${randomUUID().slice(0, 8)}`;
  const queue = new bullmq.Queue(name, { connection: redis });
  const store = createStateStore({ metastore: redisMetastore({ client: redis }), namespace: name });
  const workers: Worker[] = [];
  const errors: string[] = [];
  const rig: Rig = {
    queue,
    store,
    redis,
    errors,
    work(processor, options = {}) {
      const worker = new bullmq.Worker(name, processor as ResumableProcessor<Job, unknown>, {
        connection: redis,
        ...HASTE,
        ...options,
      });
      worker.on('error', (error) => errors.push(error.message));
      workers.push(worker);
      return worker;
    },
    add: (data, options) => queue.add('task', data, options),
    async read(job) {
      // The state first: what is read after it is at least as new.
      const state = await job.getState();
      return Object.assign((await queue.getJob(job.id as string)) as Job, { state });
    },
    async reaches(job, state) {
      let found = await rig.read(job);
      await until(async () => {
        found = await rig.read(job);
        const over = found.state === 'failed' || found.state === 'completed';
        if (over && found.state !== state) throw new Error(`the job is ${found.state}: ${found.failedReason}`);
        return found.state === state;
      });
      return found;
    },
    // Lines that came close together are one row.
    logs: async (job) => (await queue.getJobLogs(job.id as string)).logs.flatMap((row) => row.split('\n')),
    dropLock: async (job) => void (await redis.del(`${job.queueQualifiedName}:${job.id}:lock`)),
    stateKeys: () => redis.keys(`mooring:{${name}*`),
    async close() {
      await Promise.all(workers.map((worker) => worker.close(true)));
      await store.close();
      await queue.close();
      redis.disconnect();
    },
  };
  return rig;
}

/** A job of the rig, as the adapter types it. */
export type TestJob = BullJob<{ name: string }>;
