/** What the crash harness asks of a runtime. */
import type { EchoInput, Setting } from './messages.ts';

/** The runtimes that there are. */
export const RUNTIMES = ['bullmq', 'temporal'] as const;

/** The name of one. */
export type RuntimeName = (typeof RUNTIMES)[number];

/** A job that was handed to the runtime. */
export interface StartedJob {
  /** Its end, when the runtime is through with it; nothing, where that is not so within these milliseconds. */
  end(within: number): Promise<Ended | undefined>;
  close(): Promise<void>;
}

/** How a job ended. */
export interface Ended {
  /** What it returned. */
  result: unknown;
  /** It ended with AmbiguousSubmitError. */
  ambiguous: boolean;
}

/** A runtime. */
export interface CrashRuntime {
  readonly name: RuntimeName;
  /** The file of its worker processes. */
  readonly worker: URL;
  /** What its workers are told beside what all are told. */
  readonly setting: Pick<Setting, 'temporal'>;
  /** Whether a job is completed before its retention is shortened (G12), so that nobody takes it up again. */
  readonly completesBeforeG12: boolean;
  /** Hands a job to the workers of a queue. `old`: as one that was created long after the namespace's first use. */
  start(queue: string, input: EchoInput, how: { old: boolean }): Promise<StartedJob>;
  /** Called after the namespace's first use: jobs from now on must look like those of a namespace that has long been in use. */
  aged(): Promise<void>;
}
