import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { withState } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { systemJob } from './external-system.mjs';

/** A processor in a file of its own, for a sandbox and for a worker process. What it is to do is in the job's data. */
process.on('disconnect', () => process.exit());
const redis = new Redis(Number(process.env.MOORING_TEST_REDIS_PORT), '127.0.0.1', { maxRetriesPerRequest: null });
const store = createStateStore({ metastore: redisMetastore({ client: redis }) });

export default withState(
  store,
  async (job, ctx) => {
    const { system, release, fails, pollInterval, plain } = job.data;
    const runs = (await ctx.state.get('runs')) ?? 0;
    await ctx.state.set('runs', runs + 1);
    const wait = release ? { mode: 'release', holdFor: 1 } : { mode: 'hold' };
    if (fails) await ctx.submit(systemJob(system), job.data);
    if (fails) throw new Error('given up');
    return ctx.run(systemJob(system, pollInterval, plain), job.data, { wait });
  },
  { onFinalFailure: 'cancel', heartbeat: '200ms' },
);
