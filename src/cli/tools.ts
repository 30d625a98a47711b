import type { Clock } from '../async/clock.ts';
import type { serveBoard } from '../board/serve.ts';
import type { StoreConfig } from '../config/store-config.ts';
import type { Input } from './input/stdin.ts';
import type { CommandOutcome } from './outcome.ts';
import type { QueueConfig, QueueName, RuntimeQueue } from './queue/queue.ts';
import type { RuntimeActivities } from './temporal/activities.ts';
import type { doctor, reconcile, recover, StateStore, sweep } from '../index.ts';

/** What the command works with, so that a test can do without stores. */
export interface Tools {
  /** Opens the store that a configuration names. */
  open(config: StoreConfig): Promise<StateStore>;
  readonly sweep: typeof sweep;
  readonly reconcile: typeof reconcile;
  readonly recover: typeof recover;
  readonly doctor: typeof doctor;
  /** Runs a drill of a user's external job. */
  drill(order: DrillOrder, work: DrillWork): Promise<CommandOutcome>;
  /** Connects to a Temporal server. */
  temporal(address: string): Promise<RuntimeActivities>;
  readonly clock: Clock;
  /** Serves a board until the signal aborts. */
  readonly serveBoard: typeof serveBoard;
  /** Opens a queue of BullMQ. Connects with its first call. */
  queue(name: QueueName, config: QueueConfig): Promise<RuntimeQueue>;
  /** The version of the package. */
  version(): string;
}

/** What is drilled, and how. */
export interface DrillOrder {
  /** The module, as it was typed. */
  readonly module: string;
  /** Where Redis is; not needed if nothing is run. */
  readonly redis: Pick<StoreConfig, 'redis' | 'redisCredentials'> | undefined;
  /** Names with commas; all if there are none. */
  readonly gaps: string | undefined;
  /** Names with commas; those that every definition must survive if there are none. */
  readonly ends: string | undefined;
  readonly repeat: number;
  readonly concurrency: number;
  /** The longest that a run may take, in milliseconds. */
  readonly timeout: number;
  /** Only says what would be run. */
  readonly dryRun: boolean;
}

/** What a drill works with. */
export interface DrillWork {
  readonly signal: AbortSignal;
  /** Says how far it is. */
  progress(text: string): void;
  /** Says something in addition to the result. */
  note(text: string): void;
}

/** What surrounds the command. */
export interface World {
  /** What was typed after `mooring`. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Ends the work, as Ctrl-C does. */
  readonly signal: AbortSignal;
  readonly input: Input;
  readonly tools: Tools;
}
