/** A worker of the demo: the processor as one writes it with Mooring. Everything around it is for the timeline. */
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { batchClient } from '../batch-service/client.ts';
import { hangOnParent } from '../children.ts';
import { dieAt } from '../kill.ts';
import { digestCommand, type Digest, type DigestInput, type WorkerMessage, type WorkerSetting } from './messages.ts';
import { QUICK } from './worker-options.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as WorkerSetting;
const tell = hangOnParent<WorkerMessage>();
const batch = batchClient(setting.batchUrl, 'keyed');
const connection = new Redis(setting.redisPort, '127.0.0.1', { maxRetriesPerRequest: null });

let known: string | undefined;

const store = createStateStore({
  metastore: redisMetastore({ client: connection }),
  onEvent: (event) => event.type === 'decision' && tell({ type: 'decision', decision: event.decision }),
});

const digest = externalJob({
  submit: (input: DigestInput, { idempotencyKey, signal }) =>
    batch.submit({ name: input.name, command: digestCommand(input), token: idempotencyKey }, signal),
  idempotentFor: '1h',
  async getStatus(id, { signal }) {
    if (id !== known) tell({ type: 'polls', id: (known = id) });
    const job = await batch.status(id, signal);
    if (job === undefined) return { state: 'missing' };
    switch (job.state) {
      case 'queued':
      case 'running':
        return { state: 'active', progress: job.progress };
      case 'succeeded':
        return { state: 'succeeded' };
      default:
        return { state: 'failed', reason: job.reason ?? job.state };
    }
  },
  getResult: async (id, { signal }) => JSON.parse(await batch.output(id, signal)) as Digest,
  pollInterval: { from: '100ms', to: '500ms' },
});

const mortal = await dieAt(store, setting.killAt);
const worker = new Worker<DigestInput, Digest>(setting.queue, resumableProcessor(mortal, digest), { ...QUICK, connection });

worker.on('active', (job: Job) => tell({ type: 'took', attempt: job.attemptsStarted }));
worker.on('completed', () => tell({ type: 'completed' }));
worker.on('error', () => {});
await worker.waitUntilReady();
tell({ type: 'ready' });
await worker.run();
