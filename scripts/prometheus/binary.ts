/**
 * `prometheus` and `promtool`, which the tests of the dashboard and of the alerts run: from PATH, else from the cache, else from the
 * system's packages without installing them.
 */
import { access, constants } from 'node:fs/promises';
import { arch } from 'node:os';
import { delimiter, join } from 'node:path';
import { cached, fillOnce } from '../cache.ts';
import { unpackFromDebian, type Unpacked } from '../debian.ts';

const PROGRAMS = ['prometheus', 'promtool'] as const;
/** Written in Go, so nothing but the package itself is needed. */
const PACKAGES: Unpacked = { packages: ['prometheus'], usable: /^$/, programs: PROGRAMS };

/**
 * The folder that holds both.
 *
 * @throws Error whose text is one sentence that says what to install.
 */
export async function prometheusFolder(path: string = process.env['PATH'] ?? ''): Promise<string> {
  for (const folder of path.split(delimiter)) if (folder !== '' && (await holdsBoth(folder))) return folder;
  const folder = cached('prometheus', arch());
  if (await holdsBoth(join(folder, 'bin'))) return join(folder, 'bin');
  try {
    await fillOnce(folder, async (temporary) => {
      process.stderr.write(`prometheus is not installed: unpacking the system's package into ${folder} (once)\n`);
      await unpackFromDebian(PACKAGES, temporary);
    });
    return join(folder, 'bin');
  } catch (error) {
    throw new Error(
      `prometheus and promtool are needed, and the system's package could not be unpacked (${(error as Error).message}): ` +
        'put both into PATH (https://prometheus.io/download)',
      { cause: error },
    );
  }
}

async function holdsBoth(folder: string): Promise<boolean> {
  const executable = (program: string): Promise<boolean> =>
    access(join(folder, program), constants.X_OK).then(
      () => true,
      () => false,
    );
  return (await Promise.all(PROGRAMS.map(executable))).every(Boolean);
}
