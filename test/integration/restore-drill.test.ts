import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { copyFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ensureBuilt, ROOT } from '../../scripts/build.ts';
import { run } from '../../scripts/command.ts';
import { redisMetastore } from '../../src/redis.ts';
import { fileObjectStore } from '../../src/file.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { until } from '../support/until.ts';

/** The drill of docs/operations.md, with its commands: a snapshot is copied away, Redis is lost, and comes back from the copy. */

const MOORING = join(ROOT, 'dist/src/cli/mooring.js');
const TASK = { flow: 'media', run: '1', task: 'encode' };
const large = (name: string): string => name.repeat(20_000);

let folder: string;
let server: TestRedis;
let client: Redis;
let store: StateStore;

const start = async (directory: string, appendOnly: 'yes' | 'no', port?: number): Promise<void> => {
  server = await startRedis({ directory, args: ['--appendonly', appendOnly], ...(port !== undefined && { port }) });
  client = new Redis(server.port, '127.0.0.1');
  const objectStore = fileObjectStore({ directory: join(folder, 'bucket') });
  store = createStateStore({ metastore: redisMetastore({ client }), objectStore });
};

beforeAll(ensureBuilt);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-drill-'));
  await start(await mkdtemp(join(folder, 'redis-')), 'yes');
});

afterEach(async () => {
  client?.disconnect();
  await server?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** As a machine that loses power. */
async function kill(): Promise<void> {
  client.disconnect();
  await server.kill();
  await server.stop();
}

async function mooring(...args: string[]): Promise<{ code: number | null; report: Record<string, unknown> }> {
  // The command refuses what it does not know, such as MOORING_TEST_… of the run of these tests.
  const others = Object.entries(process.env).filter(([name]) => !name.startsWith('MOORING_'));
  const env = { ...Object.fromEntries(others), MOORING_REDIS: `redis://127.0.0.1:${server.port}` };
  const path = { MOORING_PATH: pathToFileURL(`${join(folder, 'bucket')}/`).href };
  const ran = await run(process.execPath, [MOORING, ...args, '--json'], { env: { ...env, ...path } });
  return { code: ran.code, report: JSON.parse(ran.stdout) as Record<string, unknown> };
}

async function backUp(): Promise<string> {
  await client.bgsave();
  await until(async () => (await client.info('persistence')).includes('rdb_bgsave_in_progress:0'));
  const copy = join(folder, 'backup.rdb');
  await copyFile(join(server.directory, 'dump.rdb'), copy);
  return copy;
}

/** Loses everything, and starts from the copy: without the append-only file, which is then turned on again. */
async function restore(copy: string): Promise<void> {
  const { port, directory } = server;
  await kill();
  await rm(directory, { recursive: true });
  const next = await mkdtemp(join(folder, 'redis-'));
  await copyFile(copy, join(next, 'dump.rdb'));
  await start(next, 'no', port);
  await client.config('SET', 'appendonly', 'yes');
  await until(async () => /aof_enabled:1[\s\S]*aof_rewrite_in_progress:0/.test(await client.info('persistence')));
}

test('the drill brings back what the copy or the object store has', async () => {
  const state = store.task(TASK);
  await state.setMany({ report: large('first'), cursor: 1 });
  const copy = await backUp();
  await state.setMany({ report: large('second'), cursor: 2, film: large('film'), step: 3 });
  expect((await mooring('reconcile', '--apply')).code).toBe(0);

  await restore(copy);

  const before = await mooring('doctor');
  expect(before.code).toBe(1);
  expect(before.report['findings']).toContainEqual(expect.objectContaining({ level: 'error', check: 'generation' }));
  expect((await mooring('reconcile', '--apply')).code).toBe(1);
  const listed = await mooring('recover');
  expect(listed.report).toMatchObject({ dryRun: true, entries: 1, found: [expect.objectContaining({ key: 'film' })] });
  expect((await mooring('recover', '--apply')).report).toMatchObject({ entries: 1 });

  expect((await mooring('doctor')).code).toBe(0);
  expect((await mooring('reconcile')).code).toBe(0);
  const found = await store.task(TASK).getMany(['report', 'cursor', 'film', 'step']);
  expect(found).toEqual({ report: large('first'), cursor: 1, film: large('film') });

  // And the append-only file holds all of it.
  const { port, directory } = server;
  await kill();
  await start(directory, 'yes', port);
  expect(await store.task(TASK).get('film')).toBe(large('film'));
});

test('without any copy, large values come back all the same', async () => {
  await store.task(TASK).setMany({ report: large('first'), cursor: 1 });
  await store.task(TASK).set('report', large('second'));
  const { port } = server;
  await kill();
  await start(await mkdtemp(join(folder, 'redis-')), 'yes', port);

  expect((await mooring('recover', '--apply')).report).toMatchObject({ entries: 1 });

  expect((await mooring('doctor')).code).toBe(0);
  expect(await store.task(TASK).getMany(['report', 'cursor'])).toEqual({ report: large('second') });
});
