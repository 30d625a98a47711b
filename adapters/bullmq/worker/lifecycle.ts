import { ConfigError, type StateStore } from '../../../src/adapter-kit.ts';
import { listen } from './callbacks.ts';
import { createHeartbeat, type LiveCall, type Warn } from './heartbeat.ts';
import { afterGivenUp } from '../attempt/final-failure.ts';
import { detailsOf, isWorker, type BullJob, type BullWorker, type WorkerDetails } from '../runtime.ts';
import { createProofs, type Held } from './proofs.ts';
import type { Setup } from './setup.ts';

/**
 * The events of a worker: that it closes, and that it has completed a job or given it up. BullMQ waits for none of these
 * listeners, and an event can be lost with its process, so nothing that must happen depends on one. The state of a listened
 * worker is kept on the worker itself.
 */

const watchKey: unique symbol = Symbol('mooring.bullmq.watch');
const setupKey: unique symbol = Symbol('mooring.bullmq.setup');

/** The only message of the worker that reaches a sandbox: the reason of its signal. */
export const SANDBOX_CLOSING = 'mooring: the worker is closing';

/** A worker that is listened to. */
export interface Watch {
  /** Milliseconds. */
  readonly lockDuration: number;
  readonly maxStartedAttempts: number | undefined;
  warn: Warn;
  isClosing(): boolean;
  /**
   * Begins a call of a processor. The returned function ends it.
   *
   * @throws {@link ConfigError} if the same call uses the same state already.
   */
  enter(run: LiveCall): () => void;
  /** Whether a call holds its job. */
  prove(held: Held): Promise<boolean>;
  /** Tells a call, also after its end, what BullMQ made of its job. */
  follow(run: LiveCall): void;
  /** Called for jobs that BullMQ gives up without a call of the processor here: their workers died too often. */
  onGaveUp(listener: (job: BullJob) => unknown): void;
  /** Which processor runs jobs of a name, and so knows what to do if BullMQ gives one up. The last one of a store counts. */
  serves(name: string, setup: Setup): void;
  /** Notes that a store outage ended an attempt. Returns the milliseconds until the job is worth another attempt. */
  outage(): number;
  /** Notes that an attempt ended without a store outage. */
  storeAnswered(): void;
}

/** BullMQ's default, in milliseconds. */
const LOCK_DURATION = 30_000;

/** More job names than a worker usually has. If names are made up at run time, the oldest are forgotten. */
const MOST_NAMES = 100;

/** Milliseconds. */
const PAUSE = { shortest: 1_000, longest: 30_000 };

type Watched = BullWorker & WorkerDetails & { [watchKey]?: Watch; processFn?: { [setupKey]?: Setup } };

const giveUp = (setup: Setup | undefined, job: BullJob): unknown => setup && afterGivenUp(setup, job);

