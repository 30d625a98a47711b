/** Which test needs which server: read from what its file imports, so that nobody keeps a list. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { ROOT } from '../build.ts';
import { SERVER_NAMES, type ServerName } from './list.ts';

/** What starts each server. */
const STARTED_BY: Readonly<Record<ServerName, readonly string[]>> = {
  toxiproxy: ['test/support/toxiproxy.ts'],
  versitygw: ['test/support/versitygw.ts'],
  'fake-gcs-server': ['test/support/fake-gcs.ts'],
  temporal: ['test/support/temporal.ts', 'scripts/temporal/server.ts'],
  'temporal-next': ['test/support/temporal.ts'],
  minio: ['test/support/minio.ts'],
};

const IMPORT = /\b(?:from|import)\s*\(?\s*'(\.[^']+\.ts)'/g;

/** The servers that each test file needs, by the file's path. */
export async function serversNeeded(files: readonly string[]): Promise<Map<string, readonly ServerName[]>> {
  const imports = new Map<string, Promise<readonly string[]>>();
  const importsOf = (file: string): Promise<readonly string[]> => {
    const known = imports.get(file) ?? readImports(file);
    imports.set(file, known);
    return known;
  };
  const needed = async (file: string): Promise<readonly ServerName[]> => {
    const reached = new Set([file]);
    for (const one of reached) for (const next of await importsOf(one)) reached.add(next);
    return SERVER_NAMES.filter((name) => STARTED_BY[name].some((file) => reached.has(join(ROOT, file))));
  };
  return new Map(await Promise.all(files.map(async (file) => [file, await needed(file)] as const)));
}

async function readImports(file: string): Promise<readonly string[]> {
  const source = await readFile(file, 'utf8').catch(() => '');
  return [...source.matchAll(IMPORT)].map(([, path]) => resolve(dirname(file), path as string));
}
