import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** The directions of `docs/design.md` are law: each is planted once as a fault, and the linter must refuse it. */

type Planted = readonly [what: string, file: string, text: string];

const root = join(import.meta.dirname, '../..');
let copy: string;
/** The rules that refuse each file of the tables, by what it is. */
let planted: Promise<ReadonlyMap<string, readonly string[]>>;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'mooring-lint-'));
  await Promise.all(['.oxlintrc.json', 'tsconfig.json', 'package.json'].map((file) => cp(join(root, file), join(copy, file))));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
  planted = plant([...REFUSED, ...PASSED]);
  await planted;
});

afterAll(() => rm(copy, { recursive: true, force: true, maxRetries: 10 }));

/** Lints many files in a few trees: a file `x.ts` may have any name, and others that have the same name go into another tree. */
async function plant(rows: readonly Planted[]): Promise<ReadonlyMap<string, readonly string[]>> {
  const trees: Map<string, readonly [what: string, text: string]>[] = [];
  for (const [number, [what, file, text]] of rows.entries()) {
    const path = file.replace(/\/x\.ts$/, `/x${number}.ts`);
    let tree = trees.find((one) => !one.has(path));
    if (!tree) trees.push((tree = new Map()));
    tree.set(path, [what, text]);
  }
  const found = await Promise.all(
    trees.map(async (tree) => {
      const refused = await lint(Object.fromEntries([...tree].map(([path, [, text]]) => [path, text])));
      return [...tree].map(([path, [what]]) => [what, refused.flatMap((one) => (one.file === path ? [one.code] : []))] as const);
    }),
  );
  return new Map(found.flat());
}

/** What the linter says of a tree of these files, and nothing else in it. */
async function lint(files: Record<string, string>): Promise<{ file: string; code: string }[]> {
  const tree = await mkdtemp(join(copy, 'planted-'));
  for (const file of ['.oxlintrc.json', 'tsconfig.json', 'package.json']) await cp(join(copy, file), join(tree, file));
  for (const [name, text] of Object.entries(files)) {
    await mkdir(dirname(join(tree, name)), { recursive: true });
    await writeFile(join(tree, name), `${text}\n`);
  }
  const report = await new Promise<string>((resolve) => {
    const oxlint = join(root, 'node_modules/oxlint/bin/oxlint');
    execFile(process.execPath, [oxlint, '--format=json'], { cwd: tree }, (_refused, stdout) => resolve(stdout));
  });
  const { diagnostics, number_of_files: linted } = JSON.parse(report) as {
    diagnostics: { code: string; filename: string }[];
    number_of_files: number;
  };
  expect(linted).toBe(Object.keys(files).length);
  return diagnostics.map(({ code, filename }) => ({ code, file: filename }));
}

const refusals = async (files: Record<string, string>): Promise<string[]> => (await lint(files)).map(({ code }) => code);

const IMPORT = 'eslint(no-restricted-imports)';

