import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type * as bullmq from '../../adapters/bullmq/index.ts';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';
import { run } from '../../scripts/command.ts';
import type * as kit from '../../src/adapter-kit.ts';
import type * as file from '../../src/file.ts';
import type * as core from '../../src/index.ts';
import type * as redis from '../../src/redis.ts';
import type * as s3 from '../../src/s3.ts';

/** Builds of this project, compiled in the same way and loaded into this process: this checkout, and another commit. */

/** One build. Its types are those of this checkout: a bench that finds something else in an older one fails, and says so. */
export interface Build {
  readonly label: string;
  readonly role: 'this' | 'against';
  /** Where its compiled modules are, as `src/index.js`. */
  readonly folder: string;
  readonly core: typeof core;
  readonly kit: typeof kit;
  readonly redis: typeof redis;
  readonly file: typeof file;
  readonly s3: typeof s3;
  readonly bullmq: typeof bullmq;
  /** Any other module, by its path in the sources. */
  load<Module>(path: string): Promise<Module>;
}

/** This checkout, compiled into `dist` if that is older. */
export async function thisBuild(): Promise<Build> {
  await ensureBuilt();
  return loadBuild('this build', 'this', join(ROOT, 'dist'));
}

/**
 * Compiles a commit into a temporary folder, with the dependencies of this checkout.
 *
 * @throws Error when there is no such commit, or it does not compile.
 */
export async function buildOf(ref: string): Promise<{ build: Build; remove(): Promise<void> }> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-bench-build-'));
  const remove = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    await mkdir(join(folder, 'tree'));
    const archive = join(folder, 'tree.tar');
    await succeed('git', ['archive', '--output', archive, ref, 'src', 'adapters', 'drill', 'tsconfig.json', 'package.json']);
    await succeed('tar', ['-xf', archive, '-C', join(folder, 'tree')]);
    await symlink(join(ROOT, 'node_modules'), join(folder, 'tree', 'node_modules'));
    const compiler = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    await succeed(process.execPath, [compiler, '-p', join(folder, 'tree', 'tsconfig.json')]);
    return { build: await loadBuild(ref, 'against', join(folder, 'tree', 'dist')), remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function succeed(command: string, args: readonly string[]): Promise<void> {
  const { code, stdout, stderr } = await run(command, args, { cwd: ROOT });
  if (code !== 0) throw new Error(`${command} ${args[0]}: ${(stderr || stdout).trim().split('\n').slice(-3).join(' ')}`);
}

async function loadBuild(label: string, role: Build['role'], folder: string): Promise<Build> {
  const load = <Module>(path: string): Promise<Module> =>
    import(pathToFileURL(join(folder, path.replace(/\.ts$/, '.js'))).href) as Promise<Module>;
  return {
    label,
    role,
    folder,
    core: await load<typeof core>('src/index.ts'),
    kit: await load<typeof kit>('src/adapter-kit.ts'),
    redis: await load<typeof redis>('src/redis.ts'),
    file: await load<typeof file>('src/file.ts'),
    s3: await load<typeof s3>('src/s3.ts'),
    bullmq: await load<typeof bullmq>('adapters/bullmq/index.ts'),
    load,
  };
}
