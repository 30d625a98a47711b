import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sources } from '../../test/guards/guard.ts';

/** The sources of a tree, in which guards stand. */
export async function readSources(tree: string): Promise<Sources> {
  const folders = ['src', 'adapters', 'drill'];
  const listed = await Promise.all(folders.map((folder) => readdir(join(tree, folder), { recursive: true })));
  const files = listed.flatMap((names, index) =>
    names.filter((name) => name.endsWith('.ts')).map((name) => join(folders[index] ?? '', name)),
  );
  return Object.fromEntries(await Promise.all(files.map(async (file) => [file, await readFile(join(tree, file), 'utf8')])));
}
