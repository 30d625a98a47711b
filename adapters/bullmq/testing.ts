/** `mooring/bullmq/testing`: jobs for tests of processors. Needs no Redis and no queue, and loads no BullMQ. */
import { randomUUID } from 'node:crypto';
import { isMove, UNRECOVERABLE } from './attempt/errors.ts';
import type { BullJob, ResumableProcessor } from './runtime.ts';

/** The properties of a fake job. Add whatever else your processor uses of its job, such as `getChildrenValues`. */
export interface FakeJobFields<Data> {
  /** The data that the job was added with. */
  data: Data;
  /**
   * Identifies the job in its queue.
   * @defaultValue a random one, so that no two fake jobs share their state
   */
  id?: string;
  /**
   * The job's name.
   * @defaultValue 'test'
   */
  name?: string;
  /**
   * When the job was added, in milliseconds.
   * @defaultValue now
   */
  timestamp?: number;
  /**
   * The queue's name with its prefix.
   * @defaultValue 'bull:test'
   */
  queueQualifiedName?: string;
  /**
   * The job's options: after this many `attempts` a failure is final.
   * @defaultValue one attempt
   */
  opts?: { attempts?: number };
  /** Whatever else the job has. */
  [more: string]: unknown;
}

/** A job without a queue. Its counters are BullMQ's: tries that failed, and starts. */
export interface FakeJob<Data = unknown> extends BullJob<Data> {
  /** Identifies the job in its queue. */
  id: string;
  /** The options of the job. */
  opts: { attempts?: number };
  /** How often it was started. */
  attemptsStarted: number;
  /** Lines of its log. */
  readonly logs: readonly string[];
  /** What was last written as its progress; 0 before that. */
  progress: unknown;
  /** Until when the last start released it; `undefined` if it did not. */
  delayedUntil: Date | undefined;
  /** When it was completed, or finally failed, in milliseconds. */
  finishedOn: number | undefined;
  /**
   * Runs a processor as a worker would: takes the lock, which an earlier start loses, and counts a failure. Start the job again
   * for its next attempt.
   *
   * @throws what the processor rejects with: also a `DelayedError` if it released the job, and a `RateLimitError` if it handed it back.
   */
  start<J extends { data: unknown }, Result>(
    this: { readonly data: J['data'] },
    processor: ResumableProcessor<J, Result>,
    options?: StartOptions,
  ): Promise<Result>;
}

/** Options of a start: a `signal` that aborts is `worker.cancelJob()`, with its reason. */
export interface StartOptions {
  signal?: AbortSignal;
}

/** Stands for its worker, which a job of BullMQ has under this name. */
interface WithWorker {
  queue: { processFn: undefined; on(event: string, listener: Listener): void };
}

type Listener = (job: unknown) => void;

/** Makes a job that a processor of `withState`, `resumableProcessor` or `runWithState` accepts as a job of BullMQ. */
export function fakeJob<Data>(fields: FakeJobFields<Data>): FakeJob<Data> {
  const listeners: [event: string, listener: Listener][] = [];
  const tell = (event: 'completed' | 'failed'): void => {
    for (const [heard, listener] of listeners) if (heard === event) listener(job);
  };
  const logs: string[] = [];
  let holder: string | undefined;

  const job: FakeJob<Data> & WithWorker = {
    id: randomUUID(),
    name: 'test',
    timestamp: Date.now(),
    attemptsMade: 0,
    attemptsStarted: 0,
    queueQualifiedName: 'bull:test',
    opts: {},
    progress: 0,
    delayedUntil: undefined,
    finishedOn: undefined,
    logs,
    queue: { processFn: undefined, on: (event, listener) => void listeners.push([event, listener]) },
    log: (row) => logs.push(row),
    extendLock: (token) => Promise.resolve(token === holder ? 1 : 0),
    async moveToDelayed(timestamp, token) {
      // BullMQ's code for a job that another holds.
      if (token !== holder) throw Object.assign(new Error('the lock of the job is not held'), { code: -6 });
      job.delayedUntil = new Date(timestamp);
    },
    async updateProgress(progress) {
      job.progress = progress;
    },
    async start<J extends { data: unknown }, Result>(processor: ResumableProcessor<J, Result>, { signal }: StartOptions = {}) {
      const token = randomUUID();
      holder = token;
      job.attemptsStarted += 1;
      job.delayedUntil = undefined;
      job.finishedOn = undefined;
      try {
        const result = await processor(job as unknown as J, token, signal ?? new AbortController().signal);
        if (holder === token) completed();
        return result;
      } catch (error) {
        if (holder === token && !isMove(error)) failed(error);
        throw error;
      } finally {
        if (holder === token) holder = undefined;
      }
    },
    ...fields,
  };
  const completed = (): void => {
    job.finishedOn = Date.now();
    tell('completed');
  };
  const failed = (error: unknown): void => {
    job.attemptsMade += 1;
    const isFinal = (Object(error) as Error).name === UNRECOVERABLE || job.attemptsMade >= (job.opts.attempts ?? 1);
    if (isFinal) job.finishedOn = Date.now();
    tell('failed');
  };
  return job;
}
