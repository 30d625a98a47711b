import type { StateStore } from '../index.ts';
import type { Flags, Given } from './flags.ts';
import type { CommandOutcome } from './outcome.ts';
import type { Input } from './input/stdin.ts';
import type { QueueName, RuntimeQueue } from './queue/queue.ts';
import type { Terminal } from './terminal.ts';
import type { Tools } from './tools.ts';

/** What a command is. */

/** What a command works with. */
export interface Work {
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  readonly input: Input;
  readonly tools: Tools;
  /** Whether the result is one JSON document: then nothing else goes to stdout. */
  readonly json: boolean;
}

/** What a command on a store works with. */
export interface StoreWork extends Work {
  /** Opens a queue of BullMQ for `work`, in the Redis of the queues, and closes it. */
  withQueue<T>(name: QueueName, work: (queue: RuntimeQueue) => Promise<T>): Promise<T>;
}

/** What all commands have. */
interface Described {
  /** One line of the list. */
  readonly summary: string;
  /** What stands after its name, if anything does. */
  readonly operands?: string;
  readonly flags: Flags;
  /** More for its own help. */
  readonly about: readonly string[];
  /** Lines to copy, and what each does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /**
   * The exit code if it could not do its work.
   * @defaultValue 1
   */
  readonly unable?: number;
  /**
   * What is true when a signal has interrupted it.
   * @defaultValue what was done stays done, and the next run goes on
   */
  readonly interrupted?: string;
}

/** A command that works on a store. Its flags are read before anything is opened. */
export interface StoreCommand extends Described {
  readonly kind: 'store';
  /** @throws `UsageError` */
  plan(given: Given): (store: StateStore, work: StoreWork) => Promise<CommandOutcome>;
}

/** A command that needs no store. */
export interface TextCommand extends Described {
  readonly kind: 'text';
  /** @throws `UsageError`, `ConfigError` */
  run(given: Given, env: Readonly<Record<string, string | undefined>>): CommandOutcome;
}

/** A command that runs a program of the user. */
export interface ProgramCommand extends Described {
  readonly kind: 'program';
  /** @throws `UsageError`, `ConfigError` */
  plan(given: Given, env: Readonly<Record<string, string | undefined>>): (work: Work) => Promise<CommandOutcome>;
}

/** A command. */
export type Command = StoreCommand | TextCommand | ProgramCommand;
