import { beforeAll, describe, expect, test } from '@jest/globals';
import { readdir, readFile } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import {
  cycleFaults,
  exportFaults,
  linterFaults,
  mirrorFaults,
  nameFaults,
  orderFaults,
  parallelFaults,
  roomFaults,
  ROOMS,
  sizeFaults,
  subpathFaults,
  type Tree,
} from './house.ts';

/**
 * The rules of the house in `CONTRIBUTING.md`, on the tree as it is, and each with a planted fault.
 */

const root = join(import.meta.dirname, '../..');

let tree: Tree;
let exported: Record<string, unknown>;

beforeAll(async () => {
  tree = Object.assign({}, ...(await Promise.all(['src', 'adapters', 'drill', 'test'].map(filesOf)))) as Tree;
  ({ exports: exported } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { exports: typeof exported });
});

async function filesOf(folder: string): Promise<Tree> {
  const entries = await readdir(join(root, folder), { recursive: true, withFileTypes: true });
  const paths = entries.filter((one) => one.isFile()).map((one) => join(one.parentPath, one.name));
  const texts = paths.map(async (path) => {
    const name = relative(root, path).split(sep).join(posix.sep);
    return [name, name.endsWith('.ts') ? await readFile(path, 'utf8') : ''] as const;
  });
  return Object.fromEntries(await Promise.all(texts));
}

/** A folder of so many files. */
function filled(folder: string, count: number): Tree {
  return Object.fromEntries(
    Array.from({ length: count }, (_none, at) => [`${folder}/${'abcdefghijklmnopqrstuvwxyz'[at]}.ts`, '']),
  );
}

describe('1: a room imports rooms to its left', () => {
  test('in the sources', () => {
    expect(orderFaults(tree)).toEqual([]);
    expect(roomFaults(tree)).toEqual([]);
  });

  test('by the linter too', async () => {
    const config = await readFile(join(root, '.oxlintrc.json'), 'utf8');

    expect(linterFaults(config)).toEqual([]);
    expect(linterFaults(config.replace('job|maintenance|', 'job|'))).not.toEqual([]);
    expect(linterFaults(config.replaceAll('src/job/**/*.ts', 'src/task/**/*.ts'))).toEqual(['src/job: no rule']);
  });

  test.each([
    ['a value', "export { internalsOf } from '../../state-store/internals.ts';"],
    ['a type', "import type { Internals } from '../../state-store/internals.ts';"],
    ['what is loaded later', "export const later = () => import('../../state-store/internals.ts');"],
    ['what is loaded for its effects', "import '../../state-store/internals.ts';"],
    ['a subpath', "export { sweep } from '../../index.ts';"],
    ['an adapter', "export { wake } from '../../../adapters/bullmq/wake.ts';"],
    ['the drill', "export { GAPS } from '../../../drill/harness/gaps.ts';"],
  ])('planted: %s', (_what, text) => {
    expect(orderFaults({ 'src/metastore/redis/x.ts': text })).toHaveLength(1);
  });

  test('planted: a room of its own', () => {
    expect(roomFaults({ 'src/helpers/x.ts': '' })).toEqual(['src/helpers: has no place in the order']);
  });

  test('a room to the left, its own files and, for the command, the core are free', () => {
    expect(orderFaults({ 'src/job/protocol/x.ts': "import '../../model/scope.ts';\nimport './run.ts';" })).toEqual([]);
    expect(orderFaults({ 'src/cli/x.ts': "import { sweep } from '../index.ts';" })).toEqual([]);
  });

  test('no folder in a room is called as a room, which the linter would take it for', () => {
    const inner = Object.keys(tree).flatMap((file) => (file.startsWith('src/') ? file.split('/').slice(2, -1) : []));

    expect(inner.filter((folder) => ROOMS.includes(folder))).toEqual([]);
  });
});

describe('2: the files of src are the subpaths', () => {
  test('in the package', () => {
    expect(subpathFaults(tree, exported)).toEqual([]);
  });

  const exportsOf = (name: string): Record<string, unknown> => ({ './x': { default: `./dist/src/${name}.js` } });

  test.each([
    ['a file that is none', { 'src/x.ts': '', 'src/y.ts': '' }],
    ['a subpath that is in a room', {}],
    ['more than re-exports', { 'src/x.ts': "import { a } from './model/a.ts';\nexport const b = a;\n" }],
  ])('planted: %s', (_what, files) => {
    expect(subpathFaults(files, exportsOf('x'))).toHaveLength(1);
  });

  test('comments and re-exports are free, of types too', () => {
    const text = "/** A. */\nexport { a, type B } from './model/a.ts';\nexport type { C } from './model/c.ts';\n";

    expect(subpathFaults({ 'src/x.ts': text }, exportsOf('x'))).toEqual([]);
  });
});

