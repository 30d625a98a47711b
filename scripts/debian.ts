/**
 * Programs from Debian's or Ubuntu's own packages, unpacked into a folder instead of installed. There is no root, no maintainer
 * script and no service, and nothing of the system changes.
 */
<<<<<<< HEAD
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
=======
import { chmod, mkdir, readdir, writeFile } from 'node:fs/promises';
>>>>>>> 3bc228f (test: a Chromium without installing one, as for Redis)
import { join } from 'node:path';
import { run } from './command.ts';

/** What is unpacked. */
<<<<<<< HEAD
export interface Unpacked {
  readonly packages: readonly [string, ...string[]];
  /** The names of packages that may be unpacked with them: the libraries they are linked with, never a part of the base system. */
  readonly usable: RegExp;
  readonly programs: readonly string[];
}

/** Unpacks into `folder`, which then holds the programs in `bin`. If it cannot, the error says at which step. */
export async function unpackFromDebian({ packages: wanted, usable, programs }: Unpacked, folder: string): Promise<void> {
  const apt = await packageLists(wanted[0], folder);
=======
export interface DebianPrograms {
  readonly packages: readonly string[];
  /** Names of packages that may be unpacked: the programs and the libraries they are linked with, never a part of the base system. */
  readonly usable: RegExp;
  /** The programs by name, each with its place in the packages. */
  readonly programs: Readonly<Record<string, string>>;
}

/** Unpacks into `folder`, which then has the programs in `bin`. If it cannot, the error says at which step. */
export async function unpackFromDebian(folder: string, { packages: wanted, usable, programs }: DebianPrograms): Promise<void> {
  const apt = await packageLists(folder, wanted[0] as string);
>>>>>>> 3bc228f (test: a Chromium without installing one, as for Redis)
  const packages = await missingPackages(apt, wanted, usable);
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  await must('apt-get', [...apt, 'download', ...packages], downloads);
  const files = join(folder, 'files');
  for (const file of await readdir(downloads)) await must('dpkg', ['-x', join(downloads, file), files], folder);
<<<<<<< HEAD
  await writeLaunchers(programs, folder);
  for (const scrap of ['downloads', 'probe', 'apt'])
    await rm(join(folder, scrap), { recursive: true, force: true, maxRetries: 10 });
=======
  await writeLaunchers(folder, programs);
>>>>>>> 3bc228f (test: a Chromium without installing one, as for Redis)
}

/**
 * Options for apt: none if the system's package lists serve. If they are missing or too old, lists of our own, which need no root
 * to be fetched.
 */
<<<<<<< HEAD
async function packageLists(probed: string, folder: string): Promise<string[]> {
  const probe = join(folder, 'probe');
  await mkdir(probe);
  if ((await run('apt-get', ['download', probed], { cwd: probe })).code === 0) return [];
=======
async function packageLists(folder: string, name: string): Promise<string[]> {
  const probe = join(folder, 'probe');
  await mkdir(probe);
  if ((await run('apt-get', ['download', name], { cwd: probe })).code === 0) return [];
>>>>>>> 3bc228f (test: a Chromium without installing one, as for Redis)
  const own = [`Dir::State::Lists=${join(folder, 'apt', 'lists')}`, `Dir::Cache=${join(folder, 'apt', 'cache')}`];
  await mkdir(join(folder, 'apt', 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'apt', 'cache', 'archives', 'partial'), { recursive: true });
  const options = own.flatMap((option) => ['-o', option]);
  await must('apt-get', [...options, '-q', 'update'], folder);
  return options;
}

<<<<<<< HEAD
/** The packages and those they depend on, without what is installed already. */
async function missingPackages(apt: readonly string[], wanted: readonly string[], usable: RegExp): Promise<string[]> {
  const installed = new Set((await run('dpkg-query', ['-W', '-f', '${db:Status-Status} ${Package}\n'])).stdout.split('\n'));
  const found = new Set<string>(wanted);
  for (const name of found) {
    const { stdout } = await run('apt-cache', [...apt, 'depends', '--important', name]);
    for (const dependency of firstChoices(stdout)) {
      if (usable.test(dependency) && !installed.has(`installed ${dependency}`)) found.add(dependency);
    }
  }
  return [...found];
}

/** Names of the dependencies in `apt-cache depends`; of alternatives (marked with `|`) the first. */
function firstChoices(listing: string): string[] {
  const names: string[] = [];
  let alternative = false;
  for (const line of listing.split('\n')) {
    const match = /^ ([ |])(?:Pre)?Depends: (\S+)/.exec(line);
    if (!match) continue;
    if (!alternative) names.push(match[2] as string);
    alternative = match[1] === '|';
  }
  return names;
}

/** Each program finds its own libraries by itself, so that whoever has the folder in PATH needs to know nothing. */
async function writeLaunchers(programs: readonly string[], folder: string): Promise<void> {
  const lines = [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")/.." && pwd)',
    'LD_LIBRARY_PATH=$(ls -d "$here"/files/usr/lib/*-linux-* "$here"/files/lib/*-linux-* 2>/dev/null | tr "\\n" ":")$LD_LIBRARY_PATH',
    'export LD_LIBRARY_PATH',
    'exec "$here/files/usr/bin/$(basename "$0")" "$@"',
    '',
  ];
  await mkdir(join(folder, 'bin'));
  for (const name of programs) {
    await writeFile(join(folder, 'bin', name), lines.join('\n'));
=======
/** The packages and those they depend on, without what is installed already: what an installation would bring, which is only asked. */
async function missingPackages(apt: readonly string[], wanted: readonly string[], usable: RegExp): Promise<string[]> {
  const asked = ['install', '--simulate', '--no-install-recommends', ...wanted];
  const { code, stdout, stderr } = await run('apt-get', [...apt, ...asked]);
  if (code !== 0) throw new Error(`apt-get ${asked.slice(-3).join(' ')} failed: ${stderr.trim().split('\n').at(-1)}`);
  // What is installed in another version has it in brackets.
  const brought = [...stdout.matchAll(/^Inst (\S+) \(/gm)].map(([, name]) => name as string);
  return brought.filter((name) => usable.test(name));
}

/** A program finds its own libraries by itself, so that whoever has the folder in PATH needs to know nothing. */
async function writeLaunchers(folder: string, programs: DebianPrograms['programs']): Promise<void> {
  const launcher = (place: string): string[] => [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")/.." && pwd)',
    'LD_LIBRARY_PATH=$(ls -d "$here"/files/usr/lib/*-linux-* "$here"/files/usr/lib/*-linux-*/pulseaudio "$here"/files/lib/*-linux-* 2>/dev/null | tr "\\n" ":")$LD_LIBRARY_PATH',
    'export LD_LIBRARY_PATH',
    `exec "$here/files/${place}" "$@"`,
    '',
  ];
  await mkdir(join(folder, 'bin'));
  for (const [name, place] of Object.entries(programs)) {
    await writeFile(join(folder, 'bin', name), launcher(place).join('\n'));
>>>>>>> 3bc228f (test: a Chromium without installing one, as for Redis)
    await chmod(join(folder, 'bin', name), 0o755);
  }
}

async function must(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr, stdout } = await run(command, args, { cwd });
  if (code !== 0)
    throw new Error(`${command} ${args.slice(-3).join(' ')} failed: ${(stderr || stdout).trim().split('\n').at(-1)}`);
}
