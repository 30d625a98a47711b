/** What the crash harness asks of a runtime. */
import type { EchoInput, Setting } from './messages.ts';
import type { CrashWorker } from './pool.ts';

/** The runtimes that there are. */
export const RUNTIMES = ['bullmq', 'temporal'] as const;

/** The name of one. */
export type RuntimeName = (typeof RUNTIMES)[number];

/** A job that was handed to the runtime. */
export interface StartedJob {
  /** Its end, when the runtime is through with it; nothing, where that is not so within these milliseconds. */
  end(within: number): Promise<Ended | undefined>;
  /** Somebody cancels it; `take` gives a worker that can do so. Resolves when the runtime knows. */
  cancel(take: () => Promise<CrashWorker>): Promise<void>;
  close(): Promise<void>;
}

/** How a job ended. */
export interface Ended {
  /** What it returned. */
  result: unknown;
  /** It ended with AmbiguousSubmitError. */
  ambiguous: boolean;
  /** It ended since somebody cancelled it. */
  cancelled: boolean;
  /** Why it failed. */
  reason?: string;
  /** Attempts that the runtime counted, where it does not count every start. */
  attempts?: number;
}

/** How a job is started. */
export interface StartOptions {
  /** As one that was created long after the namespace's first use. */
  old: boolean;
  /** So many attempts may be counted. @defaultValue 1 */
  attempts?: number;
}

/** A runtime. */
export interface CrashRuntime {
  readonly name: RuntimeName;
  /** The file of its worker processes. */
  readonly worker: URL;
  /** What its workers are told in addition to what all are told. */
  readonly setting: Pick<Setting, 'temporal'>;
  /** Whether a job is completed before its retention is shortened (G12), so that nobody takes it up again. */
  readonly completesBeforeG12: boolean;
  /** Hands a job to the workers of a queue. */
  start(queue: string, input: EchoInput, how: StartOptions): Promise<StartedJob>;
  /** Called after a namespace's first use: jobs from now on must look like those of a namespace that has long been in use. */
  aged(redisPort: number): Promise<void>;
}
