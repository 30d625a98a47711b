import { concurrently } from '../../src/async/concurrency.ts';
import { scopePath } from '../../src/format/path.ts';
import { keysOf } from '../../src/format/redis-keys.ts';
import { beginAttempt, type Attempt } from '../../src/adapter-kit.ts';
import {
  externalJob,
  jobRecords,
  type ExternalJob,
  type JobRecord,
  type JobStatus,
  type StateStore,
  type TaskScope,
} from '../../src/index.ts';
import { withCoreParts } from '../../src/job/protocol/crash-point.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { until } from './until.ts';
import { killableWorld } from '../../src/testing/killed-world.ts';

/** Jobs of all kinds that the board shows, each made by real attempts on a real store. */

/** A secret that is stored as a value: nothing may show it that did not ask for it. */
export const STORED_SECRET = 'hunter2-of-the-customer';

interface Made {
  readonly scope: TaskScope;
  readonly job: ExternalJob<string, string, unknown>;
}

/** The ways in which a job can be made. */
export interface BoardJobs {
  /** A job of BullMQ that runs; its attempt was released and waits for the next poll. */
  running(queue: string, id: number, progress?: number | { done: number; total: number }): Promise<Made>;
  /** An attempt was killed while the job ran, and the next one has reconnected. */
  killed(queue: string, id: number): Promise<Made>;
  /** An activity of Temporal whose job runs. */
  activity(workflowId: string): Promise<Made>;
  /** Nobody knows whether it was submitted. */
  ambiguous(queue: string, id: number): Promise<Made>;
  /** Its attempt died before the submit was answered, and the deadline is over. */
  overdue(queue: string, id: number): Promise<Made>;
  failed(queue: string, id: number, reason: string): Promise<Made>;
  orphan(queue: string, id: number): Promise<Made>;
  /** Runs the next attempt of a job: it ends when it was released, or when it knows how the job ended. */
  again(made: Made): Promise<unknown>;
}

/** Whether a submit cannot be on its way any more. */
function isOver(record: JobRecord | undefined): boolean {
  return record?.state === 'submitting' && record.deadline.getTime() < Date.now();
}

