import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { transformSync } from '@swc/core';
import { Queue, QueueEvents } from 'bullmq';
import { Redis } from 'ioredis';
import { spawn, type ChildProcess } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';
import { FARM_CLIENT, startFarm, type Farm } from './farm.ts';
import { letTheLockLapse } from './stalled.ts';

/** The first program of the README, as it stands there, in an empty project that installed the tarball, on a real Redis. */

/** Ends a worker with the process that started it, however that ends. */
const LEASH = "process.stdin.on('end', () => process.exit()).resume();";

let consumer: Consumer;
let redis: RedisServer;
let program: string;

beforeAll(async () => {
  [consumer, redis] = await Promise.all([createConsumer(), startRedis()]);
  await Promise.all(['bullmq', 'ioredis'].map((name) => consumer.add(name)));
  await consumer.write('farm.js', FARM_CLIENT);
  await consumer.write('leash.js', LEASH);
  const readme = await readFile(join(root, 'README.md'), 'utf8');
  program = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? '';
});

afterAll(async () => {
  await redis?.stop();
  await consumer?.remove();
});

describe.each([
  ['imports', 'es6', 'quick-start.js'],
  ['require()', 'commonjs', 'quick-start.cjs'],
] as const)('the quick start, by %s', (_how, type, file) => {
  let farm: Farm;
  let connection: Redis;
  let queue: Queue;
  let events: QueueEvents;
  const workers: ChildProcess[] = [];

  beforeEach(async () => {
    const { code } = transformSync(program, { jsc: { target: 'es2023', parser: { syntax: 'typescript' } }, module: { type } });
    await consumer.write(file, code);
    farm = await startFarm();
    connection = new Redis(redis.port, '127.0.0.1', { maxRetriesPerRequest: null });
    await connection.flushall();
    queue = new Queue('transcode', { connection });
    events = new QueueEvents('transcode', { connection });
    await events.waitUntilReady();
  });

  afterEach(async () => {
    await Promise.all(workers.splice(0).map(killed));
    await events.close();
    await queue.obliterate({ force: true });
    await queue.close();
    connection.disconnect();
    await farm.close();
  });

  function startWorker(): ChildProcess {
    const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${redis.port}`, FARM_URL: farm.url };
    const worker = spawn(process.execPath, ['--import', './leash.js', file], {
      cwd: consumer.folder,
      env,
      stdio: ['pipe', 'ignore', 'inherit'],
    });
    workers.push(worker);
    return worker;
  }

  test('a job whose worker was killed is submitted once', async () => {
    const first = startWorker();
    const job = await queue.add('video', { source: 'a.mov', preset: 'hd' });
    await until(() => farm.tokens.length === 1);
    await until(async () => (await recordLetter(connection)) === 'e');

    await killed(first);
    await letTheLockLapse(connection, 'transcode', job.id ?? '');
    startWorker();
    await until(async () => ((await queue.getJob(job.id ?? ''))?.attemptsStarted ?? 0) > 1);
    farm.finish();
    const result: unknown = await job.waitUntilFinished(events, 120_000);

    expect(result).toEqual({ url: 'https://farm.example/farm-1' });
    expect(farm.tokens).toHaveLength(1);
  });

  test('a job whose worker was killed before it could note the ID is submitted again with the same key', async () => {
    const first = startWorker();
    const job = await queue.add('video', { source: 'a.mov', preset: 'hd' });
    await until(() => farm.tokens.length === 1);

    await killed(first);
    await letTheLockLapse(connection, 'transcode', job.id ?? '');
    farm.finish();
    startWorker();
    await job.waitUntilFinished(events, 120_000);

    expect(farm.ids).toEqual(new Set(['farm-1']));
    expect(new Set(farm.tokens).size).toBe(1);
  });
});

/** The letter of the one external-job record in Redis. */
async function recordLetter(connection: Redis): Promise<string | undefined> {
  for (const key of await connection.keys('mooring:*/*')) {
    const fields = await connection.hgetall(key);
    const record = Object.entries(fields).find(([name]) => name.startsWith('r:'))?.[1];
    if (record !== undefined) return record[1];
  }
  return undefined;
}

function killed(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill('SIGKILL');
  return gone;
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 120_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`not within two minutes: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
