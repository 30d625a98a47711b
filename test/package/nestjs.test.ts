import { afterAll, afterEach, beforeAll, beforeEach, expect, jest, test } from '@jest/globals';
import { transformSync } from '@swc/core';
import { Queue, QueueEvents } from 'bullmq';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { until } from '../support/until.ts';
import { createConsumer, root, type Consumer } from './consumer.ts';
import { FARM_CLIENT, startFarm, type Farm } from './farm.ts';
import { modulesOf } from './pages.ts';

/** The application of docs/nestjs.md, as it stands there, with the packages of NestJS and a real Redis. */

jest.setTimeout(60_000);

const SWC = {
  jsc: {
    target: 'es2023',
    parser: { syntax: 'typescript', decorators: true },
    transform: { legacyDecorator: true, decoratorMetadata: true },
  },
  module: { type: 'es6' },
} as const;

const PACKAGES = ['common', 'core', 'bullmq'].map((name) => `@nestjs/${name}`);

let consumer: Consumer;
let redis: RedisServer;
let farm: Farm;
let queue: Queue;
let events: QueueEvents;
const applications: ChildProcess[] = [];

beforeAll(async () => {
  [consumer, redis] = await Promise.all([createConsumer(), startRedis()]);
  await Promise.all([...PACKAGES, 'reflect-metadata', 'bullmq', 'ioredis'].map((name) => consumer.add(name)));
  const text = await readFile(join(root, 'docs/nestjs.md'), 'utf8');
  for (const [file, code] of modulesOf({ path: 'docs/nestjs.md', text }))
    await consumer.write(file.replace('.ts', '.js'), transformSync(code, SWC).code);
  await consumer.write('farm.js', FARM_CLIENT);
});

beforeEach(async () => {
  farm = await startFarm();
  const connection = { host: '127.0.0.1', port: redis.port };
  queue = new Queue('transcode', { connection });
  events = new QueueEvents('transcode', { connection });
  await events.waitUntilReady();
});

afterEach(async () => {
  for (const application of applications.splice(0)) application.kill('SIGKILL');
  await events.close();
  await queue.close();
  await farm.close();
});

afterAll(async () => {
  await redis?.stop();
  await consumer?.remove();
});

function startApplication(): ChildProcess {
  const env = { ...process.env, REDIS_URL: `redis://127.0.0.1:${redis.port}`, FARM_URL: farm.url };
  const application = spawn(process.execPath, ['main.js'], { cwd: consumer.folder, env, stdio: ['ignore', 'ignore', 'inherit'] });
  applications.push(application);
  return application;
}

test('a job whose application is stopped by a deploy is reconnected to by the next one, with no attempt used', async () => {
  const first = startApplication();
  const job = await queue.add('video', { source: 'a.mov' });
  await until(() => farm.tokens.length === 1);

  first.kill('SIGTERM');
  await once(first, 'exit');
  const handedBack = await job.getState();
  startApplication();
  farm.finish();
  const result: unknown = await job.waitUntilFinished(events, 30_000);

  expect(handedBack).toBe('waiting');
  expect(result).toEqual({ url: 'https://farm.example/farm-1' });
  expect(farm.tokens).toHaveLength(1);
  expect(await queue.getJob(job.id ?? '')).toMatchObject({ attemptsMade: 1, stalledCounter: 0 });
});
