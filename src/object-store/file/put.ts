import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { chunksOf } from '../../async/chunks.ts';
import { systemClock } from '../../async/clock.ts';
import { randomText, systemRandom } from '../../async/random.ts';
import { retry } from '../../async/retry.ts';
import { isObjectFolder } from '../../format/object-name.ts';
import { isAbsence, filePathOf, makeFolder, orAbsent, removeEmpty, type FileSystem, type FilePath, type Root } from './folder.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import type { PutOptions } from '../object-store.ts';
import { systemCode } from '../system-code.ts';

/**
 * Writing a file, all or nothing. The bytes go into a file of another name in the same folder. That file is synchronized and then
 * put under its name in one step. The folder is synchronized last. A crash leaves at most the file of the other name, which no
 * key can have, so it is never an object.
 */

/** No segment of a key holds a `+`. */
const UNFINISHED = '+';
/** How often a folder is made that another process's `delete()` has just removed because it was empty. */
const FOLDER_TRIES = 21;
/**
 * A file system that cannot synchronize, or, without a code, a runtime that cannot. Any other word, such as `EIO` or `ENOSPC`,
 * means that bytes may be lost.
 */
const NO_SYNC = [undefined, 'EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'ENOTTY', 'EPERM', 'EACCES'] as const;
/** One that cannot synchronize a folder, or open one; or a folder that went with its last object meanwhile. */
const NO_FOLDER_SYNC: readonly (string | undefined)[] = [...NO_SYNC, 'EISDIR', 'EBADF', 'ENOENT'];

/** Whether the path is one that a put writes to before the file has its name. */
export function isUnfinished(path: string): boolean {
  const at = path.lastIndexOf('/') + 1;
  return /^\+[0-9a-z]{20}$/.test(path.slice(at)) && isObjectFolder(path.slice(0, at - 1));
}

/** `put()` of the file store. */
export function filePut(root: Root): UncheckedObjectStore['put'] {
  return async (key, body, options) => {
    const place = filePathOf(root, key);
    try {
      return await put(root, place, body, options);
    } catch (error) {
      await removeEmpty(root, place.folder);
      throw error;
    }
  };
}

async function put(
  root: Root,
  place: FilePath,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  { ifAbsent, signal }: PutOptions,
): Promise<'created' | 'exists'> {
  const { handle, name, changed } = await openUnfinished(root, place);
  try {
    await fill(root.fs, handle, body, signal);
    if (!(await publish(root.fs, name, place.file, ifAbsent))) return 'exists';
  } finally {
    await root.fs.unlink(name).catch(() => undefined);
  }
  for (const folder of [place.folder, ...changed.toReversed()]) await syncFolder(root.fs, folder);
  return 'created';
}

async function openUnfinished(
  root: Root,
  { folder }: FilePath,
): Promise<{ handle: FileHandle; name: string; changed: string[] }> {
  const name = join(folder, UNFINISHED + randomText(systemRandom, 20));
  const changed = new Set<string>();
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL;
  return retry({ clock: systemClock, pause: { first: 0 }, tries: FOLDER_TRIES, passes: isAbsence }, async () => {
    for (const made of await makeFolder(root, folder)) changed.add(made);
    return { handle: await root.fs.open(name, flags, 0o600), name, changed: [...changed] };
  });
}

async function fill(
  fs: FileSystem,
  handle: FileHandle,
  body: Uint8Array | AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<void> {
  try {
    for await (const chunk of chunksOf(body, signal)) await handle.writeFile(chunk, signal && { signal });
    await sync(fs, handle, NO_SYNC);
  } catch (error) {
    signal?.throwIfAborted();
    throw error;
  } finally {
    await handle.close();
  }
  signal?.throwIfAborted();
}

/** Gives the file its name, in one step. Returns false if the name is taken and must not be. */
async function publish(fs: FileSystem, unfinished: string, file: string, ifAbsent: boolean): Promise<boolean> {
  if (ifAbsent) {
    try {
      await fs.link(unfinished, file);
      return true;
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return false;
      // File systems refuse hard links in many words. The next step fails too if the disk is the reason.
      // Two steps suffice: a name is never used twice, so an existing file is an earlier send of the same.
      if (await orAbsent(fs.lstat(file))) return false;
    }
  }
  await fs.rename(unfinished, file);
  return true;
}

async function syncFolder(fs: FileSystem, folder: string): Promise<void> {
  try {
    const handle = await fs.open(folder, constants.O_RDONLY);
    try {
      await sync(fs, handle, NO_FOLDER_SYNC);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (!NO_FOLDER_SYNC.includes(systemCode(error))) throw error;
  }
}

async function sync(fs: FileSystem, { fd }: FileHandle, cannot: readonly (string | undefined)[]): Promise<void> {
  try {
    await fs.fsync(fd);
  } catch (error) {
    if (!cannot.includes(systemCode(error))) throw error;
  }
}
