import { Client, Connection } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { startTemporal, type TemporalServer } from '../support/temporal.ts';
import { until } from '../support/until.ts';
import { startFarm, type Farm } from './farm.ts';
import { createNestProject, type Application, type NestProject } from './nest.ts';

/** The Temporal application of docs/nestjs.md, as it stands there, with a real Temporal server and a real Redis. */

const PACKAGES = ['activity', 'client', 'common', 'worker', 'workflow'].map((name) => `@temporalio/${name}`);

let project: NestProject;
let redis: TestRedis;
let server: TemporalServer;
let farm: Farm;
let connection: Connection;

beforeAll(async () => {
  [project, redis, server, farm] = await Promise.all([
    createNestProject('temporal', PACKAGES),
    startRedis(),
    startTemporal(),
    startFarm(),
  ]);
  connection = await Connection.connect({ address: server.address });
});

afterAll(async () => {
  project?.killAll();
  await connection?.close();
  await Promise.all([farm?.close(), server?.stop(), redis?.stop()]);
  await project?.consumer.remove();
});

const start = (): Promise<Application> =>
  project.start('temporal-main.js', {
    REDIS_URL: `redis://127.0.0.1:${redis.port}`,
    FARM_URL: farm.url,
    TEMPORAL_ADDRESS: server.address,
  });

test('an activity whose application is stopped by a deploy is reconnected to by the next one', async () => {
  const first = await start();
  const workflow = await new Client({ connection }).workflow.start('publishVideo', {
    taskQueue: 'media',
    workflowId: 'video-1',
    args: [{ source: 'a.mov' }],
  });
  await until(() => farm.tokens.length === 1);

  const ended = await first.stop();
  await start();
  farm.finish();
  const result: unknown = await workflow.result();

  expect(ended).toEqual(['worker', 'store begins', 'Redis of the store', 'store ends']);
  expect(result).toBe('catalogue: https://farm.example/farm-1');
  expect(farm.tokens).toHaveLength(1);
});
