/** What the crash harness and its workers say to each other. */
import type { SystemKind } from '../batch-service/job.ts';
import type { Gap } from '../gaps.ts';

/** The data of a job: an echo, after a while. */
export interface EchoInput {
  /** Whose job it is at the batch service. */
  name: string;
  /** What the external system's job prints. */
  word: string;
  /** The external system's job ends when this file is there; at once where none is named. */
  gate?: string;
  /** So many submissions fail before one succeeds. */
  failures?: number;
}

/** A worker is to work at a queue. */
export interface Work {
  type: 'work';
  queue: string;
  system: SystemKind;
  /** What it does when an attempt of it first reaches a gap: dies, begins to close, or waits until it is told to go on. */
  at?: { gap: Gap; how: 'die' | 'close' | 'wait' };
  /** Whether it releases what waits. */
  releases?: boolean;
  /** How long a submit may take. */
  patience: keyof typeof SUBMIT_TIMEOUT;
  /** The metastore, where it is not the Redis of all. */
  metastorePort?: number;
}

/** What a worker is told. */
export type Order = Work | { type: 'go-on' } | { type: 'stop' } | { type: 'cancel'; queue: string; id: string };

/** What a worker tells. */
export type Message =
  | { type: 'ready' | 'reached' | 'stopped' | 'cancelled' }
  | { type: 'decision'; decision: string; attempt: number };

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

/** So long a submit may take. Short where an attempt that finds an open submission waits for its end, in milliseconds. */
export const SUBMIT_TIMEOUT = { short: 2_000, long: 20_000 };
/** So long the external system hides a job that it accepted from those who search. */
export const FIND_LAG = 300;
/** So long a command of a metastore that is about to stop may take, in milliseconds. */
export const COMMAND_TIMEOUT = 1_000;
/** How often the external job fails, where it is to fail. */
export const FAILURES = 1;
