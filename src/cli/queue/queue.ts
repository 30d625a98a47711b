import type { StateStore, TaskScope } from '../../index.ts';
import type { CallOptions } from '../../async/deadline.ts';
import type { StoreConfig } from '../../config/store-config.ts';

/** What the command does with a queue of BullMQ, so that a test can do without one. */

/** Which queue. */
export interface QueueName {
  readonly prefix: string;
  readonly queue: string;
}

/** The Redis of the queues, and how long one command of it may take. */
export type QueueConfig = Pick<StoreConfig, 'redis' | 'redisCredentials' | 'commandTimeout'>;

/**
 * The state of a job that was removed while a worker still wrote to it: its hash has neither a name nor a time, and no attempt
 * comes.
 */
export const REMAINS = 'remains';

/** A job of a queue, as it was when it was looked for. */
export interface RuntimeJob {
  /** One of BullMQ's words: `failed`, `delayed`, `active`, `waiting`, …; or {@link REMAINS}. */
  readonly state: string;
  /** The task of its scope, if that is not one of the user's own. */
  readonly task: string;
  /** When it was added, in milliseconds. */
  readonly timestamp: number;
  /** Why it failed, if it did. */
  readonly failedReason: string | undefined;
  /** Takes it out of the failed ones. */
  retry(call: CallOptions): Promise<void>;
  /** Takes it out of the delayed ones. False if it is not there any more. */
  promote(call: CallOptions): Promise<boolean>;
}

/** What is to be cancelled, and why. */
export interface CancelOrder extends CallOptions {
  readonly store: StateStore;
  readonly reason: string;
  /** The scope of the job's state; by queue, ID and time of creation if there is none. */
  readonly scope: TaskScope | undefined;
}

/** An open queue. Every call ends within the time that a command of Redis has. */
export interface RuntimeQueue {
  /** The job; `undefined` if there is none of this ID. */
  job(id: string, call: CallOptions): Promise<RuntimeJob | undefined>;
  /** Asks whoever holds the job to cancel it. False if there is no such job, or if it is over. */
  cancel(id: string, order: CancelOrder): Promise<boolean>;
  close(): Promise<void>;
}
