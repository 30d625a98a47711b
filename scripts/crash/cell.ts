/** One run of one cell: an attempt ends in a gap, another goes on, and the external system says how often it was asked. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BatchEvent } from '../batch-service/events.ts';
import type { SystemKind } from '../batch-service/job.ts';
import type { BatchProcess } from '../children.ts';
import type { Gap } from '../gaps.ts';
import { endIt, type Stage } from './acts.ts';
import type { End } from './ends.ts';
import { FAILURES, type Message, type Work } from './messages.ts';
import type { CrashWorker, Pool } from './pool.ts';
import type { CrashRuntime } from './runtime.ts';
import { startStoppableRedis } from './stoppable-redis.ts';
import type { Run } from './table.ts';
import { within } from './within.ts';

const DEADLINE = 60_000;
/** In these gaps the next attempt is to meet a job that still runs. */
const RECONNECTS: readonly Gap[] = ['G7', 'G8', 'G9'];
/** In these gaps the external job has ended. */
const OVER: readonly Gap[] = ['G10', 'G11', 'G12'];

/** After these ends an attempt waits for the end of a submit that another one began. */
const WAITED_FOR: readonly End[] = ['kill', 'stall'];
/**
 * So often a job may fail. A submit with little patience fails on a busy machine, and no end but a failure may cost an attempt.
 */
const ATTEMPTS: Partial<Record<End, number>> = { kill: 3, stall: 3, failure: FAILURES + 1 };

/** What all cells share. */
export interface Environment {
  runtime: CrashRuntime;
  /** For files that cells make. */
  directory: string;
  batch: BatchProcess;
  /** Follows the batch service's events of one name. */
  onBatchEvent(name: string, listener: (event: BatchEvent) => void): void;
  pool: Pool;
}

/** Which cell. */
export interface Place {
  end: End;
  gap: Gap;
  system: SystemKind;
}

/** Runs a cell for the n-th time. */
export async function runCell(environment: Environment, { end, gap, system }: Place, turn: number): Promise<Run> {
  const { batch, pool, runtime, directory } = environment;
  const name = `${end}-${gap}-${system}-${turn}`;
  const gate = join(directory, name);
  const decisions: string[] = [];
  let attempts = 1;
  let following = true;
  const workers: CrashWorker[] = [];
  const take = async (): Promise<CrashWorker> => {
    const worker = await pool.take();
    workers.push(worker);
    return worker;
  };
  const metastore = end === 'outage' ? await startStoppableRedis(runtime) : undefined;
  const work: Work = {
    type: 'work',
    queue: name,
    system,
    releases: end === 'release',
    patience: WAITED_FOR.includes(end) ? 'short' : 'long',
    ...(metastore && { metastorePort: metastore.port }),
  };
  const follow = (worker: CrashWorker): void =>
    worker.onMessage((message: Message) => {
      if (message.type !== 'decision' || !following) return;
      decisions.push(message.decision);
      attempts = Math.max(attempts, message.attempt);
    });
  const first = await take();
  follow(first);
  // An external job whose end is awaited runs until somebody has met it again; one that is to be cancelled, for ever.
  const waits = end === 'cancel' ? !OVER.includes(gap) : RECONNECTS.includes(gap);
  const word = `echo-${name}`;
  const input = { name, word, ...(waits && { gate }), ...(end === 'failure' && { failures: FAILURES }) };
  const stage: Stage = {
    environment,
    gap,
    system,
    name,
    turn,
    first,
    work,
    metastore,
    decisions,
    open: () => void writeFile(gate, ''),
    async takeOver() {
      const second = await take();
      follow(second);
      second.tell(work);
      return second;
    },
    begin: (at) => first.tell({ ...work, ...(at && { at }) }),
    start: () => runtime.start(name, input, { old: true, attempts: ATTEMPTS[end] ?? 1 }),
    cancel: (job) => job.cancel(take),
  };
  try {
    const { job, trouble } = await endIt(end, stage);
    try {
      const ended = trouble === undefined ? await job.end(DEADLINE) : undefined;
      following = false;
      return {
        submissions: await batch.submissions(name),
        attempts: ended?.attempts ?? attempts,
        running: ended?.cancelled ? await batch.running(name) : 0,
        result: ended?.result === word,
        ambiguous: ended?.ambiguous ?? false,
        cancelled: ended?.cancelled ?? false,
        reason: ended?.reason ?? '',
        decisions,
        ...(ended === undefined && { trouble: trouble ?? 'the job never ended' }),
      };
    } finally {
      await job.close();
    }
  } finally {
    stage.open();
    await Promise.all(workers.map((worker) => giveBack(worker, pool)));
    await metastore?.stop();
  }
}

/**
 * Gives the namespace its first job, so that the cells' jobs are those of a namespace that has long been in use. Until then a job
 * that died before it used any state cannot be told from one whose state was lost.
 */
export async function firstUse({ pool, runtime }: Environment, redisPort: number): Promise<void> {
  const name = 'first-use';
  const worker = await pool.take();
  worker.tell({ type: 'work', queue: name, system: 'keyed', patience: 'long' });
  const job = await runtime.start(name, { name, word: 'used' }, { old: false });
  try {
    await job.end(DEADLINE);
    await giveBack(worker, pool);
    await runtime.aged(redisPort);
  } finally {
    await job.close();
  }
}

/** Takes a worker off its queue; one that does not stop is killed, and one that has ended is gone. */
async function giveBack(worker: CrashWorker, pool: Pool): Promise<void> {
  const stopped = new Promise<true>((resolve) => worker.onMessage((message) => message.type === 'stopped' && resolve(true)));
  worker.tell({ type: 'stop' });
  const outcome = await within(DEADLINE, Promise.race([stopped, worker.ended]));
  if (outcome === true) pool.give(worker);
  else worker.kill();
}
