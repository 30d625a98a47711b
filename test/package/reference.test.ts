import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { root } from './consumer.ts';
import { GENERATED } from './pages.ts';

/** The pages of reference say what the source says. */

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-reference-'));
});

afterAll(() => rm(folder, { recursive: true, force: true, maxRetries: 10 }));

/** The pages below a folder, by path. */
async function textsIn(home: string): Promise<Record<string, string>> {
  const files = (await readdir(home, { recursive: true })).filter((file) => file.endsWith('.md')).toSorted();
  const texts = await Promise.all(files.map(async (file) => [file, await readFile(join(home, file), 'utf8')] as const));
  return Object.fromEntries(texts);
}

/** The tables of docs/api.md, by the heading above them, with the interface whose members they list and the page that has it. */
const OPTIONS: readonly (readonly [heading: string, name: string, page: string])[] = [
  ['`createStateStore(options)`', 'StateStoreOptions', 'mooring.md'],
  ['`redisMetastore(options)`', 'RedisMetastoreOptions', 'mooring/redis.md'],
  ['`fileObjectStore(options)`', 'FileObjectStoreOptions', 'mooring/file.md'],
  ['`s3ObjectStore(options)`', 'S3ObjectStoreOptions', 'mooring/s3.md'],
  ['`gcsObjectStore(options)`', 'GcsObjectStoreOptions', 'mooring/gcs.md'],
  ['`externalJob(job)`', 'ExternalJob', 'mooring.md'],
  ['`observeJobs(store, options)`', 'ObserveJobsOptions', 'mooring.md'],
  ['`defineDrill(drill)`', 'DrillDefinition', 'mooring/drill.md'],
  ['`ctx.run(job, input, options)`', 'RunOptions', 'mooring.md'],
  ['`withState`, `resumableProcessor`, `runWithState`', 'ProcessorOptions', 'mooring/bullmq.md'],
];

/** The members of an interface, as its page lists them. */
function membersIn(page: string, name: string): string[] {
  const section = page.split(/^### /m).find((one) => one.startsWith(`${name}\n`)) ?? '';
  return [...section.matchAll(/^\| <a id="property-[^"]+"><\/a> `(\w+)\??`|^##### (\w+)\(\)/gm)].map(
    ([, property, method]) => property ?? method ?? '',
  );
}

/** The options of the first table under a heading of docs/api.md. */
function optionsIn(page: string, heading: string): string[] {
  const section = page.split(/^## /m).find((one) => one.startsWith(`${heading}\n`)) ?? '';
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? [];
  const cells = [...table.matchAll(/^\| (`.+?) \|/gm)].map(([, cell = '']) => cell);
  return cells.flatMap((cell) => [...cell.matchAll(/`(\w+)/g)].map(([, option = '']) => option));
}

/** What a class of error says of itself: its code, and whether it is retryable. */
interface Declared {
  code: string;
  name: string;
  retryable: string;
}

/** The classes of error in some source. */
function declaredIn(source: string): Declared[] {
  const bodies = source.split(/^export class /m).slice(1);
  return bodies.flatMap((body) => {
    const [, name = ''] = /^(\w+) extends MooringError/.exec(body) ?? [];
    const [, code] = /readonly code = '([^']+)'/.exec(body) ?? [];
    const [, retryable = 'not found'] = LAST_ARGUMENTS.exec(body) ?? [];
    return code === undefined ? [] : [{ code, name, retryable }];
  });
}

const LAST_ARGUMENTS = /super\([^]*?\b(true|false|(?:job\.)?retryable),?\s*(?:context,?|\{ cause \})?\s*\);\n/;

/** What the table of docs/errors.md says of each class. */
function documentedIn(page: string): Declared[] {
  return [...page.matchAll(/^\| \[`(.+?)`\]\(.+?\) \| `(\w+)` \| (.+) \|$/gm)].map(
    ([, code = '', name = '', retryable = '']) => ({
      code,
      name,
      retryable,
    }),
  );
}

/** Whether the words of the page mean what the source passes on. */
function agrees(words: string, source: string | undefined): boolean {
  if (source === 'true') return words === 'yes';
  if (source === 'false') return words === 'no';
  return words !== 'yes' && words !== 'no';
}

test('the API pages are those that the source gives: else run `npm run reference`', async () => {
  const tsx = join(root, 'node_modules/tsx/dist/cli.mjs');

  const { code, stderr } = await run(process.execPath, [tsx, 'scripts/api-reference.ts', folder], { cwd: root });

  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  expect(await textsIn(join(root, GENERATED))).toEqual(await textsIn(folder));
});

test.each(OPTIONS)('docs/api.md lists every option of %s', async (heading, name, page) => {
  const wanted = membersIn(await readFile(join(root, GENERATED, page), 'utf8'), name);

  const listed = optionsIn(await readFile(join(root, 'docs/api.md'), 'utf8'), heading);

  expect(wanted).not.toEqual([]);
  expect(listed.toSorted()).toEqual(wanted.toSorted());
});

test('docs/errors.md names every error, with its class and whether it is retryable', async () => {
  const home = join(root, 'src/model/errors');
  const sources = await Promise.all((await readdir(home)).map((file) => readFile(join(home, file), 'utf8')));
  const declared = sources.flatMap(declaredIn);

  const documented = documentedIn(await readFile(join(root, 'docs/errors.md'), 'utf8'));

  expect(declared.length).toBeGreaterThan(15);
  expect(documented.map(({ name, code }) => `${name} ${code}`).toSorted()).toEqual(
    declared.map(({ name, code }) => `${name} ${code}`).toSorted(),
  );
  const wrong = documented.filter(
    ({ code, retryable }) => !agrees(retryable, declared.find((one) => one.code === code)?.retryable),
  );
  expect(wrong).toEqual([]);
});

test('docs/errors.md says of every error what it means, whether a retry helps and what to do', async () => {
  const page = await readFile(join(root, 'docs/errors.md'), 'utf8');
  const sections = new Map(page.split(/^### /m).map((section) => [section.split('\n', 1)[0], section] as const));

  const incomplete = documentedIn(page).filter(
    ({ code }) => !/\*\*Means\*\*[^]*\*\*Retry\*\*[^]*\*\*Do\*\*/.test(sections.get(code) ?? ''),
  );

  expect(incomplete).toEqual([]);
});
