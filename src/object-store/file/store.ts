import { fsync } from 'node:fs';
import * as nodeFiles from 'node:fs/promises';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { requireKnownNames, type OptionNames } from '../../model/check-options.ts';
import { text } from '../../model/checks.ts';
import { ConfigError } from '../../model/errors/store.ts';
import { checkedObjectStore } from '../checked.ts';
import type { ObjectStore } from '../object-store.ts';
import type { FileSystem, Root } from './folder.ts';
import { fileDelete, fileList, fileUnfinished } from './list.ts';
import { filePut } from './put.ts';
import { fileGet, fileGetStream } from './read.ts';
import { folderRemedy } from './remedy.ts';
import { realDirectory } from './root.ts';

/** `mooring/file`: an object store in a folder, one file for each object, under its key. Files 0600, folders 0700. */

/** Options of `fileObjectStore()`. */
export interface FileObjectStoreOptions {
  /** The folder. Made if it is missing. It should be on a disk that all workers see, or all workers on one machine. */
  directory: string;
  /**
   * What references record.
   * @defaultValue `'file:<directory>'`, with the absolute path
   */
  alias?: string;
}

const OPTIONS: OptionNames<FileObjectStoreOptions> = { directory: true, alias: true };

/** The file system of the machine. */
export const machineFiles: FileSystem = { ...nodeFiles, fsync: promisify(fsync) };

/**
 * An object store in a folder, one file for each object. The folder should be on a disk that all workers see.
 *
 * @throws `ConfigError` when the folder can neither be found nor made, or cannot keep the keys `A` and `a` apart.
 */
export function fileObjectStore(options: FileObjectStoreOptions): ObjectStore {
  return fileObjectStoreOver(machineFiles, options);
}

/** A file store over a given file system. */
export function fileObjectStoreOver(fs: FileSystem, options: FileObjectStoreOptions): Required<ObjectStore> {
  requireKnownNames('options', options, OPTIONS);
  const { directory } = options;
  if (typeof directory !== 'string' || directory === '' || directory.includes('\0')) {
    throw new ConfigError('directory', 'must be the path of a folder', directory);
  }
  const { alias = `file:${resolve(directory)}` } = options;
  text(alias, 'alias');
  const root: Root = { fs, directory: realDirectory(directory) };
  return checkedObjectStore({
    alias,
    put: filePut(root),
    get: fileGet(root),
    getStream: fileGetStream(root),
    delete: fileDelete(root),
    list: fileList(root),
    unfinished: fileUnfinished(root),
    rules: () => Promise.resolve(undefined),
    remedy: folderRemedy,
  });
}
