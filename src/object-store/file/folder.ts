import type * as NodeFiles from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import { requireObjectKey } from '../check-key.ts';
import { systemCode } from '../system-code.ts';
import { folderError } from './remedy.ts';

/**
 * Where objects lie below the root, and that nothing leads out of it. Between the root and an object there are only folders of
 * ours: the real path of its folder is the one that its key says. With a link the real path differs. It also differs if the file
 * system cannot tell capital letters from small ones and another key's folder is there already.
 */

/** The part of `node:fs/promises` that is called, and `fsync` of `node:fs`. */
export interface FileSystem extends Pick<
  typeof NodeFiles,
  'open' | 'mkdir' | 'realpath' | 'lstat' | 'link' | 'rename' | 'unlink' | 'rmdir' | 'readdir'
> {
  /** By the descriptor: `sync()` of a file handle is missing in some runtimes, such as Yarn Plug'n'Play. */
  fsync(descriptor: number): Promise<void>;
}

/** A file store's folder. */
export interface Root {
  fs: FileSystem;
  /** The real path. */
  directory: string;
}

/** Where an object lies. */
export interface FilePath {
  folder: string;
  file: string;
}

const SEPARATOR = '/';

/**
 * The place of a key.
 *
 * @throws {@link InvalidKeyError} when it is no object key.
 */
export function filePathOf({ directory }: Root, key: string): FilePath {
  requireObjectKey(key);
  const parts = key.split(SEPARATOR);
  const folder = join(directory, ...parts.slice(0, -1));
  return { folder, file: join(folder, parts.at(-1) as string) };
}

/**
 * Whether a folder is there, as itself.
 *
 * @throws {@link Error} when a link leads elsewhere, or the root is gone: neither means that an object is missing.
 */
export async function isThere(root: Root, folder: string): Promise<boolean> {
  const real = await orAbsent(root.fs.realpath(folder));
  if (real === folder) return true;
  if (real === undefined) {
    await requireRoot(root);
    return false;
  }
  if (real.toLowerCase() === folder.toLowerCase()) return false;
  throw folderError('ERR_FOLDER_LINK', `the folder ${folder} is really ${real}: links are not followed`);
}

async function requireRoot({ fs, directory }: Root): Promise<void> {
  const stat = await orAbsent(fs.lstat(directory));
  if (!stat) throw folderError('ERR_FOLDER_GONE', `the folder ${directory} of this object store is gone`);
  if (!stat.isDirectory()) throw folderError('ERR_FOLDER_GONE', `${directory} is no folder any more`);
}

/**
 * Makes a folder and those above it, which only this user may enter. Returns the folders that must be synchronized for the new
 * ones to outlive a crash.
 *
 * @throws {@link Error} when a link leads elsewhere, or when the file system takes it for a folder of another case.
 */
export async function makeFolder(root: Root, folder: string): Promise<readonly string[]> {
  const { fs, directory } = root;
  if (await isThere(root, folder)) return [];
  const changed: string[] = [];
  let above = directory;
  for (const part of relative(directory, folder).split(sep)) {
    const next = join(above, part);
    const made = await fs.mkdir(next, { mode: 0o700 }).then(
      () => true,
      (error: unknown) => {
        if (systemCode(error) !== 'EEXIST') throw error;
        return false;
      },
    );
    if (made) changed.push(above);
    else if (!(await isThere(root, next))) await refuse(fs, next);
    above = next;
  }
  return changed;
}

async function refuse(fs: FileSystem, folder: string): Promise<void> {
  const real = await orAbsent(fs.realpath(folder));
  // Deleted by another process between the two looks: the caller tries again.
  if (real === undefined) throw Object.assign(new Error(`the folder ${folder} was removed meanwhile`), { code: 'ENOENT' });
  throw folderError(
    'ERR_FOLDER_CASE',
    `the folder ${folder} is there as ${real}: this file system does not tell capital letters from small ones, so it cannot hold both`,
  );
}

/** Removes a folder and those above it, as far up as they are empty. Never rejects: an empty folder harms nobody. */
export async function removeEmpty({ fs, directory }: Root, folder: string): Promise<void> {
  for (let empty = folder; empty !== directory; empty = dirname(empty)) {
    const removed = await fs.rmdir(empty).then(
      () => true,
      (error: unknown) => isAbsence(error),
    );
    if (!removed) return;
  }
}

/** What `work` resolves with; `undefined` if there is nothing at the path. */
export async function orAbsent<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isAbsence(error)) return undefined;
    throw error;
  }
}

/** Whether an error says that there is nothing at a path. Anything else (no permission, a broken disk) says nothing about it. */
export function isAbsence(error: unknown): boolean {
  const code = systemCode(error);
  return code === 'ENOENT' || code === 'ENOTDIR';
}
