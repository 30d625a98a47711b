import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '../../scripts/command.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';

/** What the tarball holds, and what importing it loads. */

interface Manifest {
  exports: Record<string, string | { types: string; default: string }>;
  dependencies: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional: boolean }>;
}

/** Those that make objects of their peer's classes, so that they have to load it. */
const NEED_THEIR_PEER: readonly { subpath: string; peer: string }[] = [
  { subpath: './temporal', peer: '@temporalio/activity' },
  { subpath: './temporal/workflow', peer: '@temporalio/workflow' },
];
const CLIENTS = /\/node_modules\/(bullmq|ioredis|snappy|@aws-sdk|@google-cloud|@temporalio)\//;

let consumer: Consumer;
let manifest: Manifest;

beforeAll(async () => {
  consumer = await createConsumer();
  manifest = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  // Registers a hook that prints every module that is resolved; at once, since its thread may be gone before console.log writes.
  const hook =
    "import { writeSync } from 'node:fs'; export async function resolve(s, c, n) { const r = await n(s, c); writeSync(1, r.url + '\\n'); return r; }";
  const register = `import { register } from 'node:module'; register('data:text/javascript,' + ${JSON.stringify(encodeURIComponent(hook))});`;
  await consumer.write('watch.js', register);
});

afterAll(() => consumer?.remove());

function subpaths(): string[] {
  const others = ['./package.json', ...NEED_THEIR_PEER.map(({ subpath }) => subpath)];
  return Object.keys(manifest.exports).filter((path) => !others.includes(path));
}

/** The URLs of all modules that importing these, one after the other, loads. */
async function loadedBy(...specifiers: string[]): Promise<string[]> {
  const imports = specifiers.map((specifier) => `await import(${JSON.stringify(specifier)});`);
  const file = await consumer.write('load.js', imports.join('\n'));
  const { code, stdout, stderr } = await run(process.execPath, ['--import', './watch.js', file], { cwd: consumer.folder });
  if (code !== 0) throw new Error(stderr);
  return stdout.split('\n');
}

