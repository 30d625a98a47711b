/**
 * The Chromium that tests drive: from PATH, else from the cache, else from the system's packages without installing them. Never a
 * browser that is already running.
 */
import { rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { delimiter, join } from 'node:path';
import { cached, exists, fillOnce } from '../cache.ts';
import { run } from '../command.ts';
import { unpackFromDebian, type Unpacked } from '../debian.ts';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** Without the launcher of the distribution, which looks for a desktop. */
const PACKAGES: Unpacked = {
  packages: ['chromium'],
  usable: /^(?:chromium|lib|fontconfig|fonts-)/,
  programs: ['chromium'],
  from: 'usr/lib/chromium',
};

/**
 * The path of a Chromium that starts.
 *
 * @throws Error whose text is one sentence that says what to install.
 */
export async function chromium(path: string = process.env['PATH'] ?? ''): Promise<string> {
  for (const folder of path.split(delimiter)) {
    for (const name of NAMES) if (folder !== '' && (await starts(join(folder, name)))) return join(folder, name);
  }
  const folder = cached('chromium', arch());
  const program = join(folder, 'bin', 'chromium');
  if (await starts(program)) return program;
  await rm(folder, { recursive: true, force: true });
  const reason = await unpack(folder);
  if (reason === undefined) return program;
  throw new Error(`chromium is not installed${reason}; install it, and have it in PATH`);
}

/** Unpacks the system's packages into the cache; the reason if that cannot be done. */
async function unpack(folder: string): Promise<string | undefined> {
  if ((await run('dpkg', ['--version'])).code !== 0) return '';
  process.stderr.write(`chromium is not installed: unpacking the system's package into ${folder}\n`);
  try {
    await fillOnce(folder, async (temporary) => {
      await unpackFromDebian(PACKAGES, temporary);
      if (!(await starts(join(temporary, 'bin', 'chromium')))) throw new Error('the unpacked chromium does not start');
    });
    return undefined;
  } catch (error) {
    return ` and its package could not be unpacked (${(error as Error).message})`;
  }
}

async function starts(program: string): Promise<boolean> {
  return (await exists(program)) && (await run(program, ['--version'])).code === 0;
}
