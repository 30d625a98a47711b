import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import type { CallOptions } from '../../async/deadline.ts';
import type { UncheckedObjectStore } from '../checked.ts';
import { progressOf } from '../progress.ts';
import { systemCode } from '../system-code.ts';
import { isThere, filePathOf, orAbsent, type Root } from './folder.ts';
import { folderError } from './remedy.ts';

/** Reading a file. A file is whole or not there: a writer gives it its name only when it is complete, and never changes it. */

const CHUNK = 2 ** 19;
/** Opens neither through a link, nor waits for a writer of a pipe. A platform without a flag has `undefined` for it. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `get()` of the file store. */
export function fileGet(root: Root): UncheckedObjectStore['get'] {
  return async (key, options) => {
    const progress = progressOf(options);
    progress();
    const file = await openFile(root, key);
    if (!file) return undefined;
    const chunks: Uint8Array[] = [];
    for await (const chunk of bytesOf(file, { ...options, start: 0 })) {
      chunks.push(chunk);
      progress();
    }
    return Buffer.concat(chunks);
  };
}

/** `getStream()` of the file store. The file is open only while it is read, so that a stream that nobody reads holds nothing. */
export function fileGetStream(root: Root): UncheckedObjectStore['getStream'] {
  return async (key, wanted) => {
    progressOf(wanted)();
    const file = await openFile(root, key);
    await file?.handle.close();
    return file && openedLater(root, key, wanted);
  };
}

interface Wanted extends CallOptions {
  start: number;
  end: number;
}

async function* openedLater(root: Root, key: string, wanted: Wanted): AsyncGenerator<Uint8Array, void, undefined> {
  const file = await openFile(root, key);
  if (!file) throw new Error(`the object ${key} was deleted before it was read`);
  yield* bytesOf(file, wanted);
}

interface OpenedFile {
  handle: FileHandle;
  /** Bytes. */
  size: number;
}

/** Closes the file at the end. */
async function* bytesOf({ handle, size }: OpenedFile, wanted: Wanted): AsyncGenerator<Uint8Array, void, undefined> {
  const end = Math.min(wanted.end, size);
  try {
    for (let at = wanted.start; at < end;) {
      wanted.signal?.throwIfAborted();
      const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(CHUNK, end - at)), { position: at });
      if (bytesRead === 0) return;
      at += bytesRead;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function openFile(root: Root, key: string): Promise<OpenedFile | undefined> {
  const { folder, file } = filePathOf(root, key);
  if (!(await isThere(root, folder))) return undefined;
  const handle = await orAbsent(root.fs.open(file, READ)).catch((cause: unknown) => {
    throw systemCode(cause) === 'ELOOP' ? folderError('ERR_FOLDER_LINK', `${file} is a link: links are not followed`) : cause;
  });
  if (!handle) return undefined;
  try {
    const stat = await handle.stat();
    if (stat.isFile()) return { handle, size: stat.size };
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  return undefined;
}
