/** What the harness does for each way in which an attempt ends. */
import { SYSTEM_KINDS, type SystemKind } from '../batch-service/job.ts';
import type { Gap } from '../gaps.ts';
import type { Environment } from './cell.ts';
import type { End } from './ends.ts';
import { COMMAND_TIMEOUT, type Message, type Work } from './messages.ts';
import type { CrashWorker } from './pool.ts';
import type { StartedJob } from './runtime.ts';
import type { StoppableRedis } from './stoppable-redis.ts';
import { within } from './within.ts';

const DEADLINE = 60_000;
/** Longer than an attempt waits for one command, and than BullMQ's lock lasts. */
const OUTAGE = 3 * COMMAND_TIMEOUT;
/** A worker that stopped is taken for dead, and another one decides, well within this. */
const TAKEN_OVER = 10_000;

/** One run, as the acts see it. */
export interface Stage {
  environment: Environment;
  gap: Gap;
  system: SystemKind;
  name: string;
  turn: number;
  first: CrashWorker;
  work: Work;
  metastore: StoppableRedis | undefined;
  /** What attempts have decided. */
  decisions: readonly string[];
  /** Lets the external job end. */
  open(): void;
  /** Starts the first worker. */
  begin(at?: Work['at']): void;
  /** Starts another one. */
  takeOver(): Promise<CrashWorker>;
  start(): Promise<StartedJob>;
  /** Somebody cancels the job. */
  cancel(job: StartedJob): Promise<void>;
}

/** What an act came to. */
export interface Acted {
  job: StartedJob;
  /** Why the run is of no use. */
  trouble?: string;
}

/** Lets the first attempt end so. The job then goes on to its end. */
export function endIt(end: End, stage: Stage): Promise<Acted> {
  return ACTS[end](stage);
}

const ACTS: Record<End, (stage: Stage) => Promise<Acted>> = {
  async kill(stage) {
    const { environment, gap, first } = stage;
    const fromOutside = await holdAtService(stage);
    stage.begin(fromOutside ? undefined : { gap, how: 'die' });
    const job = await stage.start();
    const died = await within(DEADLINE, first.ended);
    if (died !== 'SIGKILL') return { job, trouble: `${gap} was not reached` };
    if (gap !== 'G12' || !environment.runtime.completesBeforeG12) openOnDecision(stage, await stage.takeOver());
    return { job };
  },

  async deploy(stage) {
    const { first, gap } = stage;
    const closed = told(first, 'stopped');
    stage.begin({ gap, how: 'close' });
    const job = await stage.start();
    if (!(await within(DEADLINE, closed))) return { job, trouble: `${gap} was not reached, or the worker does not close` };
    openOnDecision(stage, await stage.takeOver());
    return { job };
  },

  async stall(stage) {
    const { first } = stage;
    const job = await reach(stage);
    if (job.trouble !== undefined) return job;
    process.kill(first.pid, 'SIGSTOP');
    try {
      const second = await stage.takeOver();
      openOnDecision(stage, second);
      await within(TAKEN_OVER, Promise.race([told(second, 'decision'), job.job.end(TAKEN_OVER)]));
    } finally {
      process.kill(first.pid, 'SIGCONT');
      first.tell({ type: 'go-on' });
      stage.open();
    }
    return job;
  },

  async outage(stage) {
    const { metastore, first } = stage;
    const job = await reach(stage);
    if (job.trouble !== undefined) return job;
    metastore?.halt();
    first.tell({ type: 'go-on' });
    await within(OUTAGE, job.job.end(OUTAGE));
    metastore?.goOn();
    stage.open();
    return job;
  },

  async cancel(stage) {
    const job = await reach(stage);
    if (job.trouble !== undefined) return job;
    await stage.cancel(job.job);
    stage.first.tell({ type: 'go-on' });
    return job;
  },

  async release(stage) {
    const { environment, gap, name, decisions, first } = stage;
    if (gap === 'G4') await environment.batch.fault(name, { hold: 'nothing', answer: 429 });
    first.onMessage(() => decisions.includes('reconnected') && stage.open());
    stage.begin();
    return { job: await stage.start() };
  },

  async failure(stage) {
    if (stage.gap === 'G11') return ACTS.deploy(stage);
    stage.begin();
    return { job: await stage.start() };
  },
};

/** The first worker waits in the gap. */
async function reach(stage: Stage): Promise<Acted> {
  const reached = told(stage.first, 'reached');
  stage.begin({ gap: stage.gap, how: 'wait' });
  const job = await stage.start();
  return (await within(DEADLINE, reached)) ? { job } : { job, trouble: `${stage.gap} was not reached` };
}

function told(worker: CrashWorker, type: Message['type']): Promise<true> {
  return new Promise((resolve) => worker.onMessage((message) => message.type === type && resolve(true)));
}

function openOnDecision(stage: Stage, worker: CrashWorker): void {
  worker.onMessage((message) => message.type === 'decision' && stage.open());
}

/**
 * Gaps in which the external system holds the request or the reply while the worker is killed. A request that was on its way is accepted late or
 * never: in turns, and of the first turns too each is one. Says whether the gap is one of them.
 */
async function holdAtService({ environment, gap, name, system, turn, first }: Stage): Promise<boolean> {
  if (gap !== 'G4' && gap !== 'G5') return false;
  const late = (turn + SYSTEM_KINDS.indexOf(system)) % 2 === 1;
  environment.onBatchEvent(name, (event) => event.event === 'held' && first.kill());
  await environment.batch.fault(
    name,
    gap === 'G4' ? { hold: 'request', afterwards: late ? 'accept' : 'drop' } : { hold: 'reply' },
  );
  return true;
}
