import { innermostCode } from '../../model/reason.ts';

/** What a person should do if a folder cannot be used. The code of the error says why; the path of a file is never part of it. */

const RIGHT = 'Let the user of this process read, write and enter the folder and all that is in it (ls -l, chown, chmod).';
const ROOM = 'Make room on its disk, for bytes and for files (df -h, df -i), or raise the quota. A sweep removes what has ended.';
const HANDLES = 'Let the process open more files (ulimit -n), and the machine too.';
const AGAIN = 'Mount the disk again, then run `mooring doctor` once more. Never put an empty folder in its place.';

const REMEDIES: Readonly<Record<string, string>> = {
  EACCES: RIGHT,
  EPERM: RIGHT,
  ENOSPC: ROOM,
  EDQUOT: ROOM,
  EFBIG: 'Let the process write larger files (ulimit -f); the file system must take them too.',
  EROFS: 'Mount its file system for writing. One that became read-only by itself has met an error: see the log of the system.',
  EIO: 'Look at the log of the system: the disk, or the way to it, is broken.',
  EMFILE: HANDLES,
  ENFILE: HANDLES,
  ENAMETOOLONG: 'Choose a folder with a shorter path: the path of an object can have 900 characters of its own.',
  ESTALE: AGAIN,
  ENOTCONN: AGAIN,
  ETIMEDOUT: AGAIN,
  ERR_FOLDER_GONE: AGAIN,
  ERR_FOLDER_LINK: 'Take the link out of the folder. To move the folder, link the folder itself, or give its new path.',
  ERR_FOLDER_CASE: 'Move the folder to a file system that tells capital letters from small ones.',
};

const USUAL =
  'See that the folder is there, that its disk answers and has room, and that the user of this process may read, write and enter it.';

/** `remedy()` of the file store. */
export function folderRemedy(error: unknown): string {
  return REMEDIES[innermostCode(error) ?? ''] ?? USUAL;
}

/** What the file store refuses by itself. A code says it where the text, which has a path, is not shown. */
export function folderError(code: 'ERR_FOLDER_GONE' | 'ERR_FOLDER_LINK' | 'ERR_FOLDER_CASE', message: string): Error {
  return Object.assign(new Error(message), { code });
}
