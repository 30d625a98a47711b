/** What the crash harness and its workers say to each other. */
import type { Side } from '../batch-service/job.ts';
import type { Gap } from '../gaps.ts';

/** The data of a job: an echo, after a while. */
export interface EchoInput {
  /** Whose job it is at the batch service. */
  name: string;
  /** What the far side's job prints. */
  word: string;
  /** The far side's job ends when this file is there; at once where none is named. */
  gate?: string;
}

/** What a worker is told. */
export type Order = { type: 'work'; queue: string; side: Side; killAt?: Gap } | { type: 'stop' };

/** What a worker tells. */
export type Message = { type: 'ready' | 'stopped' } | { type: 'decision'; decision: string };

/** Where a worker finds the others, as its one argument. */
export interface Setting {
  redisPort: number;
  batchUrl: string;
  /** Temporal's server. */
  temporal?: { address: string };
}

/** What the worker that runs the workflows is told: Temporal's server, the file of the workflows' code, and their queue. */
export interface WorkflowSetting {
  address: string;
  bundle: string;
  queue: string;
}

/** So long a submit may take. Short, since an attempt that finds an open submission waits for its end. */
export const SUBMIT_TIMEOUT = 2_000;
/** So long the far side hides a job that it accepted from those who search. */
export const FIND_LAG = 300;
