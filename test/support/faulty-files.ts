import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileSystem } from '../../src/object-store/file/folder.ts';
import { machineFiles } from '../../src/object-store/file/store.ts';

/** The real file system, which writes down its calls and fails those that a test names. */
export interface FaultyFiles {
  fs: FileSystem;
  /** `<call> <path> [<path>]`, below the folder of the store where it is known. */
  calls: string[];
  /** From now on `call`, of the path `where`, or of any, fails with the code; `undefined` ends it. */
  fail(call: string, code: string | undefined, where?: string): void;
}

const DIRECTORY = /^.*\/mooring-objects-[^/]*\/?/;

/** A file system under a test's control. */
export function faultyFiles(): FaultyFiles {
  const calls: string[] = [];
  let fault: { call: string; code: string | undefined; where: string | undefined } | undefined;
  const note = (call: string, ...named: readonly string[]): void => {
    const below = named.map((path) => path.replace(DIRECTORY, '').replace(/\/$/, ''));
    calls.push([call, ...below].join(' '));
    if (fault?.code !== undefined && fault.call === call && (fault.where === undefined || below.includes(fault.where))) {
      throw Object.assign(new Error(`${fault.code}: planted`), { code: fault.code });
    }
  };
  const paths = new Map<number, string>();
  const handleOf = (path: string, handle: FileHandle): FileHandle => {
    paths.set(handle.fd, path);
    return new Proxy(handle, {
      get(target, property) {
        const method: unknown = Reflect.get(target, property, target);
        if (typeof method !== 'function') return method;
        const call = property === 'writeFile' ? 'write' : String(property);
        return async (...args: unknown[]) => {
          if (call !== 'close') note(call, path);
          return (await Reflect.apply(method, target, args)) as unknown;
        };
      },
    });
  };
  const noted =
    <Args extends [unknown, ...unknown[]], Result>(call: string, run: (...args: Args) => Promise<Result>) =>
    async (...args: Args): Promise<Result> => {
      note(call, ...args.slice(0, ['link', 'rename'].includes(call) ? 2 : 1).map((path) => join(String(path))));
      return run(...args);
    };
  const fs = {
    fsync: async (descriptor: number) => {
      note('sync', paths.get(descriptor) ?? '');
      return machineFiles.fsync(descriptor);
    },
    mkdir: noted('mkdir', machineFiles.mkdir),
    realpath: noted('realpath', machineFiles.realpath),
    lstat: noted('lstat', machineFiles.lstat),
    link: noted('link', machineFiles.link),
    rename: noted('rename', machineFiles.rename),
    unlink: noted('unlink', machineFiles.unlink),
    rmdir: noted('rmdir', machineFiles.rmdir),
    readdir: noted('readdir', machineFiles.readdir),
    open: async (path: string, ...rest: [number, number]) => {
      note('open', path);
      return handleOf(path, await machineFiles.open(path, ...rest));
    },
  } as FileSystem;
  return {
    fs,
    calls,
    fail: (call, code, where) => {
      fault = { call, code, where };
    },
  };
}
