/** The drill of the BullMQ example. REPORTS_REDIS_URL: a Redis at which `scripts/systems/worker-reports.ts` works. */
import { Queue } from 'bullmq';
import { Redis } from 'ioredis';
import { defineDrill } from 'mooring/drill';
import { reportJob } from '../../examples/external-systems/bullmq.ts';

const redis = new Redis(process.env['REPORTS_REDIS_URL'] ?? '', { maxRetriesPerRequest: null });
const reports = new Queue('reports', { connection: redis });

export default defineDrill({
  about: 'a queue of BullMQ 6.7.0, Redis 7.0.15',
  job: reportJob,
  input: ({ name }) => ({ customer: name }),
  // The jobs that the queue has, and the ones that ran: a job that was forgotten and added again would run twice.
  async count({ name }) {
    const jobs = await reports.getJobs();
    const ran = Number(await redis.get(`ran:${name}`));
    return Math.max(jobs.filter(({ data }) => (data as { customer: string }).customer === name).length, ran);
  },
  isResult: (result, { name }) => result === `report of ${name}`,
});
