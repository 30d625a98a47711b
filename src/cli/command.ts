import type { StateStore } from '../index.ts';
import type { Flags, Given } from './flags.ts';
import type { Terminal } from './terminal.ts';
import type { Tools } from './tools.ts';

/** What a command is. */

/** How the command ends. One that a signal interrupted ends with 128 and the number of the signal. */
export const EXIT: Readonly<Record<'ok' | 'failed' | 'usage', number>> = {
  ok: 0,
  /** It failed, or it found what is wrong. */
  failed: 1,
  /** The command line, or the configuration, is invalid. */
  usage: 2,
};

/** What a command did or found. */
export interface CommandOutcome {
  readonly code: number;
  /** For `--json`: the properties in addition to the name of the command. */
  readonly report: object;
  /** The outcome in words, for people. */
  readonly lines: readonly string[];
  /** Notes for people, in addition to the result. */
  readonly notes?: readonly string[];
}

/** What a command works with. */
export interface Work {
  readonly signal: AbortSignal;
  readonly terminal: Terminal;
  readonly tools: Tools;
  /** Whether the result is one JSON document: then nothing else goes to stdout. */
  readonly json: boolean;
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
}

/** A command that works on a store. Its flags are read before anything is opened. */
export interface StoreCommand extends Described {
  readonly kind: 'store';
  /** @throws `UsageError` */
  plan(given: Given): (store: StateStore, work: Work) => Promise<CommandOutcome>;
}

/** A command that needs no store. */
export interface TextCommand extends Described {
  readonly kind: 'text';
  /** @throws `UsageError`, `ConfigError` */
  run(given: Given, env: Readonly<Record<string, string | undefined>>): CommandOutcome;
}

/** A command. */
export type Command = StoreCommand | TextCommand;