describe('the tarball', () => {
  test('holds every file that the exports name, without the tests', () => {
    const targets = Object.values(manifest.exports).flatMap((target) =>
      typeof target === 'string' ? [target] : [target.types, target.default],
    );

    expect(consumer.packed).toEqual(expect.arrayContaining(targets.map((target) => target.slice(2))));
    expect(consumer.packed).toEqual(
      expect.arrayContaining([
        'README.md',
        'CHANGELOG.md',
        'LICENSE',
        'src/index.ts',
        'dashboards/mooring.json',
        'dashboards/alerts.yaml',
      ]),
    );
    expect(consumer.packed.filter((path) => /^(test|examples|scripts|bench|node_modules)\//.test(path))).toEqual([]);
  });

  test('has one built file for every source', () => {
    const sources = consumer.packed
      .filter((path) => /^(src|adapters|drill)\/.*\.ts$/.test(path))
      .map((path) => path.slice(0, -3));
    const built = consumer.packed.filter((path) => /^dist\/.*\.js$/.test(path)).map((path) => path.slice(5, -3));

    expect(built.toSorted()).toEqual(sources.toSorted());
  });

  test('says import.meta in the command alone: what is compiled to CommonJS cannot hold it', async () => {
    const built = consumer.packed.filter((path) => /^dist\/.*\.js$/.test(path) && !path.startsWith('dist/src/cli/'));
    const texts = await Promise.all(built.map((path) => readFile(join(consumer.folder, 'node_modules/mooring', path), 'utf8')));
    const code = texts.map((text) => text.replace(/\/\*[\s\S]*?\*\//g, ''));

    expect(built.filter((_, index) => code[index]?.includes('import.meta'))).toEqual([]);
  });

  test('declares every package that it loads: a strict node_modules, as of pnpm or Yarn, has no other', async () => {
    const built = consumer.packed.filter((path) => /^dist\/.*\.js$/.test(path));
    const texts = await Promise.all(built.map((path) => readFile(join(consumer.folder, 'node_modules/mooring', path), 'utf8')));
    const loaded = texts.flatMap((text) => [
      ...text.matchAll(/^(?:im|ex)port .* from '([^.'][^']*)'|\bimport\('([^.'][^']*)'\)/gm),
    ]);
    const packages = new Set(
      loaded.map(([, from, lazily]) => (from ?? lazily) as string).filter((name) => !name.startsWith('node:')),
    );
    const declared = new Set([...Object.keys(manifest.dependencies), ...Object.keys(manifest.peerDependencies)]);

    expect(packages).toContain('ioredis');
    expect([...packages].filter((name) => !declared.has(name))).toEqual([]);
  });

  test('has only optional peers', () => {
    const optional = Object.keys(manifest.peerDependenciesMeta).filter((name) => manifest.peerDependenciesMeta[name]?.optional);

    expect(optional.toSorted()).toEqual(Object.keys(manifest.peerDependencies).toSorted());
  });
});

describe('in an empty project', () => {
  test('every subpath but a few can be imported without any peer', async () => {
    const loaded = new Set(await loadedBy(...subpaths().map((subpath) => `mooring${subpath.slice(1)}`)));

    const targets = subpaths().map((subpath) => (manifest.exports[subpath] as { default: string }).default.slice(1));
    expect(targets.filter((target) => ![...loaded].some((url) => url.endsWith(`/node_modules/mooring${target}`)))).toEqual([]);
  });

  test.each(NEED_THEIR_PEER)('$subpath says that it needs $peer', async ({ subpath, peer }) => {
    await expect(loadedBy(`mooring${subpath.slice(1)}`)).rejects.toThrow(`Cannot find package '${peer}'`);
  });

  test('and required', async () => {
    const names = subpaths().map((subpath) => `mooring${subpath.slice(1)}`);
    const text = `for (const name of ${JSON.stringify(names)}) console.log(name, Object.keys(require(name)).length > 0);`;
    const file = await consumer.write('require.cjs', text);

    const { stdout } = await run(process.execPath, [file], { cwd: consumer.folder });

    expect(stdout.trim().split('\n')).toEqual(names.map((name) => `${name} true`));
  });

  test('C46 the codec snappy works without its package', async () => {
    const program = `import { createStateStore } from 'mooring';
      import { memoryMetastore, memoryObjectStore } from 'mooring/testing';
      const stores = { metastore: memoryMetastore(), objectStore: memoryObjectStore() };
      const state = createStateStore({ ...stores, codec: 'snappy', offloadThreshold: 0 }).task({ flow: 'f', run: 'r', task: 't' });
      await state.set('k', 'text '.repeat(50_000));
      let key = '';
      for await (const object of stores.objectStore.list('default/f/')) key = object.key;
      const installed = await import('snappy').then(() => true, () => false);
      console.log(JSON.stringify([installed, key.endsWith('.json.sz'), (await state.get('k')).length]));`;
    const file = await consumer.write('snappy.js', program);

    const { stdout, stderr } = await run(process.execPath, [file], { cwd: consumer.folder });

    expect(stderr).toBe('');
    expect(JSON.parse(stdout)).toEqual([false, true, 250_000]);
  });

  test('a bucket of S3 says with its first request which package it needs', async () => {
    const program = `import { s3ObjectStore } from 'mooring/s3';
      const store = s3ObjectStore({ client: { send: async () => ({}) }, bucket: 'reports' });
      await store.list('').next().catch((error) => console.log(error.code, error.message));`;
    const file = await consumer.write('s3.js', program);

    const { stdout } = await run(process.execPath, [file], { cwd: consumer.folder });

    const told = 'client needs the package @aws-sdk/client-s3, which is not installed: npm install @aws-sdk/client-s3';
    expect(stdout).toBe(`mooring.config ${told}\n`);
  });

  test('nothing but the subpaths can be imported', async () => {
    const file = await consumer.write('inside.js', "await import('mooring/dist/src/errors.js');");

    const { stderr } = await run(process.execPath, [file], { cwd: consumer.folder });

    expect(stderr).toContain('ERR_PACKAGE_PATH_NOT_EXPORTED');
  });
});

describe('with every client installed', () => {
  beforeAll(() =>
    Promise.all(
      [
        ...NEED_THEIR_PEER.map(({ peer }) => peer),
        '@aws-sdk/client-s3',
        'bullmq',
        'ioredis',
        'snappy',
        '@google-cloud/storage',
      ].map((name) => consumer.add(name)),
    ),
  );

  test('importing the core loads none of them, nor a store', async () => {
    const loaded = await loadedBy('mooring');

    expect(loaded.filter((url) => CLIENTS.test(url))).toEqual([]);
    expect(loaded.filter((url) => /\/(redis|file|memory|s3|gcs)[^/]*\.js$/.test(url))).toEqual([]);
  });

  test('nor does a subpath: clients are handed in', async () => {
    const loaded = await loadedBy(...subpaths().map((subpath) => `mooring${subpath.slice(1)}`));

    expect(loaded.filter((url) => CLIENTS.test(url))).toEqual([]);
  });

  test.each(NEED_THEIR_PEER)('but for $subpath, which loads $peer alone', async ({ subpath, peer }) => {
    const loaded = await loadedBy(`mooring${subpath.slice(1)}`);
    const clients = loaded.flatMap((url) => CLIENTS.exec(url)?.[1] ?? []);

    expect(new Set(clients)).toEqual(new Set([peer.split('/')[0]]));
  });

  test('workflow code loads nothing of Node and no store', async () => {
    const loaded = await loadedBy('mooring/temporal/workflow');
    const own = loaded.filter((url) => url.includes('/node_modules/mooring/'));

    expect(own.map((url) => url.slice(url.indexOf('/dist/')))).toEqual(['/dist/adapters/temporal/workflow.js']);
  });

  test('a client that is loaded would be seen', async () => {
    const loaded = await loadedBy('bullmq');

    expect(loaded.some((url) => CLIENTS.test(url))).toBe(true);
  });
});
