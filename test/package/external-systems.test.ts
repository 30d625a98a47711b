import { beforeAll, expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { root } from './consumer.ts';

/** The examples of external systems: one file to copy, with its facts, a row in the table, and its proof. */

const FOLDER = join(root, 'examples', 'external-systems');
const LONGEST = 60;
/** What a user of the file has anyway. */
const MAY_IMPORT = /^(?:node:.+|mooring|bullmq|@temporalio\/client|@aws-sdk\/client-[\w-]+)$/;

let files: { name: string; text: string; head: string }[];
let table: string;

beforeAll(async () => {
  const names = (await readdir(FOLDER)).filter((file) => file.endsWith('.ts'));
  files = await Promise.all(
    names.map(async (file) => {
      const text = await readFile(join(FOLDER, file), 'utf8');
      return { name: file.slice(0, -3), text, head: text.slice(0, text.indexOf('*/')) };
    }),
  );
  table = await readFile(join(root, 'docs', 'external-systems.md'), 'utf8');
});

test(`each has fewer than ${LONGEST} lines`, () => {
  const long = files.filter(({ text }) => text.trimEnd().split('\n').length >= LONGEST);

  expect(long.map(({ name }) => name)).toEqual([]);
});

test('each can be copied alone', () => {
  const imports = files.flatMap(({ name, text }) =>
    [...text.matchAll(/ from '([^']+)'/g)].map(([, module = '']) => ({ name, module })),
  );

  expect(imports.filter(({ module }) => !MAY_IMPORT.test(module))).toEqual([]);
});

test('each head says what is done with a repeated key, its words, whether it was run', () => {
  const silent = files.filter(
    ({ head }) => !/repeated/.test(head) || !/Words/.test(head) || !/^ \* (?:Run|By hand|By its documentation)\b/m.test(head),
  );

  expect(silent.map(({ name }) => name)).toEqual([]);
});

test('each has its row in the table', () => {
  const rows = table.split('\n').filter((line) => line.startsWith('| ['));
  const named = rows.map((row) => /\(\.\.\/examples\/external-systems\/([\w-]+)\.ts\)/.exec(row)?.[1] ?? row);

  expect(named.toSorted((a, b) => a.localeCompare(b))).toEqual(
    files.map(({ name }) => name).toSorted((a, b) => a.localeCompare(b)),
  );
});

test('each that was run has a certificate of the drill, which it passed', async () => {
  const run = files.filter(({ head }) => /^ \* Run\b/m.test(head));

  const certificates = await Promise.all(
    run.map(async ({ name }) => [name, await readFile(join(root, 'docs', 'certificates', `${name}.md`), 'utf8')] as const),
  );

  for (const [name, text] of certificates) {
    expect(text).toMatch(/^passed +yes$/m);
    expect(text).toContain(`scripts/systems/${name}.drill.ts`);
    expect(table).toContain(`](certificates/${name}.md)`);
  }
});
