import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import * as nodeSync from 'node:fs';
import { lstat, mkdir, mkdtemp, readdir, realpath, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import * as nodeFiles from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { ConfigError } from '../../../../src/model/errors/store.ts';
import { realDirectory, type RootFiles } from '../../../../src/object-store/file/root.ts';
import { fileObjectStoreOver, machineFiles } from '../../../../src/object-store/file/store.ts';
import { fileObjectStore } from '../../../../src/file.ts';
import { all, describeObjectStore, objectOf, type OpenedObjectStore } from '../../../contract/object-store.ts';
import { faultyFiles } from '../../../support/faulty-files.ts';

const X = new TextEncoder().encode('x');
let directory: string;

beforeEach(async () => {
  directory = await realpath(await mkdtemp(join(tmpdir(), 'mooring-objects-')));
});
afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));

/** Every path below the folder, files and folders. */
async function tree(folder = directory): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true });
  return entries.toSorted();
}

describe('the file object store', () => {
  const open = async (): Promise<OpenedObjectStore> => {
    const root = await mkdtemp(join(tmpdir(), 'mooring-objects-'));
    return { store: fileObjectStore({ directory: root }), close: () => rm(root, { recursive: true }) };
  };
  describeObjectStore({ open });
});

describe('the folder of a file object store', () => {
  it('is named by the alias as an absolute path', async () => {
    const below = join(directory, 'a/b');
    const store = fileObjectStore({ directory: relative(process.cwd(), below) });

    expect(store.alias).toBe(`file:${below}`);
    expect(fileObjectStore({ directory: below, alias: 'old' }).alias).toBe('old');
  });

  it('is made for its user alone', async () => {
    const below = join(directory, 'a/b');

    fileObjectStore({ directory: below });

    expect((await lstat(below)).mode & 0o777).toBe(0o700);
  });

  it.each([[''], ['a\0b'], [undefined], [7], [import.meta.filename], [join(import.meta.filename, 'below')]])(
    'is refused at construction where it is %p',
    (given) => {
      expect(() => fileObjectStore({ directory: given as string })).toThrow(ConfigError);
      expect(() => fileObjectStore({ directory: given as string })).toThrow(/^directory must be/);
    },
  );

  it('holds an object for its user alone', async () => {
    const store = fileObjectStore({ directory });
    await store.put(objectOf('k'), X, { ifAbsent: true });

    expect((await lstat(join(directory, objectOf('k')))).mode & 0o777).toBe(0o600);
    for (let folder = dirname(objectOf('k')); folder !== '.'; folder = dirname(folder)) {
      expect((await lstat(join(directory, folder))).mode & 0o777).toBe(0o700);
    }
  });

  it('holds no empty folders', async () => {
    const store = fileObjectStore({ directory });
    await store.put(objectOf('k'), X, { ifAbsent: true });

    await store.delete([objectOf('k')]);

    await expect(tree()).resolves.toEqual([]);
  });

  it('that is gone, or no folder any more, does not mean that objects are missing', async () => {
    const store = fileObjectStore({ directory });
    const expectRefused = async (reason: RegExp): Promise<void> => {
      await expect(store.get(objectOf('k'))).rejects.toThrow(reason);
      await expect(store.getStream(objectOf('k'))).rejects.toThrow(reason);
      await expect(all(store.list('default/'))).rejects.toThrow(reason);
      await expect(store.put(objectOf('k'), X, { ifAbsent: true })).rejects.toThrow(reason);

      const failed = await store.delete([objectOf('k')]);
      expect(failed).toEqual([
        { key: objectOf('k'), error: expect.objectContaining({ message: expect.stringMatching(reason) }) },
      ]);
    };

    await rm(directory, { recursive: true });
    await expectRefused(/of this object store is gone/);
    await writeFile(directory, 'a file');
    await expectRefused(/is no folder any more/);
  });

  it('that an unfinished put left something in lists no object of it, nor anything else that is not ours', async () => {
    const store = fileObjectStore({ directory });
    await store.put(objectOf('k'), X, { ifAbsent: true });
    await writeFile(join(directory, dirname(objectOf('k')), '+0123456789'), 'part of an obj');
    await writeFile(join(directory, 'default', 'note.txt'), 'of a person');
    await mkdir(join(directory, 'lost+found/a/b/c/d'), { recursive: true });
    await writeFile(join(directory, 'lost+found/a/b/c/d/e'), 'of the disk');

    await expect(all(store.list(''))).resolves.toMatchObject([{ key: objectOf('k'), size: 1 }]);
  });
});

