/** Packages of the npm registry, installed into the cache: nothing of the checkout changes. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { cached, fillOnce } from './cache.ts';
import { run } from './command.ts';

/**
 * The `node_modules` folder that holds the packages, as npm lays it out. None of their scripts runs.
 *
 * @param name - What they are called together, with their versions.
 * @throws Error with one sentence that says why there is none.
 */
export async function installFromNpm(name: string, dependencies: Readonly<Record<string, string>>): Promise<string> {
  const folder = cached('npm', name);
  await fillOnce(folder, async (temporary) => {
    await writeFile(join(temporary, 'package.json'), JSON.stringify({ private: true, dependencies }));
    const { code, stderr } = await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: temporary });
    if (code !== 0) throw new Error(`npm could not install ${name}: ${stderr.trim().split('\n').at(-1)}`);
  });
  return join(folder, 'node_modules');
}