const REFUSED: readonly Planted[] = [
  // The order of rooms.
  ['the vocabulary looking right', 'src/model/x.ts', "export { deadline } from '../async/deadline.ts';"],
  ['waiting that sees events', 'src/async/x.ts', "export type { StateEvent } from '../observe/events.ts';"],
  ['events that see the format', 'src/observe/x.ts', "export { scopePath } from '../format/path.ts';"],
  ['the format seeing a codec', 'src/format/x.ts', "export { shorten } from '../codec/compress-if-smaller.ts';"],
  ['a codec that sees a store', 'src/codec/snappy/x.ts', "export type { Metastore } from '../../metastore/metastore.ts';"],
  ['a metastore that sees an object store', 'src/metastore/redis/x.ts', "export { MAX } from '../../object-store/check-key.ts';"],
  ['a metastore that sees a codec', 'src/metastore/redis/lua/x.ts', "export { shorten } from '../../../codec/registry.ts';"],
  ['an object store that sees a metastore', 'src/object-store/s3/x.ts', "export { read } from '../../metastore/metastore.ts';"],
  ['a store that sees the state store', 'src/object-store/x.ts', "export { internalsOf } from '../state-store/internals.ts';"],
  ['the state store seeing the job', 'src/state-store/read/x.ts', "export { jobOptions } from '../../job/options.ts';"],
  ['the job seeing the maintenance', 'src/job/x.ts', "export { sweep } from '../maintenance/sweep/sweep.ts';"],
  [
    'the maintenance seeing the job',
    'src/maintenance/doctor/x.ts',
    "export { jobRecords } from '../../job/operator/records.ts';",
  ],
  ['the maintenance seeing the command', 'src/maintenance/x.ts', "export { run } from '../cli/run.ts';"],
  ['the configuration seeing the job', 'src/config/x.ts', "export { jobRecords } from '../job/operator/records.ts';"],
  ['the configuration seeing the test tools', 'src/config/x.ts', "export { testTask } from '../testing/test-task.ts';"],
  ['the test tools seeing the configuration', 'src/testing/x.ts', "export { openWith } from '../config/config.ts';"],
  ['a room that sees a subpath', 'src/state-store/write/x.ts', "export { createStateStore } from '../../index.ts';"],

  // Interfaces, and who implements them.
  ['an interface that sees its implementation', 'src/metastore/x.ts', "export { redisMetastore } from './redis/store.ts';"],
  ['an implementation that sees another', 'src/metastore/memory/x.ts', "export { NAME } from '../redis/errors.ts';"],
  ['an object store that sees another', 'src/object-store/gcs/x.ts', "export { putObject } from '../s3/put.ts';"],
  ['an object store that sees one in memory', 'src/object-store/file/x.ts', "export { memoryObjectStore } from '../memory.ts';"],
  [
    'the state store seeing an implementation',
    'src/state-store/write/x.ts',
    "export { redisMetastore } from '../../metastore/redis/store.ts';",
  ],
  ['the job seeing an implementation', 'src/job/x.ts', "export { memoryMetastore } from '../metastore/memory/store.ts';"],
  ['the job seeing the insides of a store', 'src/job/protocol/x.ts', "export { believe } from '../../metastore/replies.ts';"],
  [
    'the maintenance seeing an implementation',
    'src/maintenance/sweep/x.ts',
    "export { memoryMetastore } from '../../metastore/memory/store.ts';",
  ],

  // Clients.
  ['a client in the vocabulary', 'src/model/x.ts', "export type { Redis } from 'ioredis';"],
  ['a client in the core', 'src/job/x.ts', "export { Redis } from 'ioredis';"],
  ['a client at run time in a store', 'src/metastore/x.ts', "export { Redis } from 'ioredis';"],
  ['a client at run time in an implementation', 'src/metastore/redis/x.ts', "export { Redis } from 'ioredis';"],
  ['a client at run time in an object store', 'src/object-store/s3/put.ts', "export { S3Client } from '@aws-sdk/client-s3';"],
  ['another package beside the commands', 'src/object-store/s3/commands.ts', "export { Upload } from '@aws-sdk/lib-storage';"],
  ['another file beside the commands', 'src/object-store/s3/commands.ts', "export { s3ObjectStoreOf } from './store.ts';"],
  ['a client that is loaded with the configuration', 'src/config/x.ts', "export { Redis } from 'ioredis';"],
  ['another client among the packages', 'src/config/clients/packages.ts', "export { Queue } from 'bullmq';"],
  ['a client in the command', 'src/cli/x.ts', "export const load = (): Promise<unknown> => import('ioredis');"],

  // Subpaths.
  ['a client beside the runtime', 'src/cli/queue/bullmq.ts', "export const load = (): Promise<unknown> => import('ioredis');"],
  [
    'a worker beside the client',
    'src/cli/temporal/client.ts',
    "export const load = (): Promise<unknown> => import('@temporalio/worker');",
  ],
  ['a client in a subpath', 'src/s3.ts', "export { S3Client } from '@aws-sdk/client-s3';"],
  ['a subpath that takes in another', 'src/s3.ts', "export { createStateStore } from './index.ts';"],
  ['the core taking in a store', 'src/index.ts', "export { redisMetastore } from './metastore/redis/store.ts';"],
  ['the core taking in another subpath', 'src/index.ts', "export { redisMetastore } from './redis.ts';"],
  ['the core taking in the test tools', 'src/index.ts', "export { testTask } from './testing/test-task.ts';"],
  ['the core taking in the configuration', 'src/index.ts', "export { configFromEnv } from './config/environment.ts';"],
  ['a command with a private door', 'src/cli/commands/x.ts', "export { internalsOf } from '../../state-store/internals.ts';"],
  ['a command that sees another subpath', 'src/cli/x.ts', "export { testTask } from '../testing.ts';"],

  // The drill.
  ['src seeing the drill', 'src/cli/x.ts', "export { GAPS } from '../../drill/harness/gaps.ts';"],
  ['an adapter that sees the drill', 'adapters/bullmq/x.ts', "export { GAPS } from '../../drill/harness/gaps.ts';"],
  ['a drill that loads BullMQ before it begins', 'drill/command/x.ts', "export { Queue } from 'bullmq';"],
  ['a drill of another copy of the package', 'drill/worker/x.ts', "export { createStateStore } from 'mooring';"],
  ['a description that loads the drill', 'drill/definition.ts', "export { GAPS } from './harness/gaps.ts';"],

  // Adapters, examples and package tests.
  ['src seeing an adapter', 'src/job/x.ts', "export { withState } from '../../adapters/bullmq/index.ts';"],
  ['an adapter with a private door', 'adapters/bullmq/x.ts', "export { internalsOf } from '../../src/state-store/internals.ts';"],
  [
    'a private door deep in an adapter',
    'adapters/bullmq/worker/x.ts',
    "export { internalsOf } from '../../../src/state-store/internals.ts';",
  ],
  ['the core in an adapter', 'adapters/bullmq/x.ts', "export { isSuspension } from '../../src/index.ts';"],
  ['an adapter that sees another', 'adapters/bullmq/x.ts', "export { plugin } from '../temporal/index.ts';"],
  ['an adapter that sees its tests', 'adapters/bullmq/attempt/x.ts', "export { until } from '../../../test/support/until.ts';"],
  ['pitfall 19: an adapter that loads its runtime', 'adapters/bullmq/x.ts', "export { DelayedError } from 'bullmq';"],
  ['an adapter that knows a client', 'adapters/bullmq/x.ts', "export type { Redis } from 'ioredis';"],
  ['a worker at run time in the Temporal adapter', 'adapters/temporal/x.ts', "export { Worker } from '@temporalio/worker';"],
  ['another runtime in the Temporal adapter', 'adapters/temporal/activity/x.ts', "export { Queue } from 'bullmq';"],
  [
    'a private door of the Temporal adapter',
    'adapters/temporal/activity/x.ts',
    "export { internalsOf } from '../../../src/state-store/internals.ts';",
  ],
  [
    'anything but Temporal in workflow code',
    'adapters/temporal/workflow.ts',
    "export { milliseconds } from '../../src/index.ts';",
  ],
  ['Node in workflow code', 'adapters/temporal/workflow.ts', "export { createHash } from 'node:crypto';"],
  ['an example that reaches into the sources', 'examples/x.ts', "export { createStateStore } from '../src/index.ts';"],
  ['a package test that does', 'test/package/x.ts', "export { createStateStore } from '../../src/index.ts';"],
];

