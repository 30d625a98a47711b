import type { Gap } from '../../src/job/protocol/crash-point.ts';
import type { GapStop, WorkerMessage } from './messages.ts';
import type { CrashWorker } from './pool.ts';
import type { JobEnd, StartedJob } from './runtime.ts';
import type { Counted } from './table.ts';

/** Where a run plays: its external system, its workers, and what is done to them. */

/** What is particular to the external system of one run. */
export interface CellSystem {
  /** The queue of the run, which no other run has. */
  readonly queue: string;
  /** The data of the job. */
  readonly input: unknown;
  /** What its workers are told in addition. */
  readonly extra: unknown;
  /** So many attempts may be counted. */
  readonly attempts: number;
  /** Whether its workers release what waits. */
  readonly releases: boolean;
  /** How long after a gap was reached a worker dies in it, in milliseconds. */
  readonly delay?: number;
  /** What is done in place of what the harness does for the way in which the attempt ends. */
  readonly act?: Act;
  /** Called before the first worker begins. True if the external system kills it: it holds the request or the reply until then. */
  arm?(first: CrashWorker): Promise<boolean>;
  /** Lets the external job end, if it waits for that. May be called more than once. */
  open(): void;
  /** Hears what the workers tell. */
  hear?(message: WorkerMessage): void;
  /** Counts, when all is over; `ended` is how the job ended, if it did. */
  count(ended: JobEnd | undefined): Promise<Counted>;
  /** Leaves nothing behind. */
  close(): Promise<void>;
}

/** One run, as the acts see it. */
export interface Stage {
  readonly gap: Gap;
  readonly system: CellSystem;
  /** Whether a job is completed before its retention is shortened (G12). */
  readonly completesBeforeG12: boolean;
  /** The longest that anything may take, in milliseconds. */
  readonly timeout: number;
  /** Ends all waits. */
  readonly signal: AbortSignal;
  readonly first: CrashWorker;
  /** What attempts have decided. */
  readonly decisions: readonly string[];
  /** Starts the first worker. */
  begin(at?: GapStop): void;
  /** Starts another one. */
  takeOver(): Promise<CrashWorker>;
  start(): Promise<StartedJob>;
  /** Somebody cancels the job. */
  cancel(job: StartedJob): Promise<void>;
}

/** What an act came to. */
export interface Acted {
  job: StartedJob;
  /** Why the run is of no use. */
  trouble?: string;
}

/** Lets the first attempt end in one way. The job then goes on to its end. */
export type Act = (stage: Stage) => Promise<Acted>;
