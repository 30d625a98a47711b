/** An empty project outside the checkout, with the packed tarball installed in it as a user would install it. */
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { ensureBuilt } from '../../scripts/build.ts';
import { fillOnce } from '../../scripts/cache.ts';
import { run } from '../../scripts/command.ts';

/** Of this checkout. */
export const root: string = join(import.meta.dirname, '../..');

/** What the package brings with it; it has no dependencies of its own. */
export const DEPENDENCIES: readonly string[] = ['@opentelemetry/api', 'pako', 'snappyjs'];

/** A project, and what was packed for it. */
export interface Consumer {
  readonly folder: string;
  /** Paths in the tarball. */
  readonly packed: readonly string[];
  /** Makes a package of the checkout available, as if it were installed too. */
  add(name: string): Promise<void>;
  /** Writes a file of the project. */
  write(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** The folder of this run of Jest under `npm test`, in which one project is made for all to copy. */
const SHARED = 'TEST_CONSUMERS_OF_MOORING';
/** What was packed, in a project's `node_modules`. */
const PACKED = '.mooring-packed.json';

/**
 * Packs what is built and installs it. Needs no network: what the package depends on is packed from this checkout.
 *
 * @throws Error when the build fails, or npm refuses.
 */
export async function createConsumer(): Promise<Consumer> {
  await ensureBuilt();
  const folder = await mkdtemp(join(tmpdir(), 'mooring-consumer-'));
  const shared = process.env[SHARED];
  if (shared === undefined) await install(folder);
  else await cp(await fillOnce(join(shared, 'consumer'), install), folder, { recursive: true, verbatimSymlinks: true });
  return {
    folder,
    packed: JSON.parse(await readFile(join(folder, 'node_modules', PACKED), 'utf8')) as string[],
    add: async (name) => {
      const link = join(folder, 'node_modules', name);
      await mkdir(dirname(link), { recursive: true });
      await symlink(join(root, 'node_modules', name), link);
    },
    write: async (name, text) => {
      await writeFile(join(folder, name), text);
      return join(folder, name);
    },
    remove: () => rm(folder, { recursive: true, force: true, maxRetries: 10 }),
  };
}

async function install(folder: string): Promise<void> {
  const [own, ...others] = await pack([root, ...DEPENDENCIES.map((name) => join(root, 'node_modules', name))], folder);
  const dependencies = Object.fromEntries(DEPENDENCIES.map((name, at) => [name, `file:${others[at]?.filename}`]));
  const manifest = { private: true, type: 'module', dependencies: { mooring: `file:${own?.filename}`, ...dependencies } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  await npm(['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts'], folder);
  await writeFile(join(folder, 'node_modules', PACKED), JSON.stringify(own?.files.map(({ path }) => path) ?? []));
}

interface Packed {
  filename: string;
  files: { path: string }[];
}

async function pack(folders: readonly string[], destination: string): Promise<Packed[]> {
  const json = await npm(['pack', '--json', '--ignore-scripts', '--pack-destination', destination, ...folders], destination);
  return JSON.parse(json) as Packed[];
}

async function npm(args: readonly string[], cwd: string): Promise<string> {
  const { code, stdout, stderr } = await run('npm', args, { cwd });
  if (code !== 0) throw new Error(`npm ${args[0]} failed: ${stderr}${stdout}`);
  return stdout;
}
