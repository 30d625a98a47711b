import { expect, test } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { root } from './consumer.ts';

/** The page of the board in the package is the one that the folder `page` gives. */

test('the board has the page of its sources: else run `npm run page`', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-page-'));
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');
  const file = join(folder, 'page.ts');

  const { code, stderr } = await run(process.execPath, [tsx, 'scripts/page.ts', file], { cwd: root });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await readFile(join(root, 'src/board/page.ts'), 'utf8')).toBe(await readFile(file, 'utf8'));
  await rm(folder, { recursive: true });
});
