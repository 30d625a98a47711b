import * as nodeFiles from 'node:fs/promises';
import { fileObjectStoreOver, type FileObjectStoreOptions } from './store.ts';
import type { ObjectStore } from '../object-store.ts';

export type { FileObjectStoreOptions } from './store.ts';

/** `mooring/file`. */

/**
 * An object store in a folder, one file for each object. The folder should be on a disk that all workers see.
 *
 * @throws `ConfigError` when the folder can neither be found nor made.
 */
export function fileObjectStore(options: FileObjectStoreOptions): ObjectStore {
  return fileObjectStoreOver(nodeFiles, options);
}
