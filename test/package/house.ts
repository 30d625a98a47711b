import { posix as path } from 'node:path';

/**
 * The rules of the house that a linter does not know. Each looks at a tree, which is files by path, and says what breaks it, one
 * line for each fault.
 */

/** Texts by path, from the root of the repository. */
export type Tree = Readonly<Record<string, string>>;

/** Rooms, from the one that imports no other to the one that none imports. `.oxlintrc.json` follows this order. */
export const ROOMS: readonly string[] =
  'model async observe format codec | metastore object-store | state-store | job maintenance | config testing board | cli'.match(
    /[\w-]+/g,
  ) ?? [];

/** Folders whose files implement the same thing, and the files that each of them has. */
const PARALLEL = [
  {
    folders: ['src/metastore/redis', 'src/metastore/memory'],
    parts: ['store', 'values', 'records', 'operators', 'sweep', 'restore', 'lineage'],
  },
  {
    folders: ['src/metastore', 'src/metastore/redis', 'src/metastore/memory'],
    parts: ['values', 'records', 'operators', 'sweep', 'restore', 'lineage'],
  },
  {
    folders: ['src/object-store/s3', 'src/object-store/gcs'],
    parts: ['store', 'options', 'put', 'read', 'list', 'errors', 'request', 'body'],
  },
  { folders: ['src/object-store/s3', 'src/object-store/gcs', 'src/object-store/file'], parts: ['store', 'put', 'read', 'list'] },
  { folders: ['adapters/bullmq', 'adapters/temporal'], parts: ['index', 'options'] },
];

const MOST_FILES = 15;
const MOST_LINES = 350;

/** 1: a room imports rooms to its left, and only the command sees a subpath. */
export function orderFaults(tree: Tree): string[] {
  return sources(tree).flatMap((file) => {
    const from = roomOf(file);
    if (from === undefined) return [];
    return importsOf(file, tree).flatMap((to) => {
      if (!to.startsWith('src/')) return [`${file} -> ${to}: out of the house`];
      const room = roomOf(to);
      if (room === undefined) return from === 'cli' && to === 'src/index.ts' ? [] : [`${file} -> ${to}: a subpath`];
      return ROOMS.indexOf(room) > ROOMS.indexOf(from) ? [`${file} -> ${to}: ${room} is right of ${from}`] : [];
    });
  });
}

/** 1: there are no other rooms. */
export function roomFaults(tree: Tree): string[] {
  const rooms = new Set(sources(tree).flatMap((file) => roomOf(file) ?? []));
  return [...rooms].filter((room) => !ROOMS.includes(room)).map((room) => `src/${room}: has no place in the order`);
}

/** 2: `src/*.ts` are the subpaths of the package, each nothing but re-exports. */
export function subpathFaults(tree: Tree, exported: Readonly<Record<string, unknown>>): string[] {
  const files = sources(tree).filter((file) => /^src\/[^/]+$/.test(file));
  const wanted = Object.values(exported).flatMap((target) => {
    const file = (target as { default?: string }).default?.replace(/^\.\/dist\/(.+)\.js$/, '$1.ts');
    return file?.startsWith('src/') ? [file] : [];
  });
  return [
    ...files.filter((file) => !wanted.includes(file)).map((file) => `${file}: no subpath`),
    ...wanted.filter((file) => !files.includes(file)).map((file) => `${file}: a subpath elsewhere, or none`),
    ...files.filter((file) => !onlyReExports(tree[file] ?? '')).map((file) => `${file}: more than re-exports`),
  ];
}

function onlyReExports(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '');
  return code.replace(/export (?:type )?(?:\*|\{[^}]*\}) from '[^']+';/g, '').trim() === '';
}

/** 3: no name spells a folder. The one file that is called as its folder is the folder's face. */
export function nameFaults(tree: Tree): string[] {
  return folders(sources(tree)).flatMap(([folder, names]) => {
    const own = names.filter((name) => name.startsWith(`${path.basename(folder)}-`));
    const words = new Set(names.filter((name) => name.includes('-')).map((name) => name.split('-', 1)[0]));
    const shared = [...words]
      .map((word) => names.filter((name) => name.startsWith(`${word}-`)))
      .filter((same) => same.length > 2);
    return [
      ...own.map((name) => `${folder}/${name}: begins with the name of its folder`),
      ...shared.map((same) => `${folder}: ${same.join(', ')} are a folder`),
    ];
  });
}

