/**
 * The `redis-server` that demo and tests start: from PATH, else from the cache, else from the system's packages without
 * installing them. Never a server that is already running: it may hold somebody's data.
 */
import { access, constants, rm } from 'node:fs/promises';
import { arch } from 'node:os';
import { delimiter, join } from 'node:path';
import { cached, exists, fillOnce } from '../cache.ts';
import { run } from '../command.ts';
import { unpackFromDebian, type Unpacked } from '../debian.ts';

const PACKAGES: Unpacked = {
  packages: ['redis-server', 'redis-tools'],
  usable: /^(?:redis|lib|lua)/,
  programs: ['redis-server', 'redis-cli'],
};

/** What to install, by the package manager that a machine has. */
const INSTALL: readonly [manager: string, command: string][] = [
  ['apt-get', 'sudo apt-get install redis-server'],
  ['brew', 'brew install redis'],
  ['dnf', 'sudo dnf install redis (or valkey and valkey-compat-redis)'],
  ['apk', 'sudo apk add redis'],
  ['pacman', 'sudo pacman -S valkey'],
  ['zypper', 'sudo zypper install redis'],
];

/**
 * The folder that holds a working `redis-server`.
 *
 * @throws Error whose text is one sentence that says what to install.
 */
export async function redisFolder(path: string = process.env['PATH'] ?? ''): Promise<string> {
  for (const folder of path.split(delimiter)) {
    if (folder !== '' && (await works(folder))) return folder;
  }
  const folder = cached('redis', arch());
  if (await works(join(folder, 'bin'))) return join(folder, 'bin');
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  const reason = await unpack(folder);
  if (reason === undefined) return join(folder, 'bin');
  throw new Error(`redis-server is not installed${reason}; install it with: ${await advice(path)}`);
}

/** Unpacks the system's packages into the cache; the reason where that cannot be done. */
async function unpack(folder: string): Promise<string | undefined> {
  if ((await run('dpkg', ['--version'])).code !== 0) return '';
  process.stderr.write(`redis-server is not installed: unpacking the system's package into ${folder}\n`);
  try {
    await fillOnce(folder, async (temporary) => {
      await unpackFromDebian(PACKAGES, temporary);
      if (!(await works(join(temporary, 'bin')))) throw new Error('the unpacked redis-server does not start');
    });
    return undefined;
  } catch (error) {
    return ` and its package could not be unpacked (${(error as Error).message})`;
  }
}

async function works(folder: string): Promise<boolean> {
  const file = join(folder, 'redis-server');
  const executable = await access(file, constants.X_OK).then(
    () => true,
    () => false,
  );
  return executable && (await run(file, ['--version'])).code === 0;
}

async function advice(path: string): Promise<string> {
  for (const [manager, command] of INSTALL) {
    for (const folder of path.split(delimiter)) if (await exists(join(folder, manager))) return command;
  }
  return 'your package manager, and have redis-server in PATH';
}