const PASSED: readonly Planted[] = [
  ['the type of a client in a store', 'src/metastore/x.ts', "export type { Redis } from 'ioredis';"],
  ['the type of a client in an implementation', 'src/metastore/redis/x.ts', "export type { Redis } from 'ioredis';"],
  [
    "the user's own commands in their one place",
    'src/object-store/s3/commands.ts',
    "export { PutObjectCommand } from '@aws-sdk/client-s3';",
  ],
  ['a room to the left', 'src/job/protocol/x.ts', "export { internalsOf } from '../../state-store/internals.ts';"],
  [
    'an interface in the state store',
    'src/state-store/read/x.ts',
    "export type { Metastore } from '../../metastore/metastore.ts';",
  ],
  ['the interface in an implementation', 'src/metastore/redis/x.ts', "export type { Metastore } from '../metastore.ts';"],
  ['a script of its own in an implementation', 'src/metastore/redis/x.ts', "export { SWEEP } from './lua/sweep.ts';"],
  [
    'a client that is loaded when it is needed',
    'src/config/clients/packages.ts',
    "export const load = (): Promise<unknown> => import('ioredis');",
  ],
  ['a store in the configuration', 'src/config/x.ts', "export { redisMetastore } from '../metastore/redis/store.ts';"],
  ['a store in its subpath', 'src/redis.ts', "export { redisMetastore } from './metastore/redis/store.ts';"],
  [
    'a client that is loaded when it is needed',
    'src/cli/temporal/client.ts',
    "export const load = (): Promise<unknown> => import('@temporalio/client');",
  ],
  [
    'a runtime that is loaded when it is needed',
    'src/cli/queue/bullmq.ts',
    "export const load = (): Promise<unknown> => import('bullmq');",
  ],
  ['the core in the command', 'src/cli/commands/x.ts', "export { sweep } from '../../index.ts';"],
  ['the kit in an adapter', 'adapters/bullmq/x.ts', "export { isSuspension } from '../../src/adapter-kit.ts';"],
  ['the kit deep in an adapter', 'adapters/bullmq/worker/x.ts', "export { isSuspension } from '../../../src/adapter-kit.ts';"],
  ['the type of its runtime in an adapter', 'adapters/bullmq/x.ts', "export type { Job } from 'bullmq';"],
  ['the package in an example', 'examples/x.ts', "export { createStateStore } from 'mooring';"],
];

describe('the linter refuses', () => {
  test.each(REFUSED)('%s', async (...row) => {
    expect((await planted).get(row[0])).toEqual([IMPORT]);
  });

  test('a cycle', async () => {
    const codes = await refusals({
      'src/job/a.ts': "import { b } from './b.ts';\n\nexport const a = (): unknown => b;",
      'src/job/b.ts': "import { a } from './a.ts';\n\nexport const b = (): unknown => a;",
    });

    expect(new Set(codes)).toEqual(new Set(['import(no-cycle)']));
  });

  test('a file that nobody reads to its end', async () => {
    const codes = await refusals({ 'src/job/x.ts': `export const x = 1;\n${'//\n'.repeat(350)}` });

    expect(codes).toEqual(['eslint(max-lines)']);
  });

  test('a promise that nobody waits for', async () => {
    const codes = await refusals({
      'src/job/x.ts': 'const write = async (): Promise<void> => {};\n\nexport function stop(): void {\n  write();\n}',
    });

    expect(codes).toEqual(['typescript(no-floating-promises)']);
  });

  test('`any`', async () => {
    const codes = await refusals({ 'src/job/x.ts': 'export const same = (value: any): unknown => value;' });

    expect(codes).toEqual(['typescript(no-explicit-any)']);
  });
});

describe('the linter lets pass', () => {
  test.each(PASSED)('%s', async (...row) => {
    expect((await planted).get(row[0])).toEqual([]);
  });
});
