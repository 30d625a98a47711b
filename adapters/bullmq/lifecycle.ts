import { ConfigError } from '../../src/index.ts';
import { detailsOf, isWorker, type BullJob, type BullWorker, type WorkerDetails } from './runtime.ts';
import { runName } from './scope.ts';

/**
 * What is heard from a worker: that it closes, and that it has completed a job or given it up. BullMQ waits for none of these
 * listeners, and an event can be lost with its process, so nothing that must happen hangs on one. What is known of a worker lives
 * on the worker itself.
 */

const watchKey: unique symbol = Symbol('mooring.bullmq.watch');
const gaveUpKey: unique symbol = Symbol('mooring.bullmq.gave-up');

/** Reaches a sandbox as the reason of its signal, where no other word of the worker does. */
export const SANDBOX_CLOSING = 'mooring: the worker is closing';

/** BullMQ's default, in milliseconds. */
export const LOCK_DURATION = 30_000;

/** One call of a processor. */
export interface Run {
  readonly job: BullJob;
  /** The worker closes: give the job back. */
  close(): void;
  /** The same worker took the same job up again: this run has lost it. */
  supersede(): void;
  /** BullMQ has completed the job. */
  completed(): void;
  /** BullMQ has given the job up. */
  gaveUp(): void;
}

/** A worker that is listened to. */
export interface Watch {
  /** Milliseconds. */
  readonly lockDuration: number;
  readonly maxStartedAttempts: number | undefined;
  /** Texts of the warnings that were given for this worker. */
  readonly warned: Set<string>;
  isClosing(): boolean;
  /** From the call of a processor to its end. */
  enter(run: Run): void;
  leave(run: Run): void;
  /** For jobs that BullMQ gives up without a call of the processor here: a worker died with them once too often. */
  onGaveUp(listener: (job: BullJob) => void): void;
}

type Watched = BullWorker & WorkerDetails & { [watchKey]?: Watch };

/** Listens to a worker, once. */
function watch(worker: Watched): Watch {
  if (worker[watchKey]) return worker[watchKey];
  const created = createWatch(worker);
  Object.defineProperty(worker, watchKey, { value: created });
  return created;
}

function createWatch(worker: BullWorker & WorkerDetails): Watch {
  const live = new Map<string, Run>();
  const runs = new WeakMap<BullJob, Run>();
  const listeners = new Set<(job: BullJob) => void>();
  let closing = false;
  const watching: Watch = {
    lockDuration: worker.opts?.lockDuration ?? LOCK_DURATION,
    maxStartedAttempts: worker.opts?.maxStartedAttempts,
    warned: new Set(),
    isClosing: () => closing || Boolean(worker.closing),
    enter(run) {
      const name = runName(run.job);
      live.get(name)?.supersede();
      live.set(name, run);
      runs.set(run.job, run);
    },
    leave(run) {
      const name = runName(run.job);
      if (live.get(name) === run) live.delete(name);
    },
    onGaveUp: (listener) => void listeners.add(listener),
  };
  worker.on('closing', () => {
    closing = true;
    for (const run of live.values()) run.close();
    if (worker.childPool) worker.cancelAllJobs?.(SANDBOX_CLOSING);
  });
  worker.on('completed', (job: BullJob) => runs.get(job)?.completed());
  worker.on('failed', (job?: BullJob) => {
    // Every failed attempt is told here; only the last one has a time of finishing, whatever the counters say.
    if (!job || detailsOf(job).finishedOn === undefined) return;
    const run = runs.get(job);
    if (run) run.gaveUp();
    else for (const listener of listeners) listener(job);
  });
  // Told just before the processor is called: leads from the job to the worker where the job itself does not.
  (worker as unknown as { on(event: 'active', listener: (job: BullJob) => void): unknown }).on('active', (job) => {
    Object.defineProperty(job, watchKey, { value: watching });
  });
  return watching;
}

/** The worker of a job: BullMQ's job carries it as its `queue`. `undefined` where it cannot be found, as in a sandbox. */
export function watchOf(job: BullJob & { [watchKey]?: Watch }): Watch | undefined {
  const { queue } = detailsOf(job);
  return job[watchKey] ?? (isWorker(queue) ? watch(queue) : undefined);
}

/** Tells `attach()` what this processor does with a job that BullMQ gave up. */
export function withGaveUp<P extends object>(processor: P, listener: (job: BullJob) => void): P {
  return Object.defineProperty(processor, gaveUpKey, { value: listener });
}

/**
 * Listens to a worker. `withState` finds the worker of its jobs by itself: call this where a warning asks for it, for a worker of
 * sandboxed processors, so that they hear when it closes, and with `onFinalFailure: 'cancel'`, so that a process whose first job
 * failed elsewhere hears of it.
 *
 * @throws {@link ConfigError} unless it is a worker.
 */
export function attach(worker: BullWorker): void {
  if (typeof (worker as Partial<BullWorker> | undefined)?.on !== 'function') {
    throw new ConfigError('worker', 'must be a Worker of bullmq', worker);
  }
  const watching = watch(worker);
  const listener = ((worker as WorkerDetails).processFn as { [gaveUpKey]?: (job: BullJob) => void } | undefined)?.[gaveUpKey];
  if (listener) watching.onGaveUp(listener);
}
