/**
 * The part of BullMQ that is used, described by its shape. Nothing here loads BullMQ, so that one adapter serves every major
 * version and every copy of it. Checked against bullmq 5 and 6 by the types tests.
 */

/** The function that BullMQ calls for a job. It declares exactly three parameters: BullMQ makes an abort signal only then. */
export type ResumableProcessor<J, Result> = (job: J, token?: string, signal?: AbortSignal) => Promise<Result>;

/** A job as BullMQ hands it to a processor, in the worker's process (`Job`) or in a sandbox (`SandboxedJob`). */
export interface BullJob<Data = unknown> {
  /** Identifies the job in its queue; a job without an ID has no state. */
  id?: string;
  /** The job's name: the task of its scope. */
  name: string;
  /** The data that it was added with. */
  data: Data;
  /** When the job was added, in milliseconds by the clock of whoever added it. */
  timestamp: number;
  /** How often it was tried and failed. */
  attemptsMade: number;
  /** The queue's name with its prefix. */
  queueQualifiedName: string;
  /** Adds a line to the job's log. */
  log(row: string): unknown;
  /** Gives the job back until a time in milliseconds since the epoch. */
  moveToDelayed(timestamp: number, token?: string): Promise<void>;
  /** Extends the lock by this many milliseconds; 1 if `token` still holds it. Missing in a sandbox. */
  extendLock?(token: string, duration: number): Promise<number>;
  /** Writes the job's progress. */
  updateProgress(progress: object): Promise<void>;
}

/** A worker, to `attach()` to. */
export interface BullWorker {
  /** Listens to what the worker does. */
  on(event: 'closing' | 'active' | 'completed' | 'failed', listener: (...args: never[]) => void): unknown;
}

/** A queue, to `wake()` or to cancel a job of. */
export interface BullQueue {
  /** Finds a job by its ID; `promote()` takes it out of its delay. */
  getJob(id: string): Promise<{ promote(): Promise<void> } | undefined>;
}

/** Properties that a job may have in addition to `BullJob`, depending on the version and on the sandbox. */
export interface JobDetails {
  attemptsStarted?: number;
  stalledCounter?: number;
  /** Stack traces of earlier failures; JSON in a sandbox. */
  stacktrace?: readonly unknown[] | string | null;
  progress?: unknown;
  finishedOn?: number;
  token?: string;
  opts?: {
    attempts?: number;
    deduplication?: { replace?: boolean; keepLastIfActive?: boolean; reschedule?: boolean };
    debounce?: { replace?: boolean };
  };
  /** Only bullmq 5. */
  discard?: unknown;
  discarded?: boolean;
  /** Missing in a sandbox. */
  promote?(): Promise<void>;
  /** One of BullMQ's words for where the job is. Missing in a sandbox. */
  getState?(): Promise<string>;
  /** At run time this is the worker, although it is typed otherwise. */
  queue?: unknown;
}

/** Properties that a worker may have in addition to `BullWorker`. */
export interface WorkerDetails {
  opts?: { lockDuration?: number; maxStartedAttempts?: number };
  closing?: unknown;
  /** The user's processor. */
  processFn?: object;
  /** Present if the processor is a file, run in a sandbox. */
  childPool?: unknown;
  cancelAllJobs?(reason?: string): void;
  extendJobLocks?: ExtendLocks;
}

/** Extends the locks of several jobs, and resolves to the IDs of those whose lock is not held under its token. */
export type ExtendLocks = (ids: string[], tokens: string[], duration: number) => Promise<string[]>;

/** The job, with the properties that it may have. */
export function detailsOf(job: BullJob): BullJob & JobDetails {
  return job;
}

/** Whether something can be listened to as a worker is. */
export function isWorker(candidate: unknown): candidate is BullWorker & WorkerDetails {
  const worker = Object(candidate) as Partial<BullWorker>;
  return typeof worker.on === 'function' && ('processFn' in worker || 'lockManager' in worker);
}
