import { CONNECTION_VARIABLE, VARIABLES } from '../config/variables.ts';
import { ADDRESS_OPERANDS } from './address/address.ts';
import type { Command } from './command.ts';
import type { Flags } from './flags.ts';
import { STORE_FLAGS } from './store-flags.ts';

/** The help texts of the command, made from the same tables that it works by. */

/** Flags of every command. */
const COMMON_FLAGS: Flags = {
  json: { holds: 'print one JSON document' },
  verbose: { holds: 'also say what happens on the way, and where an error came from' },
  help: { short: 'h', holds: 'print this' },
};

/** The help of `mooring` itself. */
export function generalHelp(commands: ReadonlyMap<string, Command>): string {
  return [
    'mooring: state of resumable jobs, from a terminal.',
    '',
    'Usage: mooring <command> [flags]',
    '',
    'Commands',
    ...table([...commands].map(([name, command]) => [[name, shortOperands(command)].filter(Boolean).join(' '), command.summary])),
    '',
    'mooring <command> --help says more of one; mooring --version prints the version.',
    '',
    'Environment',
    ...table([
      ...Object.values(VARIABLES).map(({ name, holds }): [string, string] => [name, holds]),
      [`${CONNECTION_VARIABLE}<ID>`, 'JSON of options for the client of a bucket: {"region":"eu-central-1"}'],
    ]),
    '',
    'Exit codes',
    ...table([
      ['0', 'done, and nothing is wrong'],
      ['1', 'it failed, or something is wrong'],
      ['2', 'what was typed, or the configuration, is invalid'],
      ['130, 143', 'interrupted, by Ctrl-C or a request to end'],
    ]),
  ].join('\n');
}

/** The words of a command for the list: what names a job is one of them. */
function shortOperands({ operands }: Command): string | undefined {
  return operands?.replace(ADDRESS_OPERANDS, 'JOB');
}

/** All flags of a command. */
export function flagsOf(command: Command): Flags {
  return { ...command.flags, ...(command.kind === 'store' && STORE_FLAGS), ...COMMON_FLAGS };
}

/** The help of one command. */
export function commandHelp(name: string, command: Command): string {
  const { operands, summary, about, examples } = command;
  return [
    `mooring ${name}: ${summary}.`,
    '',
    `Usage: mooring ${[name, operands].filter(Boolean).join(' ')} [flags]`,
    '',
    ...about,
    '',
    'Examples',
    ...table(examples),
    '',
    'Flags',
    ...table(
      Object.entries(flagsOf(command)).map(([flag, { value, short, holds }]) => [
        `${short ? `-${short}, ` : ''}--${flag}${value === undefined ? '' : ` ${value}`}`,
        holds,
      ]),
    ),
  ].join('\n');
}

function table(rows: readonly (readonly [string, string])[]): string[] {
  const width = Math.max(...rows.map(([name]) => name.length));
  return rows.map(([name, text]) => `  ${name.padEnd(width)}  ${text}`);
}
