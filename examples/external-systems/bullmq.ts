/**
 * Another team's BullMQ queue: a job there, started once from a job here.
 *
 * - A repeated job ID: no second job while the first one is stored, waiting, running or finished. Keyed, until
 *   `removeOnComplete` or `removeOnFail` removes it. `add` says nothing: it returns a job with *this* call's data.
 * - `getJob` and `getJobState` show it at once, and until it is removed.
 * - Words: waiting, waiting-children, prioritized, delayed, active, completed, failed. `unknown` means: no such job.
 * - Trap: the defaults keep finished jobs for ever, but many queues set `removeOnComplete: true`, which forgets the key at the end.
 * - Trap: a job that is retried over there is `failed` only after its last attempt.
 *
 * Run: BullMQ 6.7.0 with Redis 7.0.15 on 2026-12-01: docs/certificates/bullmq.md.
 */
import { Queue } from 'bullmq';
import { externalJob, jobStatus, submitRequest } from 'mooring';

const reports = new Queue<Report, string>('reports', {
  connection: { url: process.env['REPORTS_REDIS_URL'] ?? 'redis://127.0.0.1:6379', enableOfflineQueue: false },
});

export interface Report {
  customer: string;
}

const KEPT = { age: 7 * 24 * 60 * 60 };

const word = jobStatus({
  active: ['waiting', 'waiting-children', 'prioritized', 'delayed', 'active'],
  succeeded: ['completed'],
  failed: ['failed'],
  missing: ['unknown'],
});

export const reportJob = externalJob({
  name: 'report',
  async submit(report: Report, { idempotencyKey }) {
    const options = { jobId: idempotencyKey, removeOnComplete: KEPT, removeOnFail: KEPT, attempts: 3 };
    await submitRequest(() => reports.add('report', report, options));
    return idempotencyKey;
  },
  idempotentFor: { afterEnd: '7d' },
  find: async (key) => (await reports.getJob(key))?.id,
  findLag: 0,
  findableFor: { afterEnd: '7d' },
  async getStatus(id) {
    const state = await reports.getJobState(id);
    const reason = state === 'failed' ? (await reports.getJob(id))?.failedReason : undefined;
    return word(state, { reason });
  },
  remembersFor: '7d',
  async getResult(id) {
    const job = await reports.getJob(id);
    if (!job) throw new Error('the queue does not know the job any more');
    return job.returnvalue;
  },
  // A job that runs is locked, and `remove` says so: it goes on to its end.
  async cancel(id) {
    if (!(await reports.remove(id)) && (await reports.getJob(id))) throw new Error('a worker has locked the job');
  },
});
