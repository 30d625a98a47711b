import * as nodeFiles from 'node:fs';
import { basename, join } from 'node:path';
import { ConfigError } from '../../model/errors/store.ts';
import { folderRemedy } from './remedy.ts';
import { systemCode } from '../system-code.ts';

/** The folder of a file store, checked when the store is made: it is there, and keeps the keys `A` and `a` apart. */

/** The part of `node:fs` that is called. */
export interface RootFiles {
  mkdirSync(path: string, options: { recursive: true; mode: number }): unknown;
  mkdtempSync(prefix: string): string;
  rmdirSync(path: string): void;
  realpathSync: { native(path: string): string };
}

/**
 * The real path of the folder, which is made if it is missing.
 *
 * @throws {@link ConfigError} when it can neither be found nor made, or when its file system would mix up keys without a sign.
 */
export function realDirectory(directory: string, fs: RootFiles = nodeFiles): string {
  try {
    fs.mkdirSync(directory, { recursive: true, mode: 0o700 });
    const real = fs.realpathSync.native(directory);
    requireCase(fs, real);
    return real;
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    throw new ConfigError('directory', `must be a folder that can be used (${reasonOf(error)})`, directory);
  }
}

/** The system's code, and what to do about it. */
function reasonOf(error: unknown): string {
  const remedy = folderRemedy(error).replace(/\.$/, '');
  return `${systemCode(error) ?? 'no reason'}: ${remedy.charAt(0).toLowerCase()}${remedy.slice(1)}`;
}

/**
 * A file system that takes capital letters for small ones can be used if it tells the real name of a folder. Those of macOS and
 * Windows do. Then the second of two such keys is refused. If it does not tell, the two would be one folder.
 */
function requireCase(fs: RootFiles, directory: string): void {
  const probe = makeProbe(fs, directory);
  // Nothing can be written here, so nothing can be mixed up.
  if (probe === undefined) return;
  const other = join(directory, basename(probe).toUpperCase());
  try {
    if (lookUp(fs, other) !== other) return;
    throw new ConfigError('directory', 'must be on a file system that tells capital letters from small ones', directory);
  } finally {
    fs.rmdirSync(probe);
  }
}

function makeProbe(fs: RootFiles, directory: string): string | undefined {
  try {
    // No key has a `+`, so a probe that a crash leaves is never taken for an object.
    return fs.mkdtempSync(join(directory, '+case-'));
  } catch {
    return undefined;
  }
}

function lookUp(fs: RootFiles, path: string): string | undefined {
  try {
    return fs.realpathSync.native(path);
  } catch {
    return undefined;
  }
}
