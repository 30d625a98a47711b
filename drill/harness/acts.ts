import type { End } from './ends.ts';
import type { WorkerMessage } from './messages.ts';
import type { CrashWorker } from './pool.ts';
import type { StartedJob } from './runtime.ts';
import type { Act, Acted, Stage } from './stage.ts';
import { outcomeWithin } from './outcome-within.ts';

/** What the harness does for each way in which an attempt ends. */

/** A worker that stopped is taken for dead, and another one decides, well within this. */
const TAKEN_OVER = 10_000;
/** What a worker says of a job that is over arrives within this. */
const HEARD = 5_000;

/** What is done for each way. */
export const ACTS: Readonly<Record<End, Act>> = {
  async kill(stage) {
    const { gap, first, system } = stage;
    const fromOutside = await system.arm?.(first);
    stage.begin(fromOutside ? undefined : { gap, how: 'die', ...(system.delay !== undefined && { after: system.delay }) });
    const job = await stage.start();
    const died = await heard(stage, job, first.ended);
    if (died !== 'SIGKILL') return { job, trouble: notReached(stage) };
    if (gap !== 'G12' || !stage.completesBeforeG12) openOnDecision(stage, await stage.takeOver());
    return { job };
  },

  async deploy(stage) {
    const { first, gap } = stage;
    const closed = told(first, 'stopped');
    stage.begin({ gap, how: 'close' });
    const job = await stage.start();
    if (!(await heard(stage, job, closed))) return { job, trouble: `${notReached(stage)}, or the worker does not close` };
    openOnDecision(stage, await stage.takeOver());
    return { job };
  },

  async cancel(stage) {
    const acted = await reach(stage);
    if (acted.trouble !== undefined) return acted;
    await stage.cancel(acted.job);
    stage.first.tell({ type: 'go-on' });
    return acted;
  },

  async release(stage) {
    const { system, decisions, first } = stage;
    await system.arm?.(first);
    first.onMessage(() => decisions.includes('reconnected') && system.open());
    stage.begin();
    return { job: await stage.start() };
  },

  async stall(stage) {
    const { first, system, signal } = stage;
    const acted = await reach(stage);
    if (acted.trouble !== undefined) return acted;
    process.kill(first.pid, 'SIGSTOP');
    const over = new AbortController();
    try {
      const second = await stage.takeOver();
      openOnDecision(stage, second);
      await outcomeWithin(TAKEN_OVER, Promise.race([told(second, 'decision'), acted.job.end(TAKEN_OVER, over.signal)]), signal);
    } finally {
      over.abort();
      process.kill(first.pid, 'SIGCONT');
      first.tell({ type: 'go-on' });
      system.open();
    }
    return acted;
  },
};

/** Begins, and lets the first worker wait in the gap. */
export async function reach(stage: Stage): Promise<Acted> {
  const reached = told(stage.first, 'reached');
  stage.begin({ gap: stage.gap, how: 'wait' });
  const job = await stage.start();
  return (await heard(stage, job, reached)) ? { job } : { job, trouble: notReached(stage) };
}

/** What a worker is to say, unless the job ends without it, or nothing comes in time. */
async function heard<T>({ timeout, signal }: Stage, job: StartedJob, word: Promise<T>): Promise<T | undefined> {
  const stop = new AbortController();
  const over = job.end(timeout, stop.signal).then((end) => end && outcomeWithin(HEARD, word, signal));
  try {
    return await outcomeWithin(timeout, Promise.race([word, over]), signal);
  } finally {
    stop.abort();
    await over;
  }
}

function notReached({ gap }: Stage): string {
  return `${gap} was not reached`;
}

function told(worker: CrashWorker, type: WorkerMessage['type']): Promise<true> {
  return new Promise((resolve) => worker.onMessage((message) => message.type === type && resolve(true)));
}

function openOnDecision({ system }: Stage, worker: CrashWorker): void {
  worker.onMessage((message) => message.type === 'decision' && system.open());
}
