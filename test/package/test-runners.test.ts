import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { cp, mkdir, readFile, symlink } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { run } from '../../scripts/command.ts';
import { createConsumer, DEPENDENCIES, root, type Consumer } from './consumer.ts';

/** A user's test under each runner of tests, with the very files of docs/jest.md, in projects as npm and as pnpm lay them out. */

const INSTALLED = ['jest', 'babel-jest', '@babel/preset-env', '@swc/core', '@swc/jest', 'vitest', 'bullmq'];

/** The headings of the page, and which file holds the test there. */
const RUNNERS = [
  { heading: 'babel-jest', file: 'babel/processor.test.js' },
  { heading: 'ts-jest', file: 'typescript/processor.test.ts' },
  { heading: '@swc/jest', file: 'swc/processor.test.ts' },
  { heading: 'Vitest', file: 'vitest/processor.test.ts' },
];
/** `npm` is the project itself, `pnpm` a project in a folder of it. */
const PROJECTS = { npm: '', pnpm: 'pnpm/' };

let consumer: Consumer;
/** What became of each test, by its file: `passed`, or what its runner says. */
let outcomes: Map<string, string>;

beforeAll(async () => {
  consumer = await createConsumer();
  for (const name of INSTALLED) await consumer.add(name);
  await addTsJest();
  await addLikePnpm(join(consumer.folder, 'pnpm/node_modules'));
  // Without `"type": "module"`, as most projects are whose Jest runs CommonJS.
  await consumer.write('package.json', '{ "private": true }');

  const page = await readFile(join(root, 'docs/jest.md'), 'utf8');
  for (const project of Object.values(PROJECTS))
    for (const runner of RUNNERS) await writeProject(page, runner.heading, project + runner.file);

  outcomes = new Map([...(await runJest()), ...(await runVitest())]);
});

afterAll(() => consumer?.remove());

describe.each(Object.entries(PROJECTS))('in a project of %s a test loads Mooring under', (_manager, project) => {
  test.each(RUNNERS)('$heading', ({ file }) => {
    expect(outcomes.get(project + file)).toBe('passed');
  });
});

/** Writes the files below a heading of the page, and the test, which is before all headings. */
async function writeProject(page: string, heading: string, file: string): Promise<void> {
  const sections = page.split('\n## ');
  const blocks = blocksOf(sections.find((text) => text.startsWith(`${heading}\n`)) ?? '');
  const { code = '' } = blocksOf(sections[0] ?? '').find(({ name }) => name === 'processor.test.js') ?? {};
  const imports = blocks.find(({ name }) => name === undefined)?.code ?? '';

  await mkdir(join(consumer.folder, dirname(file)), { recursive: true });
  await consumer.write(file, imports + code);
  for (const block of blocks) if (block.name !== undefined) await consumer.write(join(dirname(file), block.name), block.code);
}

/** The blocks of code, each with the name that its first line may tell. */
function blocksOf(section: string): { name: string | undefined; code: string }[] {
  const found = section.matchAll(/```jsonc?\n(?:\/\/ (\S+)\n)?([\s\S]*?)```|```js\n(?:\/\/ (\S+)\n)?([\s\S]*?)```/g);
  return [...found].map(([, settings, json, name, code]) => ({ name: settings ?? name, code: json ?? code ?? '' }));
}

/** A copy, together with the newest TypeScript that ts-jest works with: that of the checkout is too new. */
async function addTsJest(): Promise<void> {
  const modules = join(consumer.folder, 'node_modules');
  await cp(join(root, 'node_modules/ts-jest'), join(modules, 'ts-jest'), { recursive: true });
  await symlink(join(root, 'node_modules/typescript-5.9'), join(modules, 'typescript'));
}

/** What the project has installed, as pnpm keeps it: each package in a folder of its own, with links to what it depends on. */
async function addLikePnpm(modules: string): Promise<void> {
  const place = (name: string, of = name): string =>
    join(modules, '.pnpm', `${of.replace('/', '+')}@1.0.0`, 'node_modules', name);
  for (const name of ['mooring', ...DEPENDENCIES])
    await cp(join(consumer.folder, 'node_modules', name), place(name), { recursive: true });
  for (const name of DEPENDENCIES) await link(place(name), place(name, 'mooring'));
  await link(place('mooring'), join(modules, 'mooring'));
}

async function link(target: string, path: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  await symlink(relative(dirname(path), target), path);
}

/** Jest, with all of its projects in one process. */
function runJest(): Promise<Map<string, string>> {
  const files = RUNNERS.filter(({ heading }) => heading !== 'Vitest').map(({ file }) => dirname(file));
  const projects = Object.values(PROJECTS).flatMap((project) => files.map((folder) => project + folder));
  return report('jest/bin/jest.js', ['--json', '--runInBand', '--cacheDirectory', 'cache', '--projects', ...projects]);
}

function runVitest(): Promise<Map<string, string>> {
  return report('vitest/vitest.mjs', ['run', '--reporter', 'json', 'vitest/']);
}

interface Report {
  testResults: { name: string; status: string; message: string }[];
}

async function report(program: string, args: readonly string[]): Promise<Map<string, string>> {
  // NODE_PATH: what the copy of ts-jest depends on.
  const where = { cwd: consumer.folder, env: { ...process.env, NODE_PATH: join(root, 'node_modules') } };
  const { stdout, stderr } = await run(process.execPath, [join('node_modules', program), ...args], where);
  if (!stdout.startsWith('{')) throw new Error(stderr + stdout);
  const { testResults } = JSON.parse(stdout) as Report;
  return new Map(
    testResults.map(({ name, status, message }) => [relative(consumer.folder, name), status === 'passed' ? status : message]),
  );
}
