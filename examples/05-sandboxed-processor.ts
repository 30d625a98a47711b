/** The processor of `05-sandboxed.ts`: the default export of a file. */
import type { SandboxedJob } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob } from 'mooring';
import { withState } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { farm, type Video } from './external-system.ts';

// BullMQ leaves a child whose worker was killed alone: it ends by itself.
process.on('disconnect', () => process.exit());

const client = new Redis(process.env['REDIS_URL'] ?? 'redis://127.0.0.1:6379');
const store = createStateStore({ metastore: redisMetastore({ client }) });

const transcode = externalJob({
  submit: (video: Video, { idempotencyKey }) => farm.submit(video, { token: idempotencyKey }),
  idempotentFor: '24h',
  getStatus: (id) => farm.status(id),
  getResult: (id) => farm.output(id),
  pollInterval: '200ms',
});

export default withState(store, (job: SandboxedJob<Video>, ctx) => ctx.run(transcode, job.data));
