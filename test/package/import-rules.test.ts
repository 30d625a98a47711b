import { afterAll, beforeAll, describe, expect, test, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The directions of `docs/design.md` are law: each is planted once as a fault, and the linter must refuse it. */

jest.setTimeout(60_000);

const root = join(import.meta.dirname, '../..');
let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'mooring-lint-'));
  await Promise.all(['.oxlintrc.json', 'tsconfig.json', 'package.json'].map((file) => cp(join(root, file), join(copy, file))));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(() => rm(copy, { recursive: true, force: true }));

/** The rules that refuse a tree of these files, and nothing else in it. */
async function refusals(files: Record<string, string>): Promise<string[]> {
  const planted = await mkdtemp(join(copy, 'planted-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) await cp(join(copy, file), join(planted, file));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(planted, name)), { recursive: true });
    await writeFile(join(planted, name), `${text}\n`);
  }
  const report = await new Promise<string>((resolve) => {
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    execFile(process.execPath, [oxlint, '--format=json'], { cwd: planted }, (_refused, stdout) => resolve(stdout));
  });
  const { diagnostics, number_of_files: linted } = JSON.parse(report) as {
    diagnostics: { code: string }[];
    number_of_files: number;
  };
  expect(linted).toBe(Object.keys(files).length);
  return diagnostics.map(({ code }) => code);
}

const IMPORT = 'eslint(no-restricted-imports)';

describe('the linter refuses', () => {
  test.each([
    ['a client in the core', 'src/job/x.ts', "export { Redis } from 'ioredis';"],
    ['a client at run time in a store', 'src/metastore/x.ts', "export { Redis } from 'ioredis';"],
    ['a client at run time in an object store', 'src/object-store/s3-put.ts', "export { S3Client } from '@aws-sdk/client-s3';"],
    ['another package beside the commands', 'src/object-store/s3-commands.ts', "export { Upload } from '@aws-sdk/lib-storage';"],
    ['another file beside the commands', 'src/object-store/s3-commands.ts', "export { s3ObjectStore } from './s3.ts';"],
    ['a client type in a leaf', 'src/x.ts', "export type { Redis } from 'ioredis';"],
    ['a leaf that looks into a room', 'src/x.ts', "export { coreOf } from './state-store/core.ts';"],
    ['the barrel taking in a store', 'src/index.ts', "export { redisMetastore } from './metastore/redis.ts';"],
    ['the barrel taking in the test tools', 'src/index.ts', "export { testTask } from './testing/testing.ts';"],
    ['a store that sees the state store', 'src/object-store/x.ts', "export { coreOf } from '../state-store/core.ts';"],
    [
      'the state store seeing an implementation',
      'src/state-store/x.ts',
      "export { redisMetastore } from '../metastore/redis.ts';",
    ],
    ['the state store seeing the job', 'src/state-store/x.ts', "export { externalJob } from '../job/external-job.ts';"],
    ['the job seeing an implementation', 'src/job/x.ts', "export { memoryMetastore } from '../metastore/memory.ts';"],
    ['the barrel taking in the configuration', 'src/index.ts', "export { configFromEnv } from './config/config.ts';"],
    ['the state store seeing the configuration', 'src/state-store/x.ts', "export { configFromEnv } from '../config/config.ts';"],
    [
      'the maintenance seeing an implementation',
      'src/maintenance/x.ts',
      "export { memoryMetastore } from '../metastore/memory.ts';",
    ],
    ['the maintenance seeing the job', 'src/maintenance/x.ts', "export { jobRecords } from '../job/job-records.ts';"],
    ['the maintenance seeing the command', 'src/maintenance/x.ts', "export { run } from '../cli/run.ts';"],
    ['a client that is loaded with the configuration', 'src/config/x.ts', "export { Redis } from 'ioredis';"],
    ['the configuration seeing the job', 'src/config/x.ts', "export { jobRecords } from '../job/job-records.ts';"],
    ['a client in the command', 'src/cli/x.ts', "export const load = (): Promise<unknown> => import('ioredis');"],
    ['a command with a private door', 'src/cli/x.ts', "export { coreOf } from '../state-store/core.ts';"],
    ['src seeing an adapter', 'src/job/x.ts', "export { withState } from '../../adapters/bullmq/index.ts';"],
    ['an adapter with a private door', 'adapters/bullmq/x.ts', "export { coreOf } from '../../src/state-store/core.ts';"],
    ['an adapter that sees another', 'adapters/bullmq/x.ts', "export { plugin } from '../temporal/index.ts';"],
    ['pitfall 19: an adapter that loads its runtime', 'adapters/bullmq/x.ts', "export { DelayedError } from 'bullmq';"],
    ['an adapter that knows a client', 'adapters/bullmq/x.ts', "export type { Redis } from 'ioredis';"],
    ['an example that reaches into the sources', 'examples/x.ts', "export { createStateStore } from '../src/index.ts';"],
    ['a package test that does', 'test/package/x.ts', "export { createStateStore } from '../../src/index.ts';"],
  ])('%s', async (_what, file, text) => {
    const codes = await refusals({ [file]: text });

    expect(codes).toEqual([IMPORT]);
  });

  test('a cycle', async () => {
    const codes = await refusals({
      'src/job/a.ts': "import { b } from './b.ts';\n\nexport const a = (): unknown => b;",
      'src/job/b.ts': "import { a } from './a.ts';\n\nexport const b = (): unknown => a;",
    });

    expect(new Set(codes)).toEqual(new Set(['import(no-cycle)']));
  });

  test('a promise that nobody waits for', async () => {
    const codes = await refusals({
      'src/x.ts': 'const write = async (): Promise<void> => {};\n\nexport function stop(): void {\n  write();\n}',
    });

    expect(codes).toEqual(['typescript(no-floating-promises)']);
  });

  test('`any`', async () => {
    const codes = await refusals({ 'src/x.ts': 'export const same = (value: any): unknown => value;' });

    expect(codes).toEqual(['typescript(no-explicit-any)']);
  });
});

describe('the linter lets pass', () => {
  test.each([
    ['the type of a client in a store', 'src/metastore/x.ts', "export type { Redis } from 'ioredis';"],
    [
      "the user's own commands in their one place",
      'src/object-store/s3-commands.ts',
      "export { PutObjectCommand } from '@aws-sdk/client-s3';",
    ],
    ['an interface in the state store', 'src/state-store/x.ts', "export type { Metastore } from '../metastore/metastore.ts';"],
    [
      'a client that is loaded when it is needed',
      'src/config/packages.ts',
      "export const load = (): Promise<unknown> => import('ioredis');",
    ],
    ['a store in the configuration', 'src/config/x.ts', "export { redisMetastore } from '../metastore/redis.ts';"],
    ['the barrel in the command', 'src/cli/x.ts', "export { sweep } from '../index.ts';"],
    ['the barrel in an adapter', 'adapters/bullmq/x.ts', "export { isSuspension } from '../../src/index.ts';"],
    ['the type of its runtime in an adapter', 'adapters/bullmq/x.ts', "export type { Job } from 'bullmq';"],
    ['the package in an example', 'examples/x.ts', "export { createStateStore } from 'mooring';"],
  ])('%s', async (_what, file, text) => {
    const codes = await refusals({ [file]: text });

    expect(codes).toEqual([]);
  });
});
