/** A worker of the crash tests: started ahead, works at one queue when told, and dies there if that is its order. */
import { Worker, type Job } from 'bullmq';
import { Redis } from 'ioredis';
import { createStateStore, externalJob, type ExternalJob, type JobStatus } from 'mooring';
import { resumableProcessor } from 'mooring/bullmq';
import { redisMetastore } from 'mooring/redis';
import { batchClient, type BatchClient } from '../batch-service/client.ts';
import type { Side } from '../batch-service/job.ts';
import { hangOnParent } from '../children.ts';
import { dieAt } from '../kill.ts';
import { FIND_LAG, SUBMIT_TIMEOUT, type EchoInput, type Message, type Order, type Setting } from './messages.ts';

const setting = JSON.parse(process.argv[2] ?? '{}') as Setting;
const tell = hangOnParent<Message>();
const connection = new Redis(setting.redisPort, '127.0.0.1', { maxRetriesPerRequest: null });
/** Echoes its first argument once the file that the second one names is there. */
const ECHO = 'while [ ! -e "$2" ]; do sleep 0.05; done; sleep 0.2; echo "$1"';
let worker: Worker<EchoInput, string> | undefined;

/** One description for each kind of far side: they differ in what the far side does with the token. */
function echo(side: Side): ExternalJob<EchoInput, string, string> {
  const batch = batchClient(setting.batchUrl, side);
  const shared = {
    submit: ({ name, word, gate }: EchoInput, { idempotencyKey, signal }: { idempotencyKey: string; signal: AbortSignal }) =>
      batch.submit({ name, token: idempotencyKey, command: ['/bin/sh', '-c', ECHO, 'echo', word, gate ?? '/'] }, signal),
    getStatus: (id: string, { signal }: { signal: AbortSignal }) => status(batch, id, signal),
    getResult: async (id: string, { signal }: { signal: AbortSignal }) => (await batch.output(id, signal)).trim(),
    submitTimeout: SUBMIT_TIMEOUT,
    pollInterval: { from: '50ms', to: '250ms' },
  } as const;
  switch (side) {
    case 'keyed':
      return externalJob({ ...shared, idempotentFor: '1h' });
    case 'findable':
      return externalJob({ ...shared, find: (token: string, { signal }) => batch.find(token, signal), findLag: FIND_LAG * 2 });
    case 'plain':
      return externalJob(shared);
  }
}

async function status(batch: BatchClient, id: string, signal: AbortSignal): Promise<JobStatus> {
  const job = await batch.status(id, signal);
  if (job === undefined) return { state: 'missing' };
  if (job.state === 'queued' || job.state === 'running') return { state: 'active', progress: job.progress };
  return job.state === 'succeeded' ? { state: 'succeeded' } : { state: 'failed', reason: job.reason ?? job.state };
}

async function work({ queue, side, killAt }: Order & { type: 'work' }): Promise<void> {
  const plain = createStateStore({
    metastore: redisMetastore({ client: connection }),
    onEvent: (event) => event.type === 'decision' && tell({ type: 'decision', decision: event.decision }),
  });
  const store = await dieAt(plain, killAt);
  worker = new Worker<EchoInput, string>(queue, resumableProcessor(store, echo(side)), {
    connection,
    lockDuration: 1_500,
    stalledInterval: 500,
    maxStalledCount: 20,
  });
  worker.on('error', () => {});
  worker.on('failed', (job: Job | undefined, error: Error) => {
    if (job?.finishedOn !== undefined) tell({ type: 'failed', ambiguous: isAmbiguous(error) });
  });
}

/** BullMQ's error for "never again" carries ours as its cause. */
function isAmbiguous(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (error as { code?: unknown }).code === 'mooring.ambiguous-submit' || isAmbiguous(error.cause);
}

process.on('message', (order: Order) => {
  const done = order.type === 'work' ? work(order) : worker?.close().then(() => tell({ type: 'stopped' }));
  done?.catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
});
await connection.ping();
tell({ type: 'ready' });