/** 3: nothing is too large to be seen at once. */
export function sizeFaults(tree: Tree): string[] {
  const files = Object.keys(tree).filter((file) => /^(?:src|adapters|drill|test\/unit)\//.test(file));
  const lines = (file: string): number => (tree[file] ?? '').split('\n').length - 1;
  return [
    ...folders(files)
      .filter(([, names]) => names.length > MOST_FILES)
      .map(([folder, names]) => `${folder}: ${names.length} files`),
    ...sources(tree)
      .filter((file) => lines(file) > MOST_LINES)
      .map((file) => `${file}: ${lines(file)} lines`),
  ];
}

/** 4: no file needs itself, types counted. A fault is all files that need each other. */
export function cycleFaults(tree: Tree): string[] {
  const files = sources(tree);
  const edges = new Map(files.map((file) => [file, importsOf(file, tree)]));
  const reached = new Map(files.map((file) => [file, reachable(file, edges)]));
  const rings = files
    .filter((file) => reached.get(file)?.has(file))
    .map((file) => files.filter((other) => reached.get(file)?.has(other) && reached.get(other)?.has(file)));
  return [...new Set(rings.map((ring) => ring.join(' ')))];
}

function reachable(from: string, edges: ReadonlyMap<string, readonly string[]>): Set<string> {
  const found = new Set(edges.get(from));
  for (const file of found) for (const next of edges.get(file) ?? []) found.add(next);
  return found;
}

/** 5: a name is exported by one file, and by its parallel files that implement the same. */
export function exportFaults(tree: Tree): string[] {
  const owners = new Map<string, Set<string>>();
  for (const file of sources(tree)) {
    for (const [, name = ''] of (tree[file] ?? '').matchAll(DECLARED))
      owners.set(name, (owners.get(name) ?? new Set()).add(file));
  }
  return [...owners].flatMap(([name, files]) => {
    const meanings = new Set([...files].map(meaningOf));
    return meanings.size > 1 ? [`${name}: ${[...files].join(', ')}`] : [];
  });
}

const DECLARED = /^export (?:declare |abstract |async )*(?:function\*?|class|const|interface|type|enum|let) (\w+)/gm;

/** Files of parallel folders mean the same by the same name. */
function meaningOf(file: string): string {
  const { folders: same } = PARALLEL.find((one) => one.folders.some((folder) => file.startsWith(`${folder}/`))) ?? {};
  const folder = same?.find((one) => file.startsWith(`${one}/`));
  return folder ? `${path.dirname(folder)}/*` : file;
}

/** 6: who implements the same thing names its parts alike. */
export function parallelFaults(tree: Tree): string[] {
  return PARALLEL.flatMap(({ folders: same, parts }) =>
    same.flatMap((folder) => parts.map((part) => `${folder}/${part}.ts`).filter((file) => tree[file] === undefined)),
  ).map((file) => `${file}: missing`);
}

/** The unit tests are where what they test is. */
export function mirrorFaults(tree: Tree): string[] {
  const known = new Set(Object.keys(tree).map((file) => path.dirname(file)));
  const mirrored = (folder: string): boolean =>
    ['src', 'adapters', 'test', '.'].some((root) => known.has(path.join(root, folder)));
  const tested = new Set(Object.keys(tree).flatMap((file) => /^test\/unit\/(.+)\/[^/]+$/.exec(file)?.[1] ?? []));
  return [...tested].filter((folder) => !mirrored(folder)).map((folder) => `test/unit/${folder}: mirrors nothing`);
}

/** 1: the linter's rule for a room refuses all rooms to its right. */
export function linterFaults(config: string): string[] {
  const { overrides } = JSON.parse(config) as { overrides: { files: string[]; rules: Record<string, unknown> }[] };
  return ROOMS.flatMap((room, at) => {
    const own = overrides.find(({ files }) => files.includes(`src/${room}/**/*.ts`));
    if (own === undefined) return [`src/${room}: no rule`];
    const [, { patterns }] = own.rules['no-restricted-imports'] as [string, { patterns: { regex?: string; group?: string[] }[] }];
    const refuses = patterns.flatMap(({ regex }) => (regex === undefined ? [] : [new RegExp(regex)]));
    const right = ROOMS.slice(at + 1).filter((other) => !refuses.some((regex) => regex.test(`../../${other}/x.ts`)));
    return right.map((other) => `src/${room}: the linter lets it import ${other}`);
  });
}

function sources(tree: Tree): string[] {
  return Object.keys(tree)
    .filter((file) => /^(?:src|adapters|drill)\/.+\.ts$/.test(file))
    .toSorted();
}

function roomOf(file: string): string | undefined {
  return /^src\/([^/]+)\//.exec(file)?.[1];
}

/** What a file imports of the house, types too. */
function importsOf(file: string, tree: Tree): string[] {
  const found = (tree[file] ?? '').matchAll(/(?:\bfrom|\bimport\(|^import)\s*'(\.[^']+)'/gm);
  return [...new Set([...found].map(([, to = '']) => path.join(path.dirname(file), to)))];
}

/** Folders, with the names of their files up to the first dot. */
function folders(files: readonly string[]): [string, string[]][] {
  const found = new Map<string, string[]>();
  for (const file of files) {
    const names = found.get(path.dirname(file)) ?? [];
    found.set(path.dirname(file), [...names, path.basename(file).replace(/\..*$/, '')]);
  }
  return [...found].filter(([folder]) => folder !== 'src');
}
