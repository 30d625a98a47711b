import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { Queue, QueueEvents } from 'bullmq';
import { run } from '../../scripts/command.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { freePort } from '../../scripts/free-port.ts';
import { until } from '../support/until.ts';
import { startFarm, type Farm } from './farm.ts';
import { createNestProject, type Application, type NestProject } from './nest.ts';

/** The BullMQ application of docs/nestjs.md, as it stands there, with the packages of NestJS and a real Redis. */

let project: NestProject;
let redis: TestRedis;
let farm: Farm;
let queue: Queue;
let events: QueueEvents;
let port: number;

beforeAll(async () => {
  [project, redis, port] = await Promise.all([createNestProject('bullmq'), startRedis(), freePort()]);
});

beforeEach(async () => {
  farm = await startFarm();
  const connection = { host: '127.0.0.1', port: redis.port };
  queue = new Queue('transcode', { connection });
  events = new QueueEvents('transcode', { connection });
  await events.waitUntilReady();
});

afterEach(async () => {
  project.killAll();
  await events.close();
  await queue.close();
  await farm.close();
});

afterAll(async () => {
  await redis?.stop();
  await project?.consumer.remove();
});

const start = (): Promise<Application> =>
  project.start('main.js', { REDIS_URL: `redis://127.0.0.1:${redis.port}`, FARM_URL: farm.url, PORT: String(port) });

/** The status of an answer; 0 for none. */
const health = (probe: 'live' | 'ready'): Promise<number> =>
  fetch(`http://127.0.0.1:${port}/health/${probe}`).then(
    ({ status }) => status,
    () => 0,
  );

test('a job whose application is stopped by a deploy is reconnected to by the next one, with no attempt used', async () => {
  const first = await start();
  const job = await queue.add('video', { source: 'a.mov' });
  await until(() => farm.tokens.length === 1);

  const ended = await first.stop();
  const handedBack = await job.getState();
  await start();
  farm.finish();
  const result: unknown = await job.waitUntilFinished(events, 120_000);

  expect(ended).toEqual(['worker', 'store begins', 'Redis of the store', 'store ends']);
  expect(handedBack).toBe('waiting');
  expect(result).toEqual({ url: 'https://farm.example/farm-1' });
  expect(farm.tokens).toHaveLength(1);
  expect(await queue.getJob(job.id ?? '')).toMatchObject({ attemptsMade: 1, stalledCounter: 0 });
});

test('an application whose Redis hangs is alive, but not ready until it answers again', async () => {
  await start();
  await until(async () => (await health('ready')) === 200);

  process.kill(redis.pid, 'SIGSTOP');
  const hanging = [await health('live'), await health('ready')];
  process.kill(redis.pid, 'SIGCONT');
  await until(async () => (await health('ready')) === 200);

  expect(hanging).toEqual([200, 503]);
});

test("the guide's own test passes", async () => {
  const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap', 'transcode-processor.test.js'], {
    cwd: project.consumer.folder,
  });

  expect(stdout).toMatch(/^# pass 1$/m);
});
