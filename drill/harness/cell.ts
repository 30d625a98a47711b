import type { Gap } from '../../src/job/protocol/crash-point.ts';
import { ACTS } from './acts.ts';
import type { End } from './ends.ts';
import type { WorkOrder } from './messages.ts';
import type { CrashWorker, Pool } from './pool.ts';
import type { CellRuntime, JobEnd, StartedJob } from './runtime.ts';
import type { Counted, CellRun, SystemKind } from './table.ts';
import { outcomeWithin } from './outcome-within.ts';
import type { CellSystem, Stage } from './stage.ts';

/** One run of one cell: an attempt ends in a gap, another goes on, and the external system says how many jobs it has. */

/** Which cell. */
export interface Place<Ends extends string = End> {
  readonly end: Ends;
  readonly gap: Gap;
  readonly system: SystemKind;
}

/** What all runs share. */
export interface Rig {
  readonly runtime: CellRuntime;
  readonly pool: Pool;
  /** The longest that anything in a run may take, in milliseconds. */
  readonly timeout: number;
  /** Ends all waits. */
  readonly signal: AbortSignal;
}

/** Runs a cell once. */
export async function runCell(rig: Rig, { end, gap }: Place<string>, system: CellSystem): Promise<CellRun> {
  const { runtime, pool, timeout, signal } = rig;
  let began = performance.now();
  const decisions: string[] = [];
  let attempts = 1;
  let following = true;
  const workers: CrashWorker[] = [];
  const take = async (): Promise<CrashWorker> => {
    const worker = await pool.take();
    workers.push(worker);
    return worker;
  };
  const work: WorkOrder = { type: 'work', queue: system.queue, releases: system.releases, extra: system.extra };
  const follow = (worker: CrashWorker): void =>
    worker.onMessage((message) => {
      system.hear?.(message);
      if (message.type !== 'decision' || !following) return;
      decisions.push(message.decision);
      attempts = Math.max(attempts, message.attempt);
    });
  try {
    const first = await take();
    // The start of a worker is not the run's.
    began = performance.now();
    follow(first);
    const stage: Stage = {
      gap,
      system,
      completesBeforeG12: runtime.completesBeforeG12,
      timeout,
      signal,
      first,
      decisions,
      async takeOver() {
        const second = await take();
        follow(second);
        second.tell(work);
        return second;
      },
      begin: (at) => first.tell({ ...work, ...(at && { at }) }),
      start: () => runtime.start(system.queue, system.input, { old: true, attempts: system.attempts }),
      cancel: (job) => job.cancel(take),
    };
    const { job, trouble } = await (system.act ?? ACTS[end as End])(stage);
    try {
      const ended = trouble === undefined ? await job.end(timeout, signal) : undefined;
      following = false;
      const lasting = trouble ?? (ended === undefined ? 'the job never ended' : undefined);
      return {
        ...(await system.count(ended)),
        attempts: ended?.attempts ?? attempts,
        ambiguous: ended?.ambiguous ?? false,
        cancelled: ended?.cancelled ?? false,
        reason: ended?.reason ?? '',
        decisions,
        took: Math.round(performance.now() - began),
        ...(lasting !== undefined && { trouble: lasting }),
      };
    } finally {
      await job.close();
    }
  } finally {
    system.open();
    await Promise.all(workers.map((worker) => giveBack(worker, pool, timeout)));
    await system.close();
  }
}

/** Runs one job that nothing disturbs, with a worker of its own. */
export async function runUndisturbed(
  { runtime, pool, timeout, signal }: Rig,
  system: CellSystem,
  { old }: { old: boolean },
): Promise<{ ended: JobEnd | undefined; counted: Counted; took: number }> {
  const worker = await pool.take();
  const began = performance.now();
  let job: StartedJob | undefined;
  try {
    worker.onMessage((message) => system.hear?.(message));
    worker.tell({ type: 'work', queue: system.queue, releases: system.releases, extra: system.extra });
    job = await runtime.start(system.queue, system.input, { old, attempts: system.attempts });
    const ended = await job.end(timeout, signal);
    const took = Math.round(performance.now() - began);
    return { ended, counted: await system.count(ended?.completed ? ended : undefined), took };
  } finally {
    await giveBack(worker, pool, timeout);
    await job?.close();
    await system.close();
  }
}

/** Takes a worker off its queue; one that does not stop is killed, and one that has ended is gone. */
async function giveBack(worker: CrashWorker, pool: Pool, timeout: number): Promise<void> {
  const stopped = new Promise<true>((resolve) => worker.onMessage((message) => message.type === 'stopped' && resolve(true)));
  worker.tell({ type: 'stop' });
  const outcome = await outcomeWithin(Math.min(timeout, STOPS), Promise.race([stopped, worker.ended]));
  if (outcome === true) pool.give(worker);
  else worker.kill();
}

/** A worker that does not stop within this has to be killed, in milliseconds. */
const STOPS = 60_000;
