/** What the demo asks of a runtime. */
import type { Digest, DigestInput, WorkerSetting } from './messages.ts';

/** The runtimes that there are. */
export const RUNTIMES = ['bullmq', 'temporal'] as const;

/** The name of one. */
export type RuntimeName = (typeof RUNTIMES)[number];

/** A job that was handed to the runtime. */
export interface StartedJob {
  /** As the timeline says it. */
  readonly started: string;
  /** Its result; nothing where it has none. */
  readonly result: Promise<Digest | undefined>;
  /** How often it was tried. */
  attempts(): Promise<number>;
}

/** A runtime. */
export interface DemoRuntime {
  readonly name: RuntimeName;
  /** The files of its worker processes: with Mooring, and as people write it by hand. */
  readonly workers: { mooring: URL; byHand: URL };
  /** What its workers are told in addition to what all are told. */
  readonly setting: Pick<WorkerSetting, 'temporal'>;
  /** Hands the job to the workers. */
  start(input: DigestInput): Promise<StartedJob>;
}