/** Makes jobs on a store. */
export function boardJobs(store: StateStore): BoardJobs {
  const attempts = new Map<string, number>();
  const created = Date.now();
  const bullmq = (queue: string, id: number): TaskScope => ({ flow: `bull:${queue}`, run: `${id}@${created}`, task: 'encode' });

  const begin = async (scope: TaskScope, on: StateStore = store): Promise<Attempt> => {
    const key = JSON.stringify(scope);
    const attempt = (attempts.get(key) ?? 0) + 1;
    attempts.set(key, attempt);
    return beginAttempt(on, {
      scope,
      attempt,
      first: attempt === 1,
      createdAt: new Date(created),
      jobId: scope.run,
      fence: { kind: 'ordered', order: [1, attempt] },
      release: () => Promise.reject(new Error('released')),
      wait: { mode: 'release', holdFor: 0 },
    });
  };
  /** Runs one attempt; how it ends is seen in its record. */
  const run = async ({ scope, job }: Made): Promise<unknown> => {
    const attempt = await begin(scope);
    try {
      return await attempt.context.run(job, 'clip').catch((error: unknown) => error);
    } finally {
      await attempt[Symbol.asyncDispose]();
    }
  };
  const made = async (scope: TaskScope, job: Made['job']): Promise<Made> => {
    await run({ scope, job });
    return { scope, job };
  };
  const jobOf = (id: string, status: JobStatus, submit = async (): Promise<string> => id): Made['job'] =>
    externalJob({
      name: 'transcode',
      submit,
      getStatus: async () => status,
      describe: (id: string) => ({
        title: `clip-${id}.mp4`,
        url: `https://farm.example.com/jobs/${id}`,
        costPerHour: { amount: 1.2, currency: 'EUR' },
      }),
      submitTimeout: 100,
      findLag: 0,
    });

  return {
    async running(queue, id, progress = 40) {
      const scope = bullmq(queue, id);
      return made(scope, { ...jobOf(`t-${id}`, { state: 'active', progress }), submitTimeout: '1m' });
    },
    async killed(queue, id) {
      const scope = bullmq(queue, id);
      const job: Made['job'] = {
        ...jobOf(`t-${id}`, { state: 'active', progress: { done: 310, total: 900 } }),
        submitTimeout: '1m',
      };
      const world = killableWorld(internalsOf(store), 'G9');
      const attempt = await begin(scope, withCoreParts(store, world.parts));
      await Promise.race([world.killed, attempt.context.run(job, 'clip')]).catch((error: unknown) => error);
      await store.task(scope).set('cursor', { page: 7 });
      await store.task(scope).set('password', STORED_SECRET);
      return made(scope, job);
    },
    async activity(workflowId) {
      const scope = { flow: 'default/orderWorkflow', run: `${workflowId}/0198-run`, task: `shipParcel/1/${created}` };
      const { describe: _, ...job } = jobOf(`parcel-${workflowId}`, { state: 'active' });
      return made(scope, { ...job, name: 'shipment', submitTimeout: '1m' });
    },
    async ambiguous(queue, id) {
      const scope = bullmq(queue, id);
      const job = jobOf(`t-${id}`, { state: 'active' }, () => Promise.reject(new Error('socket hang up')));
      const one = await made(scope, job);
      // Until the deadline of the submit is over, an attempt only waits.
      while ((await jobRecords(store).get(scope))?.state !== 'ambiguous') await run(one);
      return one;
    },
    async overdue(queue, id) {
      const scope = bullmq(queue, id);
      const job = jobOf(`t-${id}`, { state: 'active' });
      const world = killableWorld(internalsOf(store), 'G5');
      const attempt = await begin(scope, withCoreParts(store, world.parts));
      await Promise.race([world.killed, attempt.context.run(job, 'clip')]).catch((error: unknown) => error);
      await until(async () => isOver(await jobRecords(store).get(scope)));
      return { scope, job };
    },
    async failed(queue, id, reason) {
      return made(bullmq(queue, id), { ...jobOf(`t-${id}`, { state: 'failed', reason }), submitTimeout: '1m' });
    },
    async orphan(queue, id) {
      const one = await made(bullmq(queue, id), { ...jobOf(`t-${id}`, { state: 'active' }), submitTimeout: '1m' });
      await store.task(one.scope).clear();
      return one;
    },
    again: run,
  };
}

/** Thirty days of savings, the last one today. */
export async function saveDays(store: StateStore): Promise<void> {
  const { metastore } = internalsOf(store);
  for (let ago = 29; ago >= 0; ago -= 1) {
    const day = new Date(Date.now() - ago * 86_400_000).toISOString().slice(0, 10);
    const reconnects = Math.round(4 + 3 * Math.sin(ago / 2.3) + (ago % 7 === 2 ? 6 : 0));
    for (let at = 0; at < reconnects; at += 1) {
      const time = (0.4 + ((at * 7 + ago) % 5) * 0.7) * 3_600_000;
      await metastore.savings.add(day, { time, cost: { amount: (time / 3_600_000) * 2.4, currency: 'EUR' } }, {});
    }
  }
}

/** Jobs that run, as many as wanted: one that is real, and copies of what Redis holds of it. */
export async function copyMany(store: StateStore, client: CopyingClient, count: number): Promise<void> {
  const { scope } = await boardJobs(store).running('bulk', 1);
  const { metastore, namespace } = internalsOf(store);
  const keyOf = (path: string): string => keysOf(namespace).scope(path).key;
  const first = scopePath(scope);
  const text = await client.dumpBuffer(keyOf(first));
  const rest = Array.from({ length: count - 1 }, (_none, at) =>
    scopePath({ ...scope, run: scope.run.replace(/^1@/, `${at + 2}@`) }),
  );
  await Promise.all(rest.map((path) => client.restore(keyOf(path), 0, text as Buffer)));
  await concurrently(rest, (path) => metastore.jobs.index({ path }, [], {}), 200);
}

/** The part of a client of Redis that copies. */
interface CopyingClient {
  dumpBuffer(key: string): Promise<Buffer | null>;
  restore(key: string, ttl: number, text: Buffer): Promise<unknown>;
}
