/** The demo's story: one job, one batch service, two workers, and the first of them is killed. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { BatchEvent } from '../batch-service/events.ts';
import { startWorkerProcess, type WorkerProcess } from '../../drill/harness/processes.ts';
import { startBatchProcess, TYPESCRIPT } from '../children.ts';
import { GAPS } from '../../drill/harness/gaps.ts';
import type { Gap } from '../../src/job/protocol/crash-point.ts';
import type { Cleanup } from '../interrupt.ts';
import { startRedis } from '../redis/server.ts';
import { bullmqRuntime } from './bullmq.ts';
import { writeDataset, type Dataset } from './dataset.ts';
import type { Digest, WorkerMessage, WorkerSetting } from './messages.ts';
import type { DemoOptions } from './options.ts';
import type { RuntimeName } from './runtime.ts';
import { temporalRuntime } from './temporal.ts';
import type { Actor, Timeline } from './timeline.ts';

/** How it ended: the object of `--json`. */
export interface Outcome {
  runtime: RuntimeName;
  killAt: Gap;
  without: boolean;
  submissions: number;
  attempts: number;
  /** What the last attempt decided; `null` where none came so far. */
  decision: string | null;
  /** What every attempt decided, in order. */
  decisions: string[];
  /** `null` where it was lost. */
  result: Digest | null;
  /** Whether the result is that of the file. */
  correct: boolean;
  /** From adding the job to its result. */
  seconds: number;
}

const NAME = 'demo';
const QUEUE = 'digest';
/** The share of the work after which a polling worker is killed. */
const MIDDLE = 0.15;

/** Plays the story. */
export async function play(options: DemoOptions, show: Timeline, cleanup: Cleanup): Promise<Outcome> {
  const { killAt, without } = options;
  const folder = await mkdtemp(join(tmpdir(), 'mooring-demo-'));
  cleanup.add(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));
  const redis = await startRedis(folder);
  cleanup.add(() => redis.stop());
  show.line('redis', `${redis.version} on 127.0.0.1:${redis.port}`, 'quiet');
  const dataset = await prepare(folder, options, show);

  const victim: { worker?: WorkerProcess<object, WorkerMessage> } = {};
  const tell = followBatch(show);
  const batch = await startBatchProcess({
    directory: join(folder, 'jobs'),
    onEvent(event) {
      tell(event);
      const reached = event.event === 'held' || (killAt === 'G9' && event.event === 'progress' && event.progress >= MIDDLE);
      if (reached) victim.worker?.kill();
    },
  });
  cleanup.add(() => batch.stop());
  if (killAt === 'G4') await batch.fault(NAME, { hold: 'request', afterwards: 'accept' });
  if (killAt === 'G5') await batch.fault(NAME, { hold: 'reply' });

  const runtime =
    options.runtime === 'temporal'
      ? await temporalRuntime(folder, QUEUE, cleanup)
      : await bullmqRuntime(redis.port, QUEUE, cleanup);
  const setting = { redisPort: redis.port, batchUrl: batch.url, queue: QUEUE, ...runtime.setting };
  const decisions: string[] = [];
  const startWorker = async (actor: Actor, settings: WorkerSetting): Promise<WorkerProcess<object, WorkerMessage>> => {
    const file = without ? runtime.workers.byHand : runtime.workers.mooring;
    const worker = startWorkerProcess<object, WorkerMessage>(file, {
      args: [JSON.stringify(settings)],
      execArgv: TYPESCRIPT,
    });
    cleanup.add(() => worker.kill());
    await followWorker(show, actor, worker, decisions);
    return worker;
  };

  const first = await startWorker(
    'worker 1',
    killAt === 'G4' || killAt === 'G5' || killAt === 'G9' ? setting : { ...setting, killAt },
  );
  victim.worker = first;
  const started = Date.now();
  const job = await runtime.start({ name: NAME, file: dataset.file });
  show.line('demo', `${job.started}: count, hash and compress the file`);
  const how = await first.ended;
  cleanup.signal.throwIfAborted();
  show.line('worker 1', `${how === 'SIGKILL' ? 'killed with SIGKILL' : `ended: ${how}`}, ${killAt}: ${GAPS[killAt]}`, 'bad');
  await startWorker('worker 2', setting);
  const result = await job.result;

  return {
    runtime: runtime.name,
    killAt,
    without,
    submissions: await batch.submissions(NAME),
    attempts: await job.attempts(),
    decision: decisions.at(-1) ?? null,
    decisions,
    result: result ?? null,
    correct:
      result !== undefined &&
      result.sha256 === dataset.sha256 &&
      result.lines === dataset.lines &&
      result.bytes === dataset.bytes,
    seconds: (Date.now() - started) / 1_000,
  };
}

async function prepare(folder: string, { megabytes }: DemoOptions, show: Timeline): Promise<Dataset> {
  show.line('demo', `writing a log of ${megabytes} MB`, 'quiet');
  const dataset = await writeDataset(join(folder, 'access.log'), megabytes);
  show.line('demo', `${dataset.lines.toLocaleString('en')} lines, sha256 ${dataset.sha256.slice(0, 12)}…`, 'quiet');
  return dataset;
}

/** Shows what a worker says; resolves when it is ready. */
function followWorker(
  show: Timeline,
  actor: Actor,
  worker: WorkerProcess<object, WorkerMessage>,
  decisions: string[],
): Promise<void> {
  return new Promise((resolve, reject) => {
    void worker.ended.then((how) => reject(new Error(`${actor} did not start: ${how}`)));
    worker.onMessage((message) => {
      switch (message.type) {
        case 'ready':
          show.line(actor, `started, process ${worker.pid}`);
          resolve();
          break;
        case 'took':
          show.line(actor, `took the job, attempt ${message.attempt}`);
          break;
        case 'decision':
          decisions.push(message.decision);
          show.line(actor, `decision: ${message.decision}`, 'good');
          break;
        case 'polls':
          show.line(actor, `waits for ${message.id}`);
          break;
        case 'completed':
          show.line(actor, 'returned the result');
          break;
      }
    });
  });
}

/** Shows what the batch service says; of its progress, every tenth. */
function followBatch(show: Timeline): (event: BatchEvent) => void {
  const shown = new Map<string, number>();
  return (event) => {
    if (event.event === 'progress') {
      if (event.progress < (shown.get(event.id) ?? 0) + 0.1) return;
      shown.set(event.id, Math.floor(event.progress * 10) / 10);
    }
    tellBatch(show, event);
  };
}

function tellBatch(show: Timeline, event: BatchEvent): void {
  switch (event.event) {
    case 'listening':
      show.line('batch', `service on 127.0.0.1:${event.port}`, 'quiet');
      break;
    case 'accepted':
      show.line('batch', `accepted job ${event.id}`, 'good');
      break;
    case 'recognised':
      show.line('batch', `knows that token: it is job ${event.id}, nothing new is started`, 'good');
      break;
    case 'started':
      show.line('batch', `${event.id} runs as process ${event.pid}`);
      break;
    case 'progress':
      show.line('batch', `${event.id} ${bar(event.progress)}`);
      break;
    case 'ended':
      show.line('batch', `${event.id} ${event.state}`, event.state === 'succeeded' ? 'good' : 'bad');
      break;
    case 'held':
      show.line('batch', event.what === 'request' ? 'holds a request that it has not accepted' : 'holds the reply back', 'quiet');
      break;
  }
}

function bar(share: number): string {
  const done = Math.round(share * 20);
  return `${'█'.repeat(done)}${'░'.repeat(20 - done)} ${Math.round(share * 100)}%`;
}
