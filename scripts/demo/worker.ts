/** A BullMQ worker of the demo: the processor as one writes it with Mooring. Everything around it is for the timeline. */
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { hangOnParent } from '../../drill/harness/processes.ts';
import { dieAt } from '../kill.ts';
import { digestJob } from './digest-job.ts';
import type { Digest, DigestInput, WorkerMessage, WorkerSetting } from './messages.ts';
import { QUICK } from './worker-options.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as WorkerSetting;
const tell = hangOnParent<WorkerMessage>();
const connection = new Redis(setting.redisPort, '127.0.0.1', { maxRetriesPerRequest: null });

const store = createStateStore({
  metastore: redisMetastore({ client: connection }),
  onEvent: (event) => event.type === 'decision' && tell({ type: 'decision', decision: event.decision }),
});

const mortal = await dieAt(store, setting.killAt);
const processor = resumableProcessor(mortal, digestJob(setting.batchUrl, tell));
const worker = new Worker<DigestInput, Digest>(setting.queue, processor, { ...QUICK, connection });

worker.on('active', (job: Job) => tell({ type: 'took', attempt: job.attemptsStarted }));
worker.on('completed', () => tell({ type: 'completed' }));
worker.on('error', () => {});
await worker.waitUntilReady();
tell({ type: 'ready' });
await worker.run();
