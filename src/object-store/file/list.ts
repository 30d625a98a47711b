import type { Dirent } from 'node:fs';
import { dirname, join } from 'node:path';
import type { CallOptions } from '../../async/deadline.ts';
import { isObjectKey } from '../../format/path.ts';
import { requirePrefix } from '../check-key.ts';
import { deleteEach } from '../delete-each.ts';
import { isThere, orAbsent, filePathOf, removeEmpty, type Root } from './folder.ts';
import { isUnfinished } from './put.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import type { ObjectStore } from '../object-store.ts';
import { progressOf } from '../progress.ts';

/** Listing and deleting files. A folder that cannot be read fails the whole listing: a part of it would look like the whole. */

/** `list()` of the file store. */
export function fileList(root: Root): UncheckedObjectStore['list'] {
  return (prefix, options) => filesBelow(root, prefix, isObjectKey, options);
}

/** `unfinished()` of the file store: what a put was writing to when its process died. */
export function fileUnfinished(root: Root): NonNullable<ObjectStore['unfinished']> {
  return async function* unfinished(before, options) {
    const { prefix, remove } = options;
    for await (const { key, modifiedAt } of filesBelow(root, prefix, isUnfinished, options)) {
      if (modifiedAt >= before) continue;
      const file = join(root.directory, key);
      if (remove) {
        await orAbsent(root.fs.unlink(file));
        await removeEmpty(root, dirname(file));
      }
      yield { key };
    }
  };
}

interface FoundFile {
  key: string;
  size: number;
  modifiedAt: Date;
}

/** Files of ours whose paths begin with the prefix, in the order of the paths' bytes. */
async function* filesBelow(
  root: Root,
  prefix: string,
  isOurs: (path: string) => boolean,
  options: CallOptions,
): AsyncGenerator<FoundFile, void, undefined> {
  requirePrefix(prefix);
  const folders = prefix.split('/').slice(0, -1);
  const base = folders.map((folder) => `${folder}/`).join('');
  if (!(await isThere(root, join(root.directory, ...folders)))) return;
  yield* walk(root, base, { prefix, isOurs, signal: options.signal, progress: progressOf(options) });
}

interface Wanted {
  prefix: string;
  isOurs: (path: string) => boolean;
  signal: AbortSignal | undefined;
  progress: () => void;
}

async function* walk(root: Root, base: string, wanted: Wanted): AsyncGenerator<FoundFile, void, undefined> {
  const { prefix, isOurs, signal, progress } = wanted;
  const entries = await entriesOf(root, base);
  progress();
  for (const { path, isFolder } of entries) {
    signal?.throwIfAborted();
    if (isFolder) {
      if (path.startsWith(prefix) || prefix.startsWith(path)) yield* walk(root, path, wanted);
      continue;
    }
    const stat = path.startsWith(prefix) && isOurs(path) ? await orAbsent(root.fs.lstat(join(root.directory, path))) : undefined;
    if (stat) yield { key: path, size: stat.size, modifiedAt: stat.mtime };
  }
}

/** What is in a folder. Folders end with a `/`, so that their order is the one of the keys in them. */
async function entriesOf(root: Root, base: string): Promise<readonly { path: string; isFolder: boolean }[]> {
  const entries: Dirent[] = (await orAbsent(root.fs.readdir(join(root.directory, base), { withFileTypes: true }))) ?? [];
  return (
    entries
      .filter((entry) => entry.isDirectory() || entry.isFile())
      .map((entry) => ({ path: base + entry.name + (entry.isDirectory() ? '/' : ''), isFolder: entry.isDirectory() }))
      // No folder of ours has a name with it.
      .filter(({ path, isFolder }) => !isFolder || !path.includes('+'))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
  );
}

/** `delete()` of the file store. Folders that are left empty go too. */
export function fileDelete(root: Root): UncheckedObjectStore['delete'] {
  return (keys, call) => deleteEach(keys, call, (key) => deleteOne(root, key));
}

async function deleteOne(root: Root, key: string): Promise<void> {
  const { folder, file } = filePathOf(root, key);
  if (!(await isThere(root, folder))) return;
  await orAbsent(root.fs.unlink(file));
  await removeEmpty(root, folder);
}
