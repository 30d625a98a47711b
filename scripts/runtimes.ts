/** Bun, Deno and Yarn, unpacked from the npm registry into the cache: nothing is installed, and PATH stays unchanged. */
import { chmod } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { cached, fillOnce } from './cache.ts';
import { run } from './command.ts';
import { unpackFromNpm } from './npm-package.ts';

/** What is provided: its version, its package for a machine, and the program in that. */
const RUNTIMES = {
  bun: {
    version: '1.4.5',
    packages: { 'linux-x64': '@oven/bun-linux-x64', 'linux-arm64': '@oven/bun-linux-aarch64' },
    program: 'bin/bun',
  },
  deno: {
    version: '2.9.6',
    packages: { 'linux-x64': '@deno/linux-x64-glibc', 'linux-arm64': '@deno/linux-arm64-glibc' },
    program: 'deno',
  },
} as const;

/** The version of Yarn, which is a program for Node. */
export const YARN_VERSION = '4.18.1';

/** A runtime other than Node. */
export type RuntimeName = keyof typeof RUNTIMES;

/**
 * The path of a runtime's program.
 *
 * @throws Error with one sentence that says why there is none.
 */
export async function runtimeProgram(name: RuntimeName): Promise<string> {
  const { version, packages, program } = RUNTIMES[name];
  const machine = `${platform()}-${arch()}`;
  const packed = (packages as Readonly<Record<string, string>>)[machine];
  if (packed === undefined) throw new Error(`${name} cannot be provided on ${machine}`);
  const folder = cached(name, `${machine}-${version}`);
  await fillOnce(folder, async (temporary) => {
    await chmod(join(await unpackFromNpm(`${packed}@${version}`, temporary), program), 0o755);
  });
  const path = join(folder, 'package', program);
  const { code, stderr } = await run(path, ['--version']);
  if (code !== 0) throw new Error(`${name} ${version} was unpacked into ${folder} and does not run: ${stderr.trim()}`);
  return path;
}

/** The path of Yarn's program. */
export async function yarnProgram(): Promise<string> {
  const folder = cached('yarn', YARN_VERSION);
  await fillOnce(folder, async (temporary) => {
    await unpackFromNpm(`@yarnpkg/cli-dist@${YARN_VERSION}`, temporary);
  });
  return join(folder, 'package', 'bin', 'yarn.js');
}