function createWatch(worker: Watched): Watch {
  const { lockDuration = LOCK_DURATION, maxStartedAttempts } = worker.opts ?? {};
  const live = new Set<LiveCall>();
  const runs = new WeakMap<BullJob, LiveCall[]>();
  const listeners = new Set<(job: BullJob) => unknown>();
  const setups = new Map<StateStore, Map<string, Setup>>();
  const warned = new Set<string>();
  let closing = false;
  let pause = 0;
  let pausedUntil = 0;
  let deafen = (): void => undefined;
  const warn: Warn = (kind, text) => {
    if (!warned.has(kind)) process.emitWarning(text, { type: 'MooringWarning' });
    warned.add(kind);
  };
  const extendLocks = worker.extendJobLocks?.bind(worker);
  const beat = createHeartbeat(live, { lockDuration, extendLocks, warn });
  const watching: Watch = {
    lockDuration,
    maxStartedAttempts,
    warn,
    prove: createProofs(lockDuration, extendLocks),
    isClosing: () => closing || Boolean(worker.closing),
    enter(run) {
      for (const other of live) refuseTwin(run, other);
      if (live.size === 0) deafen = listen(live);
      live.add(run);
      beat(run);
      return () => {
        live.delete(run);
        if (live.size === 0) deafen();
        beat();
      };
    },
    follow: (run) => void runs.set(run.job, [...(runs.get(run.job) ?? []), run]),
    onGaveUp: (listener) => void listeners.add(listener),
    serves(name, setup) {
      if (setups.get(setup.store)?.get(name) === setup) return;
      const known = setups.get(setup.store) ?? new Map<string, Setup>();
      if (!setups.has(setup.store)) watching.onGaveUp((job) => giveUp(known.get(job.name), job));
      setups.set(setup.store, known);
      known.delete(name);
      known.set(name, setup);
      if (known.size > MOST_NAMES) known.delete(String([...known.keys()][0]));
    },
    outage() {
      // Runs that end at the same time have seen the same outage.
      if (Date.now() < pausedUntil) return pause;
      pause = Math.min(pause * 2 || PAUSE.shortest, PAUSE.longest);
      pausedUntil = Date.now() + pause;
      return pause;
    },
    storeAnswered: () => void (pause = pausedUntil = 0),
  };
  worker.on('closing', () => {
    closing = true;
    for (const run of live) run.close();
    if (worker.childPool) worker.cancelAllJobs?.(SANDBOX_CLOSING);
  });
  worker.on('completed', (job: BullJob) => runs.get(job)?.forEach((run) => run.completed()));
  worker.on('failed', (job?: BullJob) => {
    // BullMQ reports every failed attempt here. Only the last one has a finish time, whatever the counters say.
    if (!job || detailsOf(job).finishedOn === undefined) return;
    const own = runs.get(job);
    if (own) for (const run of own) run.gaveUp();
    else if (![...listeners].map((listener) => listener(job)).some(Boolean)) giveUp(worker.processFn?.[setupKey], job);
  });
  // Emitted just before the processor is called. It links the job to the worker if the job itself does not.
  worker.on('active', (job: BullJob & { [watchKey]?: Watch }) => void (job[watchKey] = watching));
  return watching;
}

const NO_WORKER = "Mooring cannot find a job's worker, nor hear when it closes or has completed a job: call attach(worker)";

function refuseTwin(run: LiveCall, other: LiveCall): void {
  const sameCall = run.job.id === other.job.id && run.token === other.token && run.store === other.store;
  if (!sameCall || JSON.stringify(run.scope) !== JSON.stringify(other.scope)) return;
  const rule = 'is in use by an outer withState or runWithState of this call, on the same store: use its context';
  throw new ConfigError('scope', rule, JSON.stringify(run.scope));
}

/**
 * The worker of a job: BullMQ's job has it as its `queue`. If there is none, as in a sandbox, a stand-in is kept on the store,
 * the same for all jobs of the queue.
 */
export function watchOf(job: BullJob & { [watchKey]?: Watch }, store: StateStore & { [watchKey]?: Map<string, Watch> }): Watch {
  const { queue, queueQualifiedName } = detailsOf(job);
  if (job[watchKey]) return job[watchKey];
  if (isWorker(queue)) return watch(queue);
  const queues = (store[watchKey] ??= new Map<string, Watch>());
  const watching = queues.get(queueQualifiedName) ?? createWatch({ on: () => undefined });
  queues.set(queueQualifiedName, watching);
  if (job.extendLock) watching.warn('no worker', NO_WORKER);
  return watching;
}

/** Listens to a worker, once. */
function watch(worker: Watched): Watch {
  return (worker[watchKey] ??= createWatch(worker));
}

/** Tells the worker of this processor what to do with a job that BullMQ gave up and that the processor did not run itself. */
export function withSetup<P extends object>(processor: P, setup: Setup): P {
  return Object.defineProperty(processor, setupKey, { value: setup });
}

/**
 * Listens to a worker. `withState` finds the worker of its jobs by itself. Call this if a warning asks for it. Call it also for a
 * worker of sandboxed processors, so that they hear when it closes. With `onFinalFailure: 'cancel'`, a process then hears of a
 * job that failed elsewhere before it ran one itself.
 *
 * @throws {@link ConfigError} if it is not a worker.
 */
export function attach(worker: BullWorker): void {
  if (typeof (worker as Partial<BullWorker> | undefined)?.on !== 'function') {
    throw new ConfigError('worker', 'must be a Worker of bullmq', worker);
  }
  watch(worker);
}
