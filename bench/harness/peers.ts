import { createHash } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { cached, fillOnce } from '../../scripts/cache.ts';
import { run } from '../../scripts/command.ts';

/** Other libraries that benches measure: installed once into the cache, never into the checkout. */

const VERSIONS: Readonly<Record<string, string>> = {
  keyv: '5.6.0',
  '@keyv/redis': '5.1.6',
  unstorage: '1.17.6',
  ioredis: '5.11.1',
  cacache: '20.0.4',
  '@temporalio/external-storage-s3': '1.22.0',
};

/**
 * Loads a module of one of them.
 *
 * @throws Error when the registry does not give them.
 */
export async function loadPeer<Module>(specifier: string): Promise<Module> {
  const manifest = JSON.stringify({ private: true, dependencies: VERSIONS }, undefined, 2);
  const folder = cached('peers', createHash('sha256').update(manifest).digest('hex').slice(0, 16));
  await fillOnce(folder, async (temporary) => {
    await writeFile(join(temporary, 'package.json'), manifest);
    const args = ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel', 'error'];
    const { code, stderr } = await run('npm', args, { cwd: temporary });
    if (code !== 0) throw new Error(`the other libraries could not be installed: ${stderr.trim().split('\n').at(-1)}`);
  });
  const file = createRequire(join(folder, 'package.json')).resolve(specifier);
  return (await import(pathToFileURL(file).href)) as Module;
}
