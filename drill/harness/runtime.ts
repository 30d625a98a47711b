import type { CrashWorker } from './pool.ts';

/** What the harness asks of a runtime. */

/** A job that was handed to the runtime. */
export interface StartedJob {
  /** Its end, when the runtime is through with it; nothing, if it has none within these milliseconds or before the signal aborts. */
  end(within: number, signal?: AbortSignal): Promise<JobEnd | undefined>;
  /** Somebody cancels it; `take` gives a worker that can do so. Resolves when the runtime knows. */
  cancel(take: () => Promise<CrashWorker>): Promise<void>;
  close(): Promise<void>;
}

/** How a job ended. */
export interface JobEnd {
  /** Whether it returned something, be it `undefined`. */
  completed: boolean;
  /** What it returned. */
  result: unknown;
  /** It ended with AmbiguousSubmitError. */
  ambiguous: boolean;
  /** It ended since somebody cancelled it. */
  cancelled: boolean;
  /** Why it failed. */
  reason?: string;
  /** Attempts that the runtime counted, if it does not count every start. */
  attempts?: number;
}

/** How a job is started. */
export interface JobStart {
  /** As one that was created long after the namespace's first use. */
  old: boolean;
  /** So many attempts may be counted. */
  attempts: number;
}

/** A runtime. */
export interface CellRuntime {
  /** Whether a job is completed before its retention is shortened (G12), so that nobody takes it up again. */
  readonly completesBeforeG12: boolean;
  /** Hands a job to the workers of a queue. */
  start(queue: string, input: unknown, how: JobStart): Promise<StartedJob>;
}