describe('links', () => {
  let outside: string;

  beforeEach(async () => {
    outside = await realpath(await mkdtemp(join(tmpdir(), 'mooring-outside-')));
  });
  afterEach(() => rm(outside, { recursive: true }));

  it.each(['default', 'default/films', dirname(objectOf('k'))])('at %s lead nowhere', async (link) => {
    const inside = relative(link, objectOf('k'));
    await mkdir(dirname(join(outside, inside)), { recursive: true });
    await writeFile(join(outside, inside), 'secret');
    await mkdir(dirname(join(directory, link)), { recursive: true });
    await symlink(outside, join(directory, link));
    const before = await tree(outside);
    const below = [...link.split('/'), ...'a/b/c/d/e/f'.split('/')].slice(0, 7).join('/');
    const store = fileObjectStore({ directory });

    await expect(store.get(objectOf('k'))).rejects.toThrow('links are not followed');
    await expect(store.getStream(objectOf('k'))).rejects.toThrow('links are not followed');
    await expect(store.put(objectOf('k'), X, { ifAbsent: false })).rejects.toThrow('links are not followed');
    await expect(store.put(below, X, { ifAbsent: false })).rejects.toThrow('links are not followed');
    await expect(store.delete([objectOf('k')])).resolves.toHaveLength(1);
    await expect(all(store.list(''))).resolves.toEqual([]);

    await expect(tree(outside)).resolves.toEqual(before);
  });

  it('in the place of an object are not followed', async () => {
    await writeFile(join(outside, 'passwd'), 'secret');
    await mkdir(join(directory, dirname(objectOf('k'))), { recursive: true });
    await symlink(join(outside, 'passwd'), join(directory, objectOf('k')));
    const store = fileObjectStore({ directory });

    await expect(store.get(objectOf('k'))).rejects.toThrow('links are not followed');
    await expect(all(store.list(''))).resolves.toEqual([]);
    await expect(store.put(objectOf('k'), X, { ifAbsent: true })).resolves.toBe('exists');
    await expect(store.put(objectOf('k'), X, { ifAbsent: false })).resolves.toBe('created');

    await expect(store.get(objectOf('k'))).resolves.toEqual(Buffer.from('x'));
    await expect(nodeFiles.readFile(join(outside, 'passwd'), 'utf8')).resolves.toBe('secret');
  });

  it('and pipes in the place of an object hang nobody', async () => {
    const file = join(directory, objectOf('k'));
    await mkdir(dirname(file), { recursive: true });
    await promisify(execFile)('mkfifo', [file]);
    const store = fileObjectStore({ directory });

    await expect(store.get(objectOf('k'))).resolves.toBeUndefined();
    await expect(all(store.list(''))).resolves.toEqual([]);
  });
});

describe('C9 a file system that takes capital letters for small ones', () => {
  // A link stands for it: what is looked up as `key` is there, and is really `Key`.
  beforeEach(async () => {
    const store = fileObjectStore({ directory });
    await store.put(objectOf('Key'), X, { ifAbsent: true });
    const folder = dirname(dirname(objectOf('Key')));
    await symlink(join(directory, folder, 'Key'), join(directory, folder, 'key'));
  });

  it('refuses the second of two keys that it cannot tell apart', async () => {
    const store = fileObjectStore({ directory });

    await expect(store.put(objectOf('key', '2.json'), X, { ifAbsent: true })).rejects.toThrow(
      'does not tell capital letters from small ones',
    );

    await expect(all(store.list(''))).resolves.toMatchObject([{ key: objectOf('Key') }]);
  });

  it('does not show, list or delete one under the name of the other', async () => {
    const store = fileObjectStore({ directory });

    await expect(store.get(objectOf('key'))).resolves.toBeUndefined();
    await expect(all(store.list(objectOf('key', '')))).resolves.toEqual([]);
    await expect(store.delete([objectOf('key')])).resolves.toEqual([]);

    await expect(store.get(objectOf('Key'))).resolves.toEqual(Buffer.from('x'));
  });
});

