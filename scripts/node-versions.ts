/** Other versions of Node, unpacked from the npm registry into the cache: nothing is installed, and PATH stays unchanged. */
import { rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { cached, fillOnce } from './cache.ts';
import { run } from './command.ts';
import { unpackFromNpm } from './npm-package.ts';

/** The versions that the package is tested with in addition to the one that runs the tests. */
export const OTHER_MAJORS: readonly number[] = [22, 24, 26].filter(
  (major) => major !== Number(process.versions.node.split('.')[0]),
);

/** Where the registry has Node as a package. */
const PACKAGED = ['linux-x64', 'linux-arm64'];

/**
 * The folder that holds `node` of a major version.
 *
 * @throws Error with one sentence that says why there is none.
 */
export async function nodeFolder(major: number): Promise<string> {
  const machine = `${platform()}-${arch()}`;
  if (!PACKAGED.includes(machine)) {
    throw new Error(
      `Node ${major} cannot be provided on ${machine}: install it and run the tests with it (npm test uses the node in PATH)`,
    );
  }
  const folder = cached('node', `${machine}-${major}`);
  if (!(await works(folder, major))) await rm(folder, { recursive: true, force: true, maxRetries: 10 });
  await fillOnce(folder, async (temporary) => {
    await rename(join(await unpackFromNpm(`node-${machine}@${major}`, temporary), 'bin'), join(temporary, 'bin'));
  });
  if (!(await works(folder, major))) throw new Error(`Node ${major} was unpacked into ${folder} and does not run`);
  return join(folder, 'bin');
}

async function works(folder: string, major: number): Promise<boolean> {
  const { stdout } = await run(join(folder, 'bin', 'node'), ['--version']);
  return stdout.startsWith(`v${major}.`);
}
