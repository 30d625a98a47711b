import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { Redis } from 'ioredis';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { createStateStore, observeJobs, type StateStore } from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { externalSystem } from '../support/external-system.ts';
import { testRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';
import { startTelemetry, type Telemetry } from '../support/telemetry.ts';

/** The gauges of the jobs that wait in a real Redis. */

let server: RedisServer;
let redis: Redis;
let store: StateStore;
let told: Telemetry;
let stop = (): void => undefined;

beforeAll(async () => {
  server = await startRedis();
});

afterAll(() => server?.stop());

beforeEach(() => {
  told = startTelemetry();
  redis = new Redis(server.port, '127.0.0.1');
  store = createStateStore({ metastore: redisMetastore({ client: redis }), namespace: randomUUID() });
});

afterEach(async () => {
  stop();
  await told.stop();
  await store.close();
  if (redis.status !== 'end') redis.disconnect();
});

const series = (name: string, state: string): string => `mooring.job.${name}{mooring.flow=flow,mooring.job.state=${state}}`;

test('jobs are counted while they are open', async () => {
  const system = externalSystem();
  const [runs, waits] = [{ name: 'runs' }, { name: 'waits', externalIdKey: 'other' }];
  const task = testRuntime(store);
  stop = observeJobs(store, { every: 1 });
  const submit = () => Promise.reject(new Error('hang up'));
  await task.attempt((ctx) => ctx.submit(system.job(runs), 1));
  await task.attempt((ctx) => ctx.run(system.job({ ...waits, submit }), 1)).catch(() => undefined);

  const during = await told.points();
  system.succeed();
  await task.attempt((ctx) => ctx.run(system.job(runs), 1));

  expect(during).toMatchObject({ [series('count', 'submitted')]: 1, [series('count', 'submitting')]: 1 });
  expect(during[series('oldest_age', 'submitted')]).toBeGreaterThan(0);
  await until(async () => (await told.points())[series('count', 'submitted')] === 0);
});

test('a collection does not scan the namespace', async () => {
  const system = externalSystem();
  await testRuntime(store).attempt((ctx) => ctx.submit(system.job(), 1));
  await redis.config('RESETSTAT');
  stop = observeJobs(store);

  const points = await told.points();

  const commands = await redis.info('commandstats');
  expect(points).toMatchObject({ [series('count', 'submitted')]: 1 });
  expect(commands).not.toMatch(/cmdstat_(?:scan|keys|hgetall|hscan):/);
});

test('a Redis that is gone leaves no number', async () => {
  const system = externalSystem();
  await testRuntime(store).attempt((ctx) => ctx.submit(system.job(), 1));
  stop = observeJobs(store, { every: 1 });
  await told.points();
  redis.disconnect();

  const points = await told.points();

  expect(points[series('count', 'submitted')]).toBeNaN();
  expect(Object.keys(points).filter((name) => name.startsWith('mooring.summary_errors'))).toHaveLength(1);
});

test('a warning says that no SDK is set up', async () => {
  await told.stop();
  const warned: string[] = [];
  const quiet = (): void => undefined;
  const logger = {
    debug: quiet,
    info: quiet,
    error: quiet,
    warn: (_fields: object, message: string) => void warned.push(message),
  };
  const own = createStateStore({ metastore: redisMetastore({ client: redis }), logger });

  stop = observeJobs(own);

  expect(warned).toEqual([expect.stringContaining('before an SDK of OpenTelemetry')]);
  await own.close();
});

test.each([
  ['every', { every: 'often' }],
  ['timeout', { timeout: -1 }],
  ['flows', { flows: 1.5 }],
])('an invalid %s is refused', (option, options) => {
  const refusal = expect.objectContaining({ code: 'mooring.config', option });

  expect(() => observeJobs(store, options as never)).toThrow(refusal);
});