describe('C9 a file system that mixes up capital letters and small ones without a sign', () => {
  const mixing = (real: (path: string) => string): RootFiles => ({
    mkdirSync: nodeSync.mkdirSync,
    mkdtempSync: nodeSync.mkdtempSync,
    rmdirSync: nodeSync.rmdirSync,
    realpathSync: { native: (path) => (path.includes('+CASE-') ? real(path) : nodeSync.realpathSync.native(path)) },
  });

  it('is refused when the store is made', async () => {
    const make = (): string =>
      realDirectory(
        directory,
        mixing((path) => path),
      );

    expect(make).toThrow(ConfigError);
    expect(make).toThrow('must be on a file system that tells capital letters from small ones');
    await expect(tree()).resolves.toEqual([]);
  });

  it('is used where it says what is really there', async () => {
    expect(
      realDirectory(
        directory,
        mixing((path) => path.replace('+CASE-', '+case-')),
      ),
    ).toBe(directory);
    await expect(tree()).resolves.toEqual([]);
  });

  it('is used where it is told apart', async () => {
    expect(realDirectory(directory)).toBe(directory);
    await expect(tree()).resolves.toEqual([]);
  });
});

describe('a folder that cannot be made', () => {
  it.each([
    ['EACCES', 'let the user of this process read, write and enter the folder'],
    ['EROFS', 'mount its file system for writing'],
  ])('is refused with what to do about %s', (code, remedy) => {
    const refusing: RootFiles = {
      ...nodeSync,
      mkdirSync: () => {
        throw Object.assign(new Error(code), { code });
      },
    };

    expect(() => realDirectory(directory, refusing)).toThrow(`must be a folder that can be used (${code}: ${remedy}`);
  });
});

describe('a put', () => {
  it('is on the disk before it has its name', async () => {
    const { fs, calls } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });

    await store.put(objectOf('k'), X, { ifAbsent: true });
    const created = calls.filter((call) => /sync|link|rename/.test(call)).map((call) => call.replace(/\+\w+/, '+'));
    calls.length = 0;
    await store.put(objectOf('k'), X, { ifAbsent: false });
    const replaced = calls.filter((call) => /sync|link|rename/.test(call)).map((call) => call.replace(/\+\w+/, '+'));

    const folder = dirname(objectOf('k'));
    const above = ['default/films/2026-11-22/transcode/-1', 'default/films/2026-11-22/transcode', 'default/films/2026-11-22'];

    expect(created).toEqual([
      `sync ${folder}/+`,
      `link ${folder}/+ ${objectOf('k')}`,
      `unlink ${folder}/+`,
      ...[folder, ...above, 'default/films', 'default', ''].map((name) => `sync ${name}`),
    ]);
    expect(replaced).toEqual([`sync ${folder}/+`, `rename ${folder}/+ ${objectOf('k')}`, `unlink ${folder}/+`, `sync ${folder}`]);
  });

  it.each([
    ['open', 'EACCES'],
    ['open', 'EMFILE'],
    ['mkdir', 'EROFS'],
    ['realpath', 'EACCES'],
    ['write', 'ENOSPC'],
    ['write', 'EDQUOT'],
    ['sync', 'EIO'],
    ['sync', 'ENOSPC'],
  ])('whose %s fails with %s leaves nothing', async (call, code) => {
    const { fs, fail } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });
    fail(call, code);

    await expect(store.put(objectOf('k'), X, { ifAbsent: true })).rejects.toMatchObject({ code });

    await expect(tree()).resolves.toEqual([]);
  });

  it.each(['EINVAL', 'EISDIR', 'EOPNOTSUPP', 'ENOSYS'])('is done where a folder cannot be synchronized (%s)', async (code) => {
    const { fs, fail } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });

    fail('sync', code, dirname(objectOf('k')));

    await expect(store.put(objectOf('k'), X, { ifAbsent: true })).resolves.toBe('created');
  });

  it.each(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM'])(
    'is done where nothing can be synchronized (%s)',
    async (code) => {
      const { fs, fail } = faultyFiles();
      const store = fileObjectStoreOver(fs, { directory });
      fail('sync', code);

      await expect(store.put(objectOf('k'), X, { ifAbsent: true })).resolves.toBe('created');

      await expect(store.get(objectOf('k'))).resolves.toEqual(Buffer.from('x'));
    },
  );

  it('needs of a file handle only what every runtime has', async () => {
    const missing = (): never => {
      throw new Error('Method not implemented.');
    };
    // As in Yarn Plug'n'Play, whose methods throw at once.
    const open = async (...args: Parameters<typeof machineFiles.open>): Promise<nodeFiles.FileHandle> => {
      const handle = await machineFiles.open(...args);
      return Object.assign(handle, { sync: missing, datasync: missing, readv: missing, utimes: missing });
    };
    const synced: number[] = [];
    const fsync = async (descriptor: number): Promise<void> => {
      synced.push(descriptor);
      return machineFiles.fsync(descriptor);
    };
    const store = fileObjectStoreOver({ ...machineFiles, open, fsync }, { directory });

    await expect(store.put(objectOf('k'), X, { ifAbsent: true })).resolves.toBe('created');

    await expect(store.get(objectOf('k'))).resolves.toEqual(Buffer.from('x'));
    expect(synced.length).toBeGreaterThan(1);
  });

  it('is done where the runtime cannot synchronize', async () => {
    const fsync = (): never => {
      throw new Error('Method not implemented.');
    };
    const store = fileObjectStoreOver({ ...machineFiles, fsync }, { directory });

    await expect(store.put(objectOf('k'), X, { ifAbsent: true })).resolves.toBe('created');
  });

  it('whose disk takes neither a link nor a new name fails with its reason', async () => {
    const { fs } = faultyFiles();
    const broken = async (): Promise<never> => Promise.reject(Object.assign(new Error('EIO: planted'), { code: 'EIO' }));
    const store = fileObjectStoreOver({ ...fs, link: broken, rename: broken }, { directory });

    await expect(store.put(objectOf('k'), X, { ifAbsent: true })).rejects.toMatchObject({ code: 'EIO' });

    await expect(tree()).resolves.toEqual([]);
  });

  it('fails on a broken disk', async () => {
    const { fs, fail } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });
    fail('sync', 'EIO', dirname(objectOf('k')));

    await expect(store.put(objectOf('k'), X, { ifAbsent: false })).rejects.toMatchObject({ code: 'EIO' });
  });

  it.each(['EPERM', 'ENOTSUP', 'ENOSYS', 'EXDEV', 'EACCES', 'EINVAL', 'EIO', 'ENOTTY', 'EUNKNOWN'])(
    'is create-only also where there are no hard links (%s)',
    async (code) => {
      const { fs, fail } = faultyFiles();
      const store = fileObjectStoreOver(fs, { directory });
      fail('link', code);

      await expect(store.put(objectOf('k'), X, { ifAbsent: true })).resolves.toBe('created');
      await expect(store.put(objectOf('k'), new Uint8Array(9), { ifAbsent: true })).resolves.toBe('exists');

      await expect(store.get(objectOf('k'))).resolves.toEqual(Buffer.from('x'));
      await expect(tree(join(directory, objectOf('k', '')))).resolves.toEqual(['1.json']);
    },
  );

  it('fails for a name that no file can have', async () => {
    const store = fileObjectStore({ directory });
    const long = objectOf('k', 'n'.repeat(300));
    await store.put(objectOf('k'), X, { ifAbsent: true });

    await expect(store.put(long, X, { ifAbsent: true })).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
    await expect(store.get(long)).rejects.toMatchObject({ code: 'ENAMETOOLONG' });
  });
});

