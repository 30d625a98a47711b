/**
 * The part of BullMQ that is used, described by its shape: nothing here loads BullMQ, so that one adapter serves every major and
 * every copy of it. Checked against bullmq 5 and 6 by the types tests.
 */

/**
 * What BullMQ calls for a job. A function of exactly three declared parameters: BullMQ makes an abort signal only for one that
 * has them.
 */
export type ResumableProcessor<J, Result> = (job: J, token?: string, signal?: AbortSignal) => Promise<Result>;

/** A job as BullMQ hands it to a processor, in the worker's process (`Job`) or in a sandbox (`SandboxedJob`). */
export interface BullJob<Data = unknown> {
  id?: string;
  name: string;
  data: Data;
  /** When the job was added, in milliseconds by the clock of whoever added it. */
  timestamp: number;
  attemptsMade: number;
  /** The queue's name with its prefix. */
  queueQualifiedName: string;
  log(row: string): unknown;
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
  /** Not there in a sandbox. */
  extendLock?(token: string, duration: number): Promise<number>;
  updateProgress(progress: object): Promise<void>;
}

/** A worker, to `attach()` to. */
export interface BullWorker {
  on(event: 'closing' | 'completed' | 'failed', listener: (...args: never[]) => void): unknown;
}

/** A queue, to `wake()` a job of. */
export interface BullQueue {
  getJob(id: string): Promise<{ promote(): Promise<void> } | undefined>;
}

/** What a job carries beside `BullJob`; which of it depends on the version and on the sandbox. */
export interface JobDetails {
  attemptsStarted?: number;
  stalledCounter?: number;
  /** Of earlier failures; JSON in a sandbox. */
  stacktrace?: readonly unknown[] | string | null;
  progress?: unknown;
  finishedOn?: number;
  token?: string;
  opts?: { deduplication?: { replace?: boolean } };
  /** At run time the worker, although it is typed otherwise. */
  queue?: unknown;
}

/** What a worker carries beside `BullWorker`. */
export interface WorkerDetails {
  opts?: { lockDuration?: number; maxStartedAttempts?: number };
  closing?: unknown;
  /** The user's processor. */
  processFn?: unknown;
  /** There where the processor is a file, run in a sandbox. */
  childPool?: unknown;
  cancelAllJobs?(reason?: string): void;
}

/** A job with what it may carry. */
export function detailsOf(job: BullJob): BullJob & JobDetails {
  return job;
}

/** Whether something can be listened to as a worker is. */
export function isWorker(candidate: unknown): candidate is BullWorker & WorkerDetails {
  return (
    typeof candidate === 'object' &&
    candidate !== null &&
    typeof (candidate as Partial<BullWorker>).on === 'function' &&
    ('processFn' in candidate || 'lockManager' in candidate)
  );
}
