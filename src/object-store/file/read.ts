import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { codeOf, isAbsence, isThere, placeOf, type Root } from './folder.ts';
import { requireRange } from '../check-key.ts';
import type { ObjectStore } from '../object-store.ts';

/** Reading a file. It is whole or not there: a writer gives it its name only when it is complete, and never changes it. */

const CHUNK = 65_536;
/** Neither through a link, nor waiting for whoever writes to a pipe. A platform without a flag has `undefined` for it. */
const READ = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** `get()` of the file store. */
export function fileGet(root: Root): ObjectStore['get'] {
  return async (key, options = {}) => {
    const { end } = requireRange(options);
    const { signal } = options;
    const found = await openObject(root, key, signal);
    if (!found) return undefined;
    const { handle, size } = found;
    try {
      if (size <= end) return await handle.readFile(signal && { signal });
      const chunks: Uint8Array[] = [];
      for await (const chunk of chunksOf(handle, { start: 0, end, signal })) chunks.push(chunk);
      return Buffer.concat(chunks);
    } catch (error) {
      signal?.throwIfAborted();
      throw error;
    } finally {
      await handle.close();
    }
  };
}

/** `getStream()` of the file store. The file is open only while it is read, so that a stream that nobody reads holds nothing. */
export function fileGetStream(root: Root): ObjectStore['getStream'] {
  return async (key, options = {}) => {
    const { start, end } = requireRange(options);
    const found = await openObject(root, key, options.signal);
    if (!found) return undefined;
    await found.handle.close();
    return openedLater(root, key, { start, end, signal: options.signal });
  };
}

interface Wanted {
  start: number;
  end: number;
  signal: AbortSignal | undefined;
}

async function* openedLater(root: Root, key: string, wanted: Wanted): AsyncGenerator<Uint8Array, void, undefined> {
  const found = await openObject(root, key, wanted.signal);
  if (!found) throw new Error(`the object ${key} was deleted before it was read`);
  try {
    yield* chunksOf(found.handle, wanted);
  } finally {
    await found.handle.close();
  }
}

async function* chunksOf(handle: FileHandle, { start, end, signal }: Wanted): AsyncGenerator<Uint8Array, void, undefined> {
  for (let at = start; at < end;) {
    signal?.throwIfAborted();
    const { bytesRead, buffer } = await handle.read(new Uint8Array(Math.min(CHUNK, end - at)), { position: at });
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

interface OpenedFile {
  handle: FileHandle;
  /** Bytes. */
  size: number;
}

async function openObject(root: Root, key: string, signal: AbortSignal | undefined): Promise<OpenedFile | undefined> {
  const { folder, file } = placeOf(root, key);
  signal?.throwIfAborted();
  if (!(await isThere(root, folder))) return undefined;
  const handle = await root.fs.open(file, READ).catch((error: unknown) => {
    if (isAbsence(error)) return undefined;
    if (codeOf(error) === 'ELOOP') throw new Error(`${file} is a link: links are not followed`, { cause: error });
    throw error;
  });
  if (!handle) return undefined;
  try {
    const stat = await handle.stat();
    if (stat.isFile()) return { handle, size: stat.size };
    await handle.close();
    return undefined;
  } catch (error) {
    await handle.close();
    throw error;
  }
}
