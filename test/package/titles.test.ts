import { expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { GUARDS } from '../guards/list.ts';
import { root } from './consumer.ts';

/** Tests that read as specifications: one claim a title, what is arranged, done and asserted apart, guards that name a title, no limit. */

/** So many statements are one glance, without a blank line between them. */
const ONE_GLANCE = 5;

/** The beginning of a test: its indentation, and all up to its function. */
const BEGINNING = /^( *)(?:(?:test|it|fact)(?:\.each)?\(.*|\]\S*\)\(.*| {2}(?:async )?\(.*)=> \{$/;

/** A test file. */
interface TestFile {
  readonly path: string;
  readonly text: string;
}

/** Every test file, and every file of tests that others call; not this one, which has faults planted. */
async function testFiles(): Promise<TestFile[]> {
  const paths = (await readdir(join(root, 'test'), { recursive: true })).filter(
    (path) => path.endsWith('.ts') && !/^(?:guards|types|support|fixtures)\/|^package\/titles/.test(path),
  );
  return Promise.all(paths.map(async (path) => ({ path, text: await readFile(join(root, 'test', path), 'utf8') })));
}

/** The titles of tests and of groups of tests. Those of a table stand after it. */
function titlesOf({ text }: TestFile): string[] {
  const found = text.matchAll(
    /(?:\b(?:test|it|fact|describe)|\])(?:\.each)?\)?\(\n? *(?:'((?:[^'\\\n]|\\.)+)'|"([^"\n]+)"|`([^`\n]+)`),/g,
  );
  return [...found].map(([, single, double, template]) => single?.replaceAll("\\'", "'") ?? double ?? template ?? '');
}

/** Titles that join two claims. */
function joined(file: TestFile): string[] {
  return titlesOf(file).filter((title) => /;|, and /.test(title));
}

/** The places of tests that are long, without a blank line. */
function solid({ path, text }: TestFile): string[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const indentation = BEGINNING.exec(line)?.[1];
    if (indentation === undefined) return [];
    const depth = line.length - line.trimStart().length;
    const end = lines.findIndex((other, index) => index > at && other.startsWith(`${' '.repeat(depth)}}`));
    const body = lines.slice(at + 1, end);
    const statements = body.filter((other) => /^[\w(]/.test(other.slice(depth + 2)) && other.startsWith(' '.repeat(depth + 2)));
    const asserts = statements.filter((other) => /^ *(?:await )?expect\(/.test(other)).length;
    const isSolid = statements.length > ONE_GLANCE && asserts > 0 && asserts < statements.length && !body.includes('');
    return isSolid ? [`${path}:${at + 1}`] : [];
  });
}

/** Whether a name is a part of a title; the places of a title that a table fills are any text. */
function isTitled(name: string, titles: readonly string[]): boolean {
  return titles.some((title) => {
    if (title.includes(name)) return true;
    const pieces = title.split(/%[a-z]/).map((piece) => piece.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return pieces.length > 1 && new RegExp(`^(?:${pieces.join('.*')}).*$`).test(name);
  });
}

test('no title joins two claims', async () => {
  const faults = (await testFiles()).flatMap((file) => joined(file).map((title) => `${file.path}: ${title}`));

  expect(faults).toEqual([]);
});

test('a long test has what it arranges, does and asserts apart', async () => {
  const faults = (await testFiles()).flatMap(solid);

  expect(faults).toEqual([]);
});

test('no file has a limit of its own, which a slow machine may miss', async () => {
  const limited = (await testFiles()).filter(({ text }) => /\bjest\.setTimeout\(/.test(text));

  expect(limited.map(({ path }) => path)).toEqual([]);
});

test('every guard names a test that there is', async () => {
  const titles = (await testFiles()).flatMap(titlesOf);

  const faults = GUARDS.filter(({ test: [, name] }) => !isTitled(name, titles)).map(
    ({ rule, test: [, name] }) => `${rule}: ${name}`,
  );

  expect(faults).toEqual([]);
});

test.each([
  ['of a test', "test('it stops, and it says so', () => {\n"],
  ['in double quotes', `  it("it stops; it's told", async () => {\n`],
  ['of a group', "describe('what stops, and what goes on', () => {\n"],
  ['after a table', "  ])('%s stops, and says so', (name) => {\n"],
  ['on a line of its own', "  test.each([1])(\n    '%s stops, and says so',\n"],
])('a title with two claims is seen: %s', (_where, text) => {
  expect(joined({ path: 'a.ts', text })).toHaveLength(1);
});

test('a list is no second claim', () => {
  expect(joined({ path: 'a.ts', text: "test('it knows gzip, zstd and snappy', () => {\n" })).toEqual([]);
});

test.each(["test('a', () => {\n", "  it.each([1])('a %s', async (a) => {\n", '    async (a) => {\n'])(
  'a long test without a blank line is seen: %j',
  (beginning) => {
    const indentation = ' '.repeat(beginning.length - beginning.trimStart().length);
    const body = `${indentation}  call(1);\n`.repeat(ONE_GLANCE) + `${indentation}  expect(2);\n`;

    expect(solid({ path: 'a.ts', text: `${beginning}${body}${indentation}});\n` })).toEqual(['a.ts:1']);
  },
);

test('a name that no title has is seen', () => {
  expect(isTitled('it stops late', ['it stops', 'it %s early'])).toBe(false);
});
