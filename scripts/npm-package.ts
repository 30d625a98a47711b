/** A package of the npm registry, unpacked: nothing is installed, and none of its scripts runs. */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { exists } from './cache.ts';
import { run } from './command.ts';

/**
 * Unpacks a package, by its name and version, and returns the folder of its files, below the given one.
 *
 * @throws Error with one sentence that says why there is none.
 */
export async function unpackFromNpm(name: string, folder: string): Promise<string> {
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  const packed = await run('npm', ['pack', name, '--silent', '--pack-destination', downloads]);
  const file = join(downloads, packed.stdout.trim().split('\n').at(-1) ?? '');
  if (packed.code !== 0 || !(await exists(file))) {
    throw new Error(`the npm registry did not give ${name}: ${packed.stderr.trim().split('\n').at(-1)}`);
  }
  const unpacked = await run('tar', ['-xzf', file, '-C', folder]);
  if (unpacked.code !== 0) throw new Error(`${name} cannot be unpacked: ${unpacked.stderr.trim()}`);
  await rm(downloads, { recursive: true, force: true, maxRetries: 10 });
  return join(folder, 'package');
}
