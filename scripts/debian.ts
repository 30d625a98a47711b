/**
 * Programs from Debian's or Ubuntu's own packages, unpacked into a folder instead of installed. There is no root, no maintainer
 * script and no service, and nothing of the system changes.
 */
import { chmod, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './command.ts';

/** What is unpacked. */
export interface Unpacked {
  readonly packages: readonly [string, ...string[]];
  /** The names of packages that may be unpacked with them: the libraries they are linked with, never a part of the base system. */
  readonly usable: RegExp;
  readonly programs: readonly string[];
  /**
   * The folder of the programs in their package.
   * @defaultValue 'usr/bin'
   */
  readonly from?: string;
  /**
   * Another release than the machine's. Its packages come with a C library of their own, which the programs then run with.
   * @defaultValue the machine's
   */
  readonly suite?: string;
}

/** Unpacks into `folder`, which then holds the programs in `bin`. If it cannot, the error says at which step. */
export async function unpackFromDebian(unpacked: Unpacked, folder: string): Promise<void> {
  const { packages: wanted, usable, programs, from = 'usr/bin', suite } = unpacked;
  const apt = suite === undefined ? await packageLists(wanted[0], folder) : await listsOf(suite, folder);
  const packages = await missingPackages(apt, wanted, usable);
  const downloads = join(folder, 'downloads');
  await mkdir(downloads);
  await must('apt-get', [...apt, 'download', ...packages], downloads);
  const files = join(folder, 'files');
  for (const file of await readdir(downloads)) await must('dpkg', ['-x', join(downloads, file), files], folder);
  await writeLaunchers(programs, { from, folder, ownLibrary: suite !== undefined });
  for (const scrap of ['downloads', 'probe', 'apt'])
    await rm(join(folder, scrap), { recursive: true, force: true, maxRetries: 10 });
}

/**
 * Options for apt: none if the system's package lists serve. If they are missing or too old, lists of our own, which need no root
 * to be fetched.
 */
async function packageLists(probed: string, folder: string): Promise<string[]> {
  const probe = join(folder, 'probe');
  await mkdir(probe);
  if ((await run('apt-get', ['download', probed], { cwd: probe })).code === 0) return [];
  return ownLists([], folder);
}

/** Options for apt: the lists of another release, from where the machine's own packages come. Nothing counts as installed. */
async function listsOf(suite: string, folder: string): Promise<string[]> {
  const { stdout } = await run('apt-get', ['indextargets', '--format', '$(ORIGIN) $(SITE)']);
  const site = /^Debian (\S+\/debian)\/?$/m.exec(stdout)?.[1];
  if (site === undefined) throw new Error(`packages of Debian ${suite} are had on Debian only, with apt`);
  await mkdir(join(folder, 'apt'));
  const [sources, installed] = [join(folder, 'apt', 'sources.list'), join(folder, 'apt', 'status')];
  await writeFile(sources, `deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${site} ${suite} main\n`);
  await writeFile(installed, '');
  return ownLists(
    [`Dir::Etc::SourceList=${sources}`, 'Dir::Etc::SourceParts=-', `Dir::State::status=${installed}`, 'Acquire::Languages=none'],
    folder,
  );
}

async function ownLists(more: readonly string[], folder: string): Promise<string[]> {
  const own = [`Dir::State::Lists=${join(folder, 'apt', 'lists')}`, `Dir::Cache=${join(folder, 'apt', 'cache')}`];
  await mkdir(join(folder, 'apt', 'lists', 'partial'), { recursive: true });
  await mkdir(join(folder, 'apt', 'cache', 'archives', 'partial'), { recursive: true });
  const options = [...own, ...more].flatMap((option) => ['-o', option]);
  await must('apt-get', [...options, '-q', 'update'], folder);
  return options;
}

/** The packages and those they depend on, without what is installed already: what an installation would bring, which is only asked. */
async function missingPackages(apt: readonly string[], wanted: readonly string[], usable: RegExp): Promise<string[]> {
  const asked = ['install', '--simulate', '--no-install-recommends', ...wanted];
  const { code, stdout, stderr } = await run('apt-get', [...apt, ...asked]);
  if (code !== 0) throw new Error(`apt-get ${asked.join(' ')} failed: ${stderr.trim().split('\n').at(-1)}`);
  // One that is there in another version has that in brackets.
  const brought = [...stdout.matchAll(/^Inst (\S+) \(/gm)].map(([, name]) => name as string);
  return [...new Set([...wanted, ...brought.filter((name) => usable.test(name))])];
}

/** Each program finds its own libraries by itself, so that whoever has the folder in PATH needs to know nothing. */
async function writeLaunchers(
  programs: readonly string[],
  { from, folder, ownLibrary }: { from: string; folder: string; ownLibrary: boolean },
): Promise<void> {
  const program = `"$here/files/${from}/$(basename "$0")" "$@"`;
  const lines = [
    '#!/bin/sh',
    'here=$(cd "$(dirname "$0")/.." && pwd)',
    'libraries=$(ls -d "$here"/files/usr/lib/*-linux-* "$here"/files/usr/lib/*-linux-*/pulseaudio "$here"/files/lib/*-linux-* 2>/dev/null | tr "\\n" ":")',
    ...(ownLibrary
      ? [
          'loader=$(ls "$here"/files/usr/lib/*-linux-*/ld-linux-*.so.* "$here"/files/lib/*-linux-*/ld-linux-*.so.* 2>/dev/null)',
          `exec "$(echo "$loader" | sed 1q)" --library-path "$libraries" ${program}`,
        ]
      : [`LD_LIBRARY_PATH=$libraries$LD_LIBRARY_PATH exec ${program}`]),
    '',
  ];
  await mkdir(join(folder, 'bin'));
  for (const name of programs) {
    await writeFile(join(folder, 'bin', name), lines.join('\n'));
    await chmod(join(folder, 'bin', name), 0o755);
  }
}

async function must(command: string, args: readonly string[], cwd: string): Promise<void> {
  const { code, stderr, stdout } = await run(command, args, { cwd });
  if (code !== 0)
    throw new Error(`${command} ${args.slice(-3).join(' ')} failed: ${(stderr || stdout).trim().split('\n').at(-1)}`);
}
