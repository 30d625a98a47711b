import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { COMMANDS } from '../../../../src/cli/commands.ts';
import { flagsOf } from '../../../../src/cli/help.ts';
import { runCommand } from '../../../support/command.ts';

/** Completion: of bash as bash does it, of the others by their text. */

const script = async (shell: string): Promise<string> => (await runCommand(['completion', shell])).stdout;

/** What a real bash offers for the last of these words. */
async function offered(...words: readonly string[]): Promise<string[]> {
  const typed = words.map((word) => `'${word}'`).join(' ');
  const ask = `COMP_WORDS=(${typed}); COMP_CWORD=${words.length - 1}; _mooring; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const told = execFileSync('bash', ['--norc', '-uc', `${await script('bash')}\n${ask}`], { encoding: 'utf8' });
  return told.split('\n').filter(Boolean);
}

describe('bash', () => {
  test('is offered the commands', async () => {
    expect(await offered('mooring', '')).toEqual([...COMMANDS.keys(), 'help', '--help', '--version']);
    expect(await offered('mooring', 're')).toEqual(['reopen', 'retry', 'reconcile', 'recover']);
  });

  test('is offered the flags of each command', async () => {
    for (const [name, command] of COMMANDS) {
      const flags = Object.keys(flagsOf(command)).map((flag) => `--${flag}`);
      expect(await offered('mooring', name, '--')).toEqual(flags);
    }
  });

  test.each([
    [
      ['jobs', '--state', 'sub'],
      ['submitting', 'submitted'],
    ],
    [['jobs', '--name', ''], []],
    [['lifecycle', ''], expect.arrayContaining(['s3', 'gcs', '--flow'])],
    [['completion', 'z'], ['zsh']],
    [['help', 'orp'], ['orphans']],
    [['no-such-command', ''], []],
  ])('after %j it is offered what fits', async (words, fitting) => {
    expect(await offered('mooring', ...words)).toEqual(fitting);
  });

  test('registers the function', async () => {
    const told = execFileSync('bash', ['--norc', '-uc', `${await script('bash')}\ncomplete -p mooring`], { encoding: 'utf8' });

    expect(told).toBe('complete -o default -F _mooring mooring\n');
  });
});

describe('zsh', () => {
  test('is told each command with its flags', async () => {
    const text = await script('zsh');

    expect(text).toMatch(/^#compdef mooring\n/);
    for (const [name, command] of COMMANDS) {
      const line = text.split('\n').find((one) => one.startsWith(`    ${name}) _arguments `)) ?? '';
      for (const flag of Object.keys(flagsOf(command))) expect(line).toMatch(new RegExp(`'\\*?--${flag}\\[`));
    }
    expect(text).toContain(
      "'--state[ambiguous, submitting, submitted, failed or succeeded; several with commas (the first four)]:state:(ambiguous",
    );
  });

  test('is told which flags may be given several times', async () => {
    const text = await script('zsh');

    expect(text).toContain("'*--former-path[");
    expect(text).toContain(" '--redis[");
  });

  test('has every quote closed', async () => {
    for (const line of (await script('zsh')).split('\n'))
      expect(line.replaceAll(String.raw`'\''`, '').split("'").length % 2).toBe(1);
  });
});

describe('fish', () => {
  test('is told each command with its flags', async () => {
    const lines = (await script('fish')).split('\n');

    for (const [name, command] of COMMANDS) {
      expect(lines.some((line) => line.startsWith(`complete -c mooring -n __fish_use_subcommand -a ${name} -d '`))).toBe(true);
      for (const flag of Object.keys(flagsOf(command))) {
        expect(lines.filter((line) => line.includes(`_from ${name}' -l ${flag} `))).toHaveLength(1);
      }
    }
  });
});

test.each([[[]], [['tcsh']], [['toString']], [['bash', 'zsh']]])('%j is refused', async (words) => {
  expect(await runCommand(['completion', ...words])).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('bash, zsh, fish'),
  });
});
