/** The other team's worker, for the drill of BullMQ: counts in Redis how often a report was made. REPORTS_REDIS_URL. */
import { Worker } from 'bullmq';
import { Redis } from 'ioredis';

const url = process.env['REPORTS_REDIS_URL'] ?? 'redis://127.0.0.1:6379';
const redis = new Redis(url, { maxRetriesPerRequest: null });

new Worker<{ customer: string }, string>(
  'reports',
  async ({ data: { customer } }) => {
    await redis.incr(`ran:${customer}`);
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    return `report of ${customer}`;
  },
  { connection: redis, concurrency: 10 },
);
