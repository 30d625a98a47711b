/** Servers of objects from the package registries, into the cache below the home folder. Nothing is installed into the system. */
import { readdir, rename, rm } from 'node:fs/promises';
import { arch, platform } from 'node:os';
import { join } from 'node:path';
import { cached, fillOnce } from '../cache.ts';
import { run } from '../command.ts';
import { goInstall } from '../servers/go-install.ts';

/** Where a server comes from: one package, of one version. */
export type Package =
  /** A wheel of PyPI, with what it depends on. */
  | { readonly from: 'pypi'; readonly name: string; readonly version: string; readonly extras?: string; readonly module: string }
  /** A package of npm, and its program. */
  | { readonly from: 'npm'; readonly name: string; readonly version: string; readonly program: string }
  /** A program that Go builds. */
  | { readonly from: 'go'; readonly name: string; readonly version: string; readonly replace?: Readonly<Record<string, string>> }
  /** A jar of Maven Central that holds all it needs. */
  | { readonly from: 'maven'; readonly name: string; readonly version: string; readonly classifier: string }
  /** A program that Cargo builds. */
  | { readonly from: 'cargo'; readonly name: string; readonly version: string; readonly features: string };

/** How a server is called: its command without arguments of its own, and what its environment needs. */
export interface Program {
  readonly command: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/**
 * Provides a server.
 *
 * @throws Error that says why there is none: mostly, that this machine lacks what builds or runs it.
 */
export async function provideProgram(wanted: Package): Promise<Program> {
  const { from, name, version } = wanted;
  const file = `${name.split(/[/:]/).at(-1)}@${version}`;
  const folder = await fillOnce(cached('object-servers', `${platform()}-${arch()}`, from, file), async (temporary) => {
    process.stderr.write(`${name} ${version}: not in the cache, fetching it from ${from} (once)\n`);
    await FETCH[from](wanted as never, temporary);
  });
  switch (wanted.from) {
    case 'pypi':
      return { command: ['python3', '-m', wanted.module], env: { PYTHONPATH: folder } };
    case 'npm':
      return { command: [process.execPath, join(folder, 'node_modules', wanted.program)], env: {} };
    case 'maven':
      return { command: ['java', '-Xmx1g', '-jar', join(folder, 'server.jar')], env: {} };
    case 'go':
    case 'cargo':
      return { command: [join(folder, 'server')], env: {} };
  }
}

type Fetch<From extends Package['from']> = (wanted: Extract<Package, { from: From }>, folder: string) => Promise<void>;

const FETCH: { readonly [From in Package['from']]: Fetch<From> } = {
  async pypi({ name, version, extras = '' }, folder) {
    await must('python3', [
      '-m',
      'pip',
      'install',
      '--quiet',
      '--no-compile',
      '--target',
      folder,
      `${name}${extras}==${version}`,
    ]);
  },
  async npm({ name, version }, folder) {
    await must('npm', ['install', '--silent', '--no-audit', '--no-fund', '--prefix', folder, `${name}@${version}`]);
  },
  async maven({ name, version, classifier }, folder) {
    const artifact = `-Dartifact=${name}:${version}:jar:${classifier}`;
    await must('mvn', ['-q', '-B', 'dependency:copy', artifact, `-DoutputDirectory=${folder}`, '-Dmdep.stripVersion=true']);
    await rename(await onlyFile(folder), join(folder, 'server.jar'));
  },
  async go({ name, version, replace = {} }, folder) {
    await goInstall({ program: name, version, replace }, 'server', folder, true);
  },
  async cargo({ name, version, features }, folder) {
    const wanted = ['--locked', '--jobs', '1', '--version', version, '--features', features, '--root', folder];
    await must('cargo', ['install', ...wanted, '--target-dir', join(folder, 'target'), name]);
    await rm(join(folder, 'target'), { recursive: true, force: true, maxRetries: 10 });
    await rename(await onlyFile(join(folder, 'bin')), join(folder, 'server'));
  },
};

async function onlyFile(folder: string): Promise<string> {
  const [name = ''] = await readdir(folder);
  return join(folder, name);
}

/** With the lowest priority: builds take minutes, and the machine may not be ours alone. */
async function must(command: string, args: readonly string[]): Promise<void> {
  const { code, stderr, stdout } = await run('nice', ['-n', '19', command, ...args]);
  if (code === MISSING) throw new Error(`there is no ${command} on this machine`);
  if (code !== 0) throw new Error(`${command} ${args.join(' ')} failed: ${lastLine(stderr) || lastLine(stdout)}`);
}

const MISSING = 127;

function lastLine(text: string): string {
  return text.trim().split('\n').at(-1) ?? '';
}
