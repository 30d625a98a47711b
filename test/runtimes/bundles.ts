import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUNDLERS, bundlerFolder, type BundlerName } from '../../scripts/bundlers.ts';
import { run } from '../../scripts/command.ts';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { root } from '../package/consumer.ts';
import { openProject } from './project.ts';
import { describeRuntime, type Runtime } from './smoke.ts';

/** Our programs in bundles, made as docs/bundling.md says. */

const FORMATS = ['esm', 'cjs'] as const;
const CLIENTS = ['@aws-sdk/client-s3', '@google-cloud/storage', 'snappy'];

/** The tests of a bundler. `heading` is its own on the page. */
export function describeBundler(bundler: BundlerName, heading: string): void {
  describe.each(FORMATS)(`${heading}, %s`, (format) => {
    const bundled = (project: Runtime, name: string): string =>
      join(project.folder, 'out', `${name}.${format === 'esm' ? 'mjs' : 'cjs'}`);
    const bundle = async (clients: readonly string[], programs: readonly string[]): Promise<Runtime> => {
      const project = await openProject([process.execPath], ['bullmq', 'ioredis', ...clients]);
      await linkBundler(project.folder, bundler);
      for (const name of programs) await build(project.folder, await buildScript(heading, format, name), name);
      return project;
    };

    describeRuntime('without the optional clients', async () => {
      const project = await bundle([], ['worker', 'values']);
      return { ...project, program: (name) => bundled(project, name) };
    });

    describe.each([
      [
        'is told what is missing without its client',
        [],
        [
          'path needs the package @google-cloud/storage, which is not installed: npm install @google-cloud/storage',
          'path needs the package @aws-sdk/client-s3, which is not installed: npm install @aws-sdk/client-s3',
          'nothing put, no native snappy',
        ],
      ],
      ['is written with its client', CLIENTS, ['gs://other@bucket/ is open', 's3://own@bucket/ is open', 'put, native snappy']],
    ])('a bucket', (title, clients, lines) => {
      let project: Runtime;
      let redis: RedisServer;

      beforeAll(async () => {
        [project, redis] = await Promise.all([bundle(clients, ['bucket']), startRedis()]);
      });
      afterAll(async () => {
        await redis?.stop();
        await project?.remove();
      });

      test(title, async () => {
        const env = { PATH: process.env['PATH'], HOME: project.folder, REDIS_URL: `redis://127.0.0.1:${redis.port}` };

        const { stdout } = await run(process.execPath, [bundled(project, 'bucket')], { cwd: project.folder, env });

        expect(stdout.trim().split('\n')).toEqual(lines);
      });
    });
  });
}

async function linkBundler(folder: string, bundler: BundlerName): Promise<void> {
  const installed = await bundlerFolder(bundler);
  for (const name of Object.keys(BUNDLERS[bundler])) {
    const link = join(folder, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(installed, name), link);
  }
}

/** The program of the page, for one of our programs in place of the reader's worker. */
async function buildScript(heading: string, format: string, name: string): Promise<string> {
  const page = await readFile(join(root, 'docs', 'bundling.md'), 'utf8');
  const [, section = ''] = page.split(`## ${heading}\n`);
  const [, script = ''] = /```js\n([\s\S]*?)```/.exec(section) ?? [];
  return script.replace("'esm'; // or 'cjs'", `'${format}';`).replaceAll('worker.', `${name}.`);
}

async function build(folder: string, script: string, name: string): Promise<void> {
  const file = join(folder, `build-${name}.mjs`);
  await writeFile(file, script);
  const { code, stdout, stderr } = await run(process.execPath, [file], { cwd: folder });
  if (code !== 0) throw new Error(`${stdout}${stderr}`);
}
