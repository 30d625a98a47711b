/** What the crash harness tells its workers in addition to what every harness does. */
import type { SystemKind } from '../batch-service/job.ts';

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

/** Which external job a worker works for, and with which metastore. */
export interface EchoWork {
  system: SystemKind;
  /** How long a submit may take. */
  patience: keyof typeof SUBMIT_TIMEOUT;
  /** The metastore, where it is not the Redis of all. */
  metastore?: MetastoreAddress;
}

/** Where the metastore of one run alone is: a server, a Sentinel that knows it, or a node of a Cluster. */
export interface MetastoreAddress {
  kind: 'single' | 'sentinel' | 'cluster';
  port: number;
  /** Whether a write counts only once a replica has it. */
  replicas: boolean;
}

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
