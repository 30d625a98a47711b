import { beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { ADDRESS_FLAGS } from '../../../src/cli/address/address.ts';
import { COMMANDS } from '../../../src/cli/commands.ts';
import type { Flag, Flags } from '../../../src/cli/flags.ts';
import { flagsOf } from '../../../src/cli/help.ts';
import { STORE_FLAGS } from '../../../src/cli/store-flags.ts';
import { runCommand } from '../../support/command.ts';

/** docs/command.md says what the tables of the command say. */

let page: string;

beforeAll(async () => {
  page = await readFile(new URL('../../../docs/command.md', import.meta.url), 'utf8');
});

/** What stands under a heading; all before the first one without a heading. */
function under(heading?: string): string {
  const start = heading === undefined ? 0 : page.indexOf(`\n## ${heading}\n`) + 1;
  if (heading !== undefined && start === 0) return '';
  const end = page.indexOf('\n## ', start);
  return page.slice(start, end < 0 ? undefined : end);
}

/** The rows of flags in a piece of the page. */
const rowsIn = (text: string): string[] => text.split('\n').filter((line) => /^\| `(?:-\w, )?--/.test(line));

function rowOf([name, { value, short, holds }]: [string, Flag]): string {
  const shown = `${short === undefined ? '' : `-${short}, `}--${name}${value === undefined ? '' : ` ${value}`}`;
  return `| \`${shown}\` | ${holds} |`;
}

/** The flags that a command has alone. */
const own = (flags: Flags): [string, Flag][] => Object.entries(flags).filter(([name, flag]) => ADDRESS_FLAGS[name] !== flag);

describe.each([...COMMANDS])('mooring %s', (name, command) => {
  test('has its usage on the page', () => {
    const usage = ['mooring', name, command.operands, '[flags]'].filter(Boolean).join(' ');

    expect(under(`\`mooring ${name}\``)).toContain(`\`\`\`text\n${usage}\n\`\`\``);
  });

  test('has its flags on the page, with no others', () => {
    expect(rowsIn(under(`\`mooring ${name}\``))).toEqual(own(command.flags).map(rowOf));
  });

  test('has its examples on the page', () => {
    const shown = under(`\`mooring ${name}\``);

    for (const [line, does] of command.examples) expect(shown.replace(/ +# /g, ' # ')).toContain(`\n${line} # ${does}\n`);
  });

  test('has examples that its help shows', async () => {
    const { stdout } = await runCommand([name, '--help']);

    expect(command.examples.length).toBeGreaterThan(0);
    for (const [line] of command.examples) expect(stdout).toContain(`  ${line} `);
  });
});

test('the page has no other command', () => {
  const named = [...page.matchAll(/^## `mooring (.+)`$/gm)].map(([, name]) => name);

  expect(named).toEqual([...COMMANDS.keys()]);
});

test('the page has the flags of all commands', () => {
  const common = Object.entries(flagsOf({ kind: 'text', summary: '', flags: {}, about: [], examples: [], run: unused }));

  expect(rowsIn(under())).toEqual([...Object.entries(STORE_FLAGS), ...common].map(rowOf));
  expect(rowsIn(under('How a job is named'))).toEqual(Object.entries(ADDRESS_FLAGS).map(rowOf));
});

function unused(): never {
  throw new Error('no command is run here');
}

test('the page has the exit codes of the help', async () => {
  const { stdout } = await runCommand(['--help']);

  const codes = stdout
    .slice(stdout.indexOf('Exit codes'))
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => line.trim().split(/ {2,}/));

  expect(codes.length).toBe(4);
  for (const [code, holds] of codes) expect(under('Exit codes')).toContain(`| ${code} | ${holds} |`);
});