describe('3: names spell no folder, sizes are those of a glance', () => {
  test('in the sources', () => {
    expect(nameFaults(tree)).toEqual([]);
    expect(sizeFaults(tree)).toEqual([]);
  });

  test.each([
    ['the name of its folder', { 'src/job/job-status.ts': '' }],
    ['a word that two others begin with', { 'src/a/s3-put.ts': '', 'src/a/s3-read.ts': '', 'src/a/s3-list.ts': '' }],
  ])('planted: %s', (_what, files) => {
    expect(nameFaults(files)).toHaveLength(1);
  });

  test.each([
    ['a folder', filled('src/a', 16)],
    ['a folder of an adapter', filled('adapters/a', 16)],
    ['a folder of the drill', filled('drill/a', 16)],
    ['a folder of unit tests', filled('test/unit/a', 16)],
    ['a file', { 'src/a/b.ts': 'x\n'.repeat(351) }],
  ])('planted: %s', (_what, files) => {
    expect(sizeFaults(files)).toHaveLength(1);
  });

  test('the face of a folder, a word that one other begins with, 15 files and 350 lines are free', () => {
    const files = { ...filled('src/a', 13), 'src/a/s3-put.ts': '', 'src/a/s3-read.ts': 'x\n'.repeat(350), 'src/b/b.ts': '' };

    expect([...nameFaults(files), ...sizeFaults(files)]).toEqual([]);
  });
});

describe('4: no file needs itself', () => {
  test('in the sources', () => {
    expect(cycleFaults(tree)).toEqual([]);
  });

  test('planted: by a type, over two others', () => {
    const files = {
      'src/job/a.ts': "import type { B } from './b.ts';",
      'src/job/b.ts': "import { c } from './c.ts';",
      'src/job/c.ts': "export type { A } from './a.ts';",
      'src/job/d.ts': "import type { A } from './a.ts';",
    };

    expect(cycleFaults(files)).toEqual(['src/job/a.ts src/job/b.ts src/job/c.ts']);
  });
});

describe('5: an exported name has one meaning', () => {
  test('in the sources', () => {
    expect(exportFaults(tree)).toEqual([]);
  });

  test.each([
    ['a type in two rooms', { 'src/job/a.ts': 'export type Run = 1;', 'src/cli/a.ts': 'export interface Run {}' }],
    ['in two files of a room', { 'src/job/a.ts': 'export const run = 1;', 'src/job/b.ts': 'export async function run() {}' }],
    ['in the core and an adapter', { 'src/job/a.ts': 'export type Run = 1;', 'adapters/bullmq/a.ts': 'export type Run = 2;' }],
  ])('planted: %s', (_what, files) => {
    expect(exportFaults(files)).toHaveLength(1);
  });

  test('implementations of one thing are free to share names', () => {
    const files = {
      'src/metastore/redis/sweep.ts': 'export function sweepPage() {}',
      'src/metastore/memory/sweep.ts': 'export function sweepPage() {}',
      'src/index.ts': "export { sweepPage } from './metastore/memory/sweep.ts';",
    };

    expect(exportFaults(files)).toEqual([]);
  });
});

describe('6: implementations have parallel names', () => {
  test('in the sources', () => {
    expect(parallelFaults(tree)).toEqual([]);
  });

  test.each(['src/metastore/memory/sweep.ts', 'src/object-store/gcs/list.ts', 'src/object-store/file/put.ts'])(
    'planted: %s by another name',
    (file) => {
      const { [file]: text = '', ...others } = tree;

      expect(new Set(parallelFaults({ ...others, [file.replace('.ts', 's.ts')]: text }))).toEqual(new Set([`${file}: missing`]));
    },
  );
});

describe('the unit tests mirror the sources', () => {
  test('in the tree', () => {
    expect(mirrorFaults(tree)).toEqual([]);
  });

  test('planted: a test beside nothing', () => {
    expect(mirrorFaults({ 'src/job/run.ts': '', 'test/unit/task/run.test.ts': '' })).toHaveLength(1);
  });
});
