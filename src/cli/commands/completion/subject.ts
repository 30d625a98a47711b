import type { Command } from '../../command.ts';
import { flagsOf } from '../../help.ts';

/** What a shell is told of the command, from the tables that it works by. */

/** A flag, as a shell completes it. */
export interface CompletedFlag {
  readonly name: string;
  readonly short: string | undefined;
  readonly holds: string;
  /** What follows it: one of some words, a file, or a text of which nothing is known. `undefined`: nothing follows. */
  readonly value: readonly string[] | 'file' | 'text' | undefined;
  readonly many: boolean;
}

/** A command, as a shell completes it. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly CompletedFlag[];
  /** What may stand after its name. */
  readonly operands: readonly string[] | 'file' | 'text';
}

/** All commands. `help` takes their names. */
export function completed(commands: ReadonlyMap<string, Command>): CompletedCommand[] {
  const found = [...commands].map(([name, command]): CompletedCommand => {
    const flags = Object.entries(flagsOf(command)).map(([flag, { value, words, holds, short, many }]): CompletedFlag => {
      const follows = value === undefined ? undefined : (words ?? (value === 'FILE' ? 'file' : 'text'));
      return { name: flag, short, holds, value: follows, many: many === true };
    });
    return { name, summary: command.summary, flags, operands: operandsOf(command) };
  });
  const help: CompletedCommand = {
    name: 'help',
    summary: 'say more of a command',
    flags: [],
    operands: found.map(({ name }) => name),
  };
  return [...found, help];
}

function operandsOf({ operands = '' }: Command): CompletedCommand['operands'] {
  if (/^[\w-]+(?:\|[\w-]+)+$/.test(operands)) return operands.split('|');
  return operands === 'MODULE' ? 'file' : 'text';
}
