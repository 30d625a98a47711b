/** Other versions of Temporal's SDK, installed from the npm registry into the cache: nothing of the checkout changes. */
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { cached, fillOnce } from '../cache.ts';
import { run } from '../command.ts';

/** The lowest version that the peers allow. */
export const OLDEST_SDK = '1.21.0';
/** The highest version that is tested: the one of the checkout. */
export const NEWEST_SDK = '1.24.0';

const PACKAGES = ['activity', 'client', 'common', 'worker', 'workflow'];

/** What is installed. */
export interface SdkOptions {
  /** Names below `@temporalio`. @defaultValue what an application needs */
  packages?: readonly string[];
  /** Versions of other packages that are installed with them. @defaultValue none */
  beside?: Readonly<Record<string, string>>;
}

/**
 * The `node_modules` folder that holds a version of the SDK, as npm lays it out.
 *
 * @throws Error with one sentence that says why there is none.
 */
export async function sdkFolder(version: string, { packages = PACKAGES, beside = {} }: SdkOptions = {}): Promise<string> {
  const others = Object.entries(beside).map(([name, range]) => `${name}@${range}`);
  const folder = cached('npm', [`temporalio@${version}`, ...(packages === PACKAGES ? [] : packages), ...others].join('+'));
  await fillOnce(folder, async (temporary) => {
    const dependencies = { ...Object.fromEntries(packages.map((name) => [`@temporalio/${name}`, version])), ...beside };
    await writeFile(join(temporary, 'package.json'), JSON.stringify({ private: true, dependencies }));
    const { code, stderr } = await run('npm', ['install', '--no-audit', '--no-fund', '--ignore-scripts'], { cwd: temporary });
    if (code !== 0) throw new Error(`npm could not install Temporal's SDK ${version}: ${stderr.trim().split('\n').at(-1)}`);
  });
  return join(folder, 'node_modules');
}
