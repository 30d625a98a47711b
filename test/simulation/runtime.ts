import {
  AmbiguousSubmitError,
  ExternalJobFailedError,
  isMooringError,
  StaleAttemptError,
  type ExternalJob,
  type StateStore,
  type Wait,
} from '../../src/index.ts';
import { beginAttempt, isStoreOutage, requestCancellation, type AttemptOptions } from '../../src/adapter-kit.ts';
import { withCoreParts, withCrashPoint } from '../../src/job/protocol/crash-point.ts';
import type { OpenMetastore } from '../../src/metastore/metastore.ts';
import { healthyProcess, misfortune } from './misfortune.ts';
import { simMetastore, type SimMetastoreOptions } from './metastore.ts';
import { runTask, SCOPE, type TaskStyle } from './task.ts';
import type { Process, World } from './world.ts';

/** A runtime in a world, with one job: it starts attempts, counts those that failed, and is told how each ended. */

/** The job, as the runtime knows it. */
export interface RuntimeJob {
  /** Attempts that were started. */
  started: number;
  /** Attempts that ended in a way that costs one. */
  counted: number;
  /** How it ended. */
  over: string | undefined;
  /** Whether external jobs are to be cancelled, and why. */
  wish: 'requested' | 'gave-up' | undefined;
  readonly results: unknown[];
  readonly processes: Process[];
}

/** What the runtime needs. */
export interface RuntimeParts extends Omit<SimMetastoreOptions, 'faulty'> {
  world: World;
  store: StateStore;
  metastore: OpenMetastore;
  style: TaskStyle;
  wait: Wait;
  fence: AttemptOptions['fence']['kind'];
  createdAt: Date;
  violations: string[];
  /** So many counted attempts, and the job is given up. */
  attempts: number;
  externalJob: (process: Process, faulty: () => boolean) => ExternalJob<string, number, string>;
  /** The runtime may begin an attempt again that it has begun. */
  repeats: boolean;
  /** Whether nothing but a newer attempt may take the fence. */
  rightful: () => boolean;
  /** A person answers what waits for one. */
  answer: () => Promise<void>;
  /** All that was recorded as running is to have been cancelled. */
  cancelled: () => Promise<void>;
}

/** A runtime. */
export interface Runtime {
  readonly job: RuntimeJob;
  /**
   * Starts an attempt; resolves when the runtime knows that it ended, or would start another at the same time. `clean`: nothing
   * happens to it.
   */
  attempt(clean: boolean): Promise<void>;
  /** A person wants the job to be cancelled; whoever holds it hears of that within so many milliseconds. */
  cancel(within?: number): Promise<void>;
  /** The metastore has lost everything. */
  lost(): void;
}

type Stopped = { kind: 'closing' | 'released'; after: number } | { kind: 'cancelled' };

class Released extends Error {}

const JOB = 'job-1';

const silent = (): undefined => undefined;
const SILENT = { debug: silent, info: silent, warn: silent, error: silent };

