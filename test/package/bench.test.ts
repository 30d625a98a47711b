import { expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { BENCHES } from '../../bench/benches/list.ts';
import type { Report } from '../../bench/harness/run.ts';
import { run } from '../../scripts/command.ts';
import { root } from './consumer.ts';

/** `npm run bench`: what the docs name exists, and each bench measures something. */

const TINY = [
  '--rounds',
  '1',
  '--seconds',
  '0.01',
  '--sizes',
  '2k',
  '--lanes',
  '2',
  '--keys',
  '2',
  '--jobs',
  '2',
  '--scopes',
  '2,4',
];

test('each bench that a page names exists', async () => {
  const pages = [
    'README.md',
    'CONTRIBUTING.md',
    'bench/README.md',
    ...(await readdir(join(root, 'docs'))).map((page) => `docs/${page}`),
  ];
  const texts = await Promise.all(pages.filter((page) => page.endsWith('.md')).map((page) => readFile(join(root, page), 'utf8')));

  const named = texts.flatMap((text) => [
    ...[...text.matchAll(/<!-- bench ([\w-]+)/g)].map(([, name]) => name),
    ...[...text.matchAll(/npm\s+run(?: --silent)?\s+bench\s+--\s+((?:[a-z][\w-]+ ?)+)/g)].flatMap(([, names]) =>
      names?.trim().split(' '),
    ),
  ]);

  expect(named.length).toBeGreaterThan(10);
  expect(named.filter((name) => name === undefined || !(name in BENCHES || name === 'all'))).toEqual([]);
});

test('each bench measures all of its sides', async () => {
  const ended = await run('npx', ['tsx', 'bench/main.ts', ...Object.keys(BENCHES), '--json', ...TINY], { cwd: root });

  expect(ended).toMatchObject({ code: 0 });
  const { results } = JSON.parse(ended.stdout) as Report;
  expect(Object.keys(results).toSorted()).toEqual(Object.keys(BENCHES).toSorted());
  const sides = Object.values(results).flatMap((all) => all.flatMap(({ sides }) => sides));
  expect(sides.filter(({ figures }) => figures.length === 0 || figures.some(({ median }) => !Number.isFinite(median)))).toEqual(
    [],
  );
}, 120_000);

test.each([
  ['a name that is none', ['nothing'], 'no bench is called nothing'],
  ['a size that is none', ['set', '--sizes', 'large'], '--sizes: "large" is no number above 0'],
  ['a commit that is none', ['set', '--against', 'no-such-commit'], 'no-such-commit'],
])('%s is refused in one line', async (_what, args, said) => {
  const ended = await run('npx', ['tsx', 'bench/main.ts', ...args], { cwd: root });

  expect(ended.code).toBe(1);
  expect(ended.stderr).toContain(said);
});
