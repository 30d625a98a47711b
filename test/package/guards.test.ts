import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../../scripts/build.ts';
import { GUARDS } from '../../scripts/guards/list.ts';

/** The list of `npm run guards` follows the sources: here only that each guard is still where it says; the proof takes minutes. */

test.each(GUARDS)('the guard stands: $name', async ({ file, remove, test: { file: testFile } }) => {
  const source = await readFile(join(ROOT, file), 'utf8');

  expect(source.split(remove.text).length - 1).toBe(1);
  expect(remove.by).not.toBe(remove.text);
  await expect(readFile(join(ROOT, testFile), 'utf8')).resolves.toBeTruthy();
});

test('no two guards have one name, and every invariant has one', () => {
  const names = GUARDS.map(({ name }) => name);

  expect(new Set(names).size).toBe(names.length);
  for (let at = 1; at <= 10; at += 1) expect(names.some((name) => name.startsWith(`I${at} `))).toBe(true);
});