/** A runtime whose job was created. */
export function createRuntime(parts: RuntimeParts): Runtime {
  const { world, store, style, fence, createdAt, violations } = parts;
  const job: RuntimeJob = { started: 0, counted: 0, over: undefined, wish: undefined, results: [], processes: [] };
  let recordedWish = false;
  let repeated = 0;
  let current: { process: Process; cancel: () => void } | undefined;

  const attempt = async (clean: boolean): Promise<void> => {
    const number = (job.started += 1);
    // A runtime that lost count begins the same attempt again.
    if (!clean && parts.repeats && number > 1 && world.chance(0.25)) repeated += 1;
    const order = number - repeated;
    const process = healthyProcess(`A${number}`);
    job.processes.push(process);
    const faulty = (): boolean => !clean;
    const isNewest = (): boolean => number === job.started;
    const wished = recordedWish;
    let ended = false;
    let counts = true;
    let stopped: Stopped | undefined;
    let after = 0;
    let couldNotCancel = false;
    const mishaps = { process, faulty, working: 0 };
    const stoppedFor = (ms: number): void => {
      if (ms > 30_000 && world.chance(0.7)) world.after(world.between(30_000, Math.min(ms, 90_000)), takenForDead);
    };
    const crashPoint = clean ? undefined : misfortune(world, process, { ended: () => (ended = true), stopped: stoppedFor });
    const metastore = simMetastore(world, parts.metastore, process, { ...parts, faulty });
    const cored = { metastore, clock: world.clock(process), timer: world.timer(process), usedJobs: new Map<string, object>() };
    const own = withCoreParts(store, cored);
    const externalJob = parts.externalJob(process, faulty);
    world.note(`${process.name} starts${clean ? ', without misfortune' : ''}`);
    const running = beginAttempt(crashPoint ? withCrashPoint(own, crashPoint) : own, {
      scope: SCOPE,
      attempt: order,
      first: order === 1,
      createdAt,
      jobId: JOB,
      wait: parts.wait,
      externalJobs: [externalJob],
      logger: { ...SILENT, error: (_fields, message) => void (couldNotCancel ||= message.includes('were not cancelled')) },
      onCancelRequest: () => cancel(),
      async release(ms) {
        if (mishaps.working > 0) violations.push(`${process.name} is released, and works on state`);
        if (running.failure()) violations.push(`${process.name} is released, and owes a failure`);
        await world.delay(process, 5_000);
        if (faulty() && world.chance(0.1)) return;
        stopped ??= { kind: 'released', after: Number(ms) };
        throw new Released('released');
      },
      fence:
        fence === 'ordered'
          ? { kind: 'ordered', order: [1, order] }
          : { kind: 'drawn', prove: () => world.delay(process, 5_000).then(isNewest) },
    });
    const cancel = (): void => {
      if (stopped) return;
      world.note(`${process.name} is cancelled`);
      stopped = { kind: 'cancelled' };
      running.cancel(new Error('cancelled'));
    };
    current = { process, cancel };

    /** What the runtime makes of the end; it hears no more of an attempt that it has replaced. */
    const judge = async (error: unknown): Promise<void> => {
      const stale = isMooringError(error) && error.code === 'mooring.stale-attempt';
      if (stopped?.kind === 'cancelled' && !stale) {
        job.over = 'cancelled';
        return couldNotCancel ? undefined : parts.cancelled();
      }
      if (stopped && !stale && !running.failure()) {
        counts = false;
        after = stopped.kind === 'cancelled' ? 0 : stopped.after;
      } else if (isStoreOutage(error) && !running.failure()) {
        counts = false;
        after = world.between(1_000, 60_000);
      } else if (error instanceof AmbiguousSubmitError) await parts.answer();
      else if (isMooringError(error) && !error.retryable) job.over = 'failed';
    };
    /** Gives the job up after its last attempt. */
    const givesUp = (error: unknown): boolean =>
      clean && !stopped && !isStoreOutage(error) && !(error instanceof AmbiguousSubmitError) && job.counted + 1 >= parts.attempts;
    const live = async (): Promise<void> => {
      let error: unknown;
      let result: unknown;
      let failed = true;
      try {
        result = await runTask(world, running.context, externalJob, style, mishaps);
        failed = running.interrupted();
        if (failed) error = running.context.signal.reason;
        else if (result === 'swallowed') violations.push(`${process.name} swallowed the end, and nobody knew`);
      } catch (reason) {
        error = reason;
      }
      if (!failed) {
        world.note(`${process.name} returns ${String(result)}`);
        if (isNewest()) {
          if (wished && recordedWish) violations.push(`${process.name} was to be cancelled, and returned`);
          job.results.push(result);
          // A completion that is lost makes the runtime start the job again.
          if (clean || world.chance(0.8)) job.over ??= 'completed';
          await running.succeed();
        }
        return running[Symbol.asyncDispose]();
      }
      world.note(`${process.name} rejects: ${(error as Error).name}: ${(error as Error).message.slice(0, 90)}`);
      if (isNewest() && !ended && error instanceof StaleAttemptError && parts.rightful())
        violations.push(`${process.name} is the newest, and was refused`);
      await running.fail();
      const last = isNewest() && givesUp(error);
      if (last && world.chance(0.5)) {
        job.wish ??= 'gave-up';
        running.cancel(new Error('given up'), job.wish);
      }
      await running[Symbol.asyncDispose]();
      if (!isNewest() || ended) return;
      await judge(error);
      if (last && counts) job.over ??= error instanceof ExternalJobFailedError ? 'failed' : (error as Error).name;
      if (last && job.wish === 'gave-up' && !couldNotCancel) await parts.cancelled();
    };
    void live().then(
      () => (ended = true),
      (error: unknown) => {
        violations.push(`${process.name}: ${String(error)}`);
        ended = true;
      },
    );
    const takenForDead = (): void => {
      if (ended) return;
      world.note(`${process.name} is taken for dead`);
      ended = true;
      const hears = (): void => running.abort(new StaleAttemptError('its lock is lost'));
      if (world.chance(0.5)) world.after(world.between(0, 60_000), hears, process);
    };
    if (!clean) {
      const closing = (): void => {
        if (stopped || ended) return;
        world.note(`${process.name} closes`);
        stopped = { kind: 'closing', after: world.between(0, 5_000) };
        running.abort(new Error('closing'));
      };
      if (world.chance(0.2)) world.after(world.between(0, 150_000), closing, process);
      if (world.chance(0.3)) world.after(world.between(0, 200_000), takenForDead);
    }
    await world.until(() => ended);
    if (counts) {
      job.counted += 1;
      // The pause of the runtime between two attempts.
      if (world.chance(0.3)) after = Math.max(after, world.between(0, 6 * 60_000));
    }
    if (job.over === undefined && after > 0) {
      let over = false;
      world.after(after, () => (over = true));
      await world.until(() => over);
    }
  };

  return {
    job,
    attempt,
    async cancel(within = 30_000) {
      if (job.over !== undefined) return;
      world.note('a person wants the job to be cancelled');
      job.wish ??= 'requested';
      await requestCancellation(store, SCOPE, { jobId: JOB, reason: 'a person asked' });
      recordedWish = true;
      const asked = current;
      if (asked) world.after(world.between(0, within), () => asked.cancel(), asked.process);
    },
    lost() {
      recordedWish = false;
    },
  };
}
