import { mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from '../../scripts/command.ts';
import { yarnProgram } from '../../scripts/runtimes.ts';
import { createConsumer, root } from '../package/consumer.ts';
import { copyPrograms } from './project.ts';
import { describeRuntime, type Runtime } from './smoke.ts';

describeRuntime("Yarn Plug'n'Play", openYarnProject, /^ok +runtime: Node \d/);

/** A project whose packages lie in archives: there is no `node_modules`, and the file system of Node is Yarn's. */
async function openYarnProject(): Promise<Runtime> {
  const consumer = await createConsumer();
  const folder = await mkdtemp(join(consumer.folder, 'yarn-'));
  const { devDependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as Manifest;
  const clients = Object.fromEntries(['bullmq', 'ioredis'].map((name) => [name, devDependencies[name]]));
  const tarball = (await readdir(consumer.folder)).find((name) => /^mooring-.*\.tgz$/.test(name));
  const mooring = `file:${join(consumer.folder, tarball ?? '')}`;
  const manifest = { private: true, type: 'module', dependencies: { mooring, ...clients } };
  await writeFile(join(folder, 'package.json'), JSON.stringify(manifest));
  // Without it the project would belong to the one around it.
  await writeFile(join(folder, 'yarn.lock'), '');
  await copyPrograms(folder);
  await install(folder);
  const loader = pathToFileURL(join(folder, '.pnp.loader.mjs')).href;
  return {
    folder,
    command: [process.execPath, '--no-warnings', '--require', join(folder, '.pnp.cjs'), '--loader', loader],
    program: (name) => join(folder, `${name}.mjs`),
    cli: await cliOf(folder),
    remove: consumer.remove,
  };
}

interface Manifest {
  devDependencies: Readonly<Record<string, string>>;
}

async function install(folder: string): Promise<void> {
  const { stdout: registry } = await run('npm', ['config', 'get', 'registry'], { cwd: folder });
  const env = {
    ...process.env,
    YARN_NODE_LINKER: 'pnp',
    YARN_NPM_REGISTRY_SERVER: registry.trim(),
    YARN_ENABLE_GLOBAL_CACHE: 'false',
    YARN_ENABLE_IMMUTABLE_INSTALLS: 'false',
    YARN_ENABLE_SCRIPTS: 'false',
    YARN_ENABLE_TELEMETRY: 'false',
  };
  const { code, stdout, stderr } = await run(process.execPath, [await yarnProgram(), 'install'], { cwd: folder, env });
  if (code !== 0) throw new Error(`yarn could not install: ${stdout}${stderr}`);
}

/** The command, in the archive. */
async function cliOf(folder: string): Promise<string> {
  const program = "console.log(require.resolve('mooring/package.json'))";
  const { stdout } = await run(process.execPath, ['--require', './.pnp.cjs', '--eval', program], { cwd: folder });
  return join(dirname(stdout.trim()), 'dist/src/cli/mooring.js');
}