describe('what a put that was killed left', () => {
  const OLD = new Date('2026-11-20T00:00:00Z');
  const BEFORE = new Date('2026-11-21T00:00:00Z');
  const left = (name: string, letter: string): string => join(dirname(objectOf(name)), `+${letter.repeat(20)}`);

  async function plant(path: string, time: Date): Promise<void> {
    await mkdir(dirname(join(directory, path)), { recursive: true });
    await writeFile(join(directory, path), 'part of an obj');
    await utimes(join(directory, path), time, time);
  }

  const found = async (options: { prefix?: string; remove?: boolean } = {}): Promise<string[]> => {
    const store = fileObjectStoreOver(machineFiles, { directory });
    return (await all(store.unfinished(BEFORE, { prefix: '', remove: false, ...options }))).map(({ key }) => key);
  };

  it('I4 is found by age below the prefix', async () => {
    const store = fileObjectStoreOver(machineFiles, { directory });
    await store.put(objectOf('a'), X, { ifAbsent: true });
    await plant(left('a', 'x'), OLD);
    await plant(left('a', 'y'), new Date());
    await plant(left('b', 'x'), OLD);
    await plant(left('b', 'x').replace('default', 'other'), OLD);
    const generation = `default/generation=/-/-/+${'x'.repeat(20)}`;
    await plant(generation, OLD);

    await expect(found()).resolves.toEqual([
      left('a', 'x'),
      left('b', 'x'),
      generation,
      left('b', 'x').replace('default', 'other'),
    ]);
    await expect(found({ prefix: 'default/' })).resolves.toEqual([left('a', 'x'), left('b', 'x'), generation]);
    await expect(found({ prefix: 'default/', remove: true })).resolves.toEqual([left('a', 'x'), left('b', 'x'), generation]);
    await expect(found({ prefix: 'default/' })).resolves.toEqual([]);

    const files = (await tree()).filter((path) => /[+.]/.test(path));
    expect(files).toEqual([left('a', 'y'), objectOf('a'), left('b', 'x').replace('default', 'other')].toSorted());
    await expect(tree()).resolves.not.toContain(dirname(objectOf('b')));
  });

  it('is nothing that is not of a put: not an object, nor what others call so', async () => {
    const others = ['+note', `+${'x'.repeat(20)}`, `default/+${'x'.repeat(20)}`, `lost+found/b/c/d/e/+${'x'.repeat(20)}`]
      .concat(['raw/2026/11/day/video', 'billing/prod/assets/7/k'].map((folder) => `default/${folder}/+${'x'.repeat(20)}`))
      .concat(join(dirname(objectOf('a')), '+short'), join(dirname(objectOf('a')), `+${'x'.repeat(20)}.txt`))
      .concat(objectOf('a'));
    for (const path of others) await plant(path, OLD);
    const before = await tree();

    await expect(found({ remove: true })).resolves.toEqual([]);

    await expect(tree()).resolves.toEqual(before);
  });

  it('is not looked for behind links', async () => {
    const outside = await realpath(await mkdtemp(join(tmpdir(), 'mooring-outside-')));
    try {
      const inside = join(outside, left('a', 'x').replace('default/', ''));
      await mkdir(dirname(inside), { recursive: true });
      await writeFile(inside, 'part of an obj');
      await utimes(inside, OLD, OLD);
      await symlink(outside, join(directory, 'default'));

      await expect(found({ remove: true })).resolves.toEqual([]);
      await expect(found({ prefix: 'default/', remove: true })).rejects.toThrow('links are not followed');

      await expect(nodeFiles.readFile(inside, 'utf8')).resolves.toBe('part of an obj');
    } finally {
      await rm(outside, { recursive: true });
    }
  });

  it('that cannot be removed is an error', async () => {
    await plant(left('a', 'x'), OLD);
    const { fs, fail } = faultyFiles();
    fail('unlink', 'EACCES');
    const store = fileObjectStoreOver(fs, { directory });

    await expect(all(store.unfinished(BEFORE, { prefix: '', remove: true }))).rejects.toMatchObject({ code: 'EACCES' });
  });

  it.each(['../', 'a//b'])('is not looked for under the prefix %j, or a signal that has aborted', async (prefix) => {
    await plant(left('a', 'x'), OLD);
    const store = fileObjectStoreOver(machineFiles, { directory });
    const signal = AbortSignal.abort(new Error('too late'));

    await expect(found({ prefix, remove: true })).rejects.toThrow('the prefix');
    await expect(all(store.unfinished(BEFORE, { prefix: '', remove: true, signal }))).rejects.toThrow('too late');
    await expect(found()).resolves.toHaveLength(1);
  });
});

