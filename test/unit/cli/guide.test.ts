import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { COMMANDS } from '../../../src/cli/commands.ts';
import { flagsOf } from '../../../src/cli/help.ts';

/** The commands that the operator's guide and the errors tell people to type are there, with their flags. */

/** What is wrong with the commands of a text. */
function faultsOf(text: string): string[] {
  const typed = [...text.matchAll(/\bmooring ([a-z][a-z-]*)((?: [^`\n|;,]*)?)/g)];
  return typed.flatMap(([whole, name = '', rest = '']) => {
    const command = COMMANDS.get(name);
    if (!command) return [`${whole}: no such command`];
    const flags = [...rest.matchAll(/(?<=\s)--([a-z-]+)/g)].map(([, flag = '']) => flag);
    return flags.filter((flag) => !Object.hasOwn(flagsOf(command), flag)).map((flag) => `${whole}: no flag --${flag}`);
  });
}

test.each(['docs/operating-jobs.md', 'src/model/errors/job.ts'])('what %s tells people to type is there', async (file) => {
  const text = await readFile(new URL(`../../../${file}`, import.meta.url), 'utf8');

  expect(text).toContain('mooring adopt');
  expect(faultsOf(text)).toEqual([]);
});

test.each(['`mooring adpot a b`', 'run mooring jobs --states ambiguous\n'])('a slip in %j is seen', (text) => {
  expect(faultsOf(text)).toHaveLength(1);
});
