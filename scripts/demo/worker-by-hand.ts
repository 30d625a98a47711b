/**
 * A worker of `npm run demo -- --without`: the processor that people write by hand today. It keeps the ID of the external job
 * in job.data, and looks there first. Between the submit and the save there is a moment in which the ID exists nowhere else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { batchClient } from '../batch-service/client.ts';
import { hangOnParent } from '../../drill/harness/processes.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import { die } from '../kill.ts';
import { digestCommand, type Digest, type DigestInput, type WorkerMessage, type WorkerSetting } from './messages.ts';
import { QUICK } from './worker-options.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as WorkerSetting;
const tell = hangOnParent<WorkerMessage>();
const batch = batchClient(setting.batchUrl, 'plain');
const connection = new Redis(setting.redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
const at = (gap: Gap): void => {
  if (gap === setting.killAt) die();
};

async function digest(job: Job<DigestInput & { externalId?: string }>): Promise<Digest> {
  at('G1');
  let { externalId } = job.data;
  at('G2');
  if (externalId === undefined) {
    tell({ type: 'decision', decision: 'submitted' });
    at('G3');
    externalId = await batch.submit({ name: job.data.name, command: digestCommand(job.data) });
    at('G6');
    await job.updateData({ ...job.data, externalId });
    at('G7');
  } else {
    tell({ type: 'decision', decision: 'reconnected' });
  }
  at('G8');
  tell({ type: 'polls', id: externalId });
  for (;;) {
    const status = await batch.status(externalId);
    if (status?.state === 'succeeded') break;
    if (status?.state !== 'queued' && status?.state !== 'running') throw new Error(`the batch job ended: ${status?.reason}`);
    await sleep(200);
  }
  at('G10');
  const result = JSON.parse(await batch.output(externalId)) as Digest;
  at('G11');
  return result;
}

const worker = new Worker<DigestInput, Digest>(setting.queue, digest, { ...QUICK, connection });
worker.prependListener('completed', () => at('G12'));
worker.on('active', (job: Job) => tell({ type: 'took', attempt: job.attemptsStarted }));
worker.on('completed', () => tell({ type: 'completed' }));
worker.on('error', () => {});
await worker.waitUntilReady();
tell({ type: 'ready' });
await worker.run();