describe('without permission, or on a broken disk', () => {
  it.each(['EACCES', 'EIO', 'EMFILE'])('reading that fails with %s is not taken for missing', async (code) => {
    const { fs, fail } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });
    await store.put(objectOf('k'), X, { ifAbsent: true });

    for (const call of ['open', 'realpath']) {
      fail(call, code);
      await expect(store.get(objectOf('k'))).rejects.toMatchObject({ code });
      await expect(store.getStream(objectOf('k'))).rejects.toMatchObject({ code });
      fail(call, undefined);
    }
  });

  it('a listing fails whole, since a part of it would look like the whole', async () => {
    const { fs, fail } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });
    for (const name of ['a', 'b']) await store.put(objectOf(name), X, { ifAbsent: true });
    fail('readdir', 'EACCES', dirname(objectOf('b')));

    await expect(all(store.list(''))).rejects.toMatchObject({ code: 'EACCES' });
  });

  it('deleting names the key and the reason', async () => {
    const { fs, fail } = faultyFiles();
    const store = fileObjectStoreOver(fs, { directory });
    for (const name of ['a', 'b']) await store.put(objectOf(name), X, { ifAbsent: true });
    fail('unlink', 'EACCES', objectOf('a'));

    const failed = await store.delete([objectOf('a'), objectOf('b')]);

    expect(failed).toMatchObject([{ key: objectOf('a'), error: { code: 'EACCES' } }]);
    await expect(all(store.list(''))).resolves.toMatchObject([{ key: objectOf('a') }]);
  });
});
