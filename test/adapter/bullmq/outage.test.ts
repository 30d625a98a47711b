import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { resumableProcessor, withState } from '../../../adapters/bullmq/index.ts';
import { watchOf } from '../../../adapters/bullmq/worker/lifecycle.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { createStateStore, StoreUnavailableError, type StateStore } from '../../../src/index.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, type Rig, type TestJob } from './rig.ts';

/** The state store is away while the queue is there. */

let server: RedisServer;
let rig: Rig;
let warn: jest.SpiedFunction<typeof process.emitWarning>;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe.each(BOTH_MAJORS)('bullmq $bullmq', (versions) => {
  let isAway = false;
  /** Rejects as a store does while `isAway`. */
  const process = (job: TestJob): Promise<string> =>
    isAway
      ? Promise.reject(new Error('step 3', { cause: new StoreUnavailableError('redis is away') }))
      : Promise.resolve(job.data.name);

  afterEach(async () => {
    warn.mockRestore();
    await rig.close();
  });
  function start(): void {
    isAway = true;
    warn = jest.spyOn(globalThis.process, 'emitWarning').mockReturnValue();
    rig = createRig(server.port, versions);
  }
  const warnings = (): string[] => warn.mock.calls.map(([text]) => String(text)).filter((text) => text.includes('state store'));

  test('a job whose attempt it ends completes when it is back, with no attempt used', async () => {
    start();
    const system = externalSystem({ kind: 'keyed' });
    let cancels = 0;
    const cancelling = { ...system.job(), cancel: async () => void (cancels += 1) };
    rig.work(
      withState(rig.store, async (job: TestJob, ctx) => (await ctx.submit(cancelling, job.data), process(job)), {
        onFinalFailure: 'cancel',
      }),
    );
    const jobs = [await rig.add({ name: 'a' }), await rig.add({ name: 'b' })];
    for (const job of jobs) expect(await rig.reaches(job, 'delayed')).toMatchObject({ attemptsMade: 0 });
    isAway = false;

    for (const job of jobs) expect(await rig.reaches(job, 'completed')).toMatchObject({ attemptsMade: 1 });
    expect(warnings()).toHaveLength(1);
    expect((await rig.logs(jobs[0] as never)).filter((line) => line.includes('state store is away: step 3'))).toHaveLength(1);
    expect(cancels).toBe(0);
  });

  test('a job that must not lie in the delayed set waits in its slot', async () => {
    start();
    let calls = 0;
    rig.work(
      withState(rig.store, async (job: TestJob) => {
        calls += 1;
        return process(job);
      }),
    );
    const job = await rig.add({ name: 'a' }, { deduplication: { id: 'a', replace: true } });
    await until(() => warnings().length > 0);
    const began = Date.now();
    const states = new Set<string>();
    await until(async () => {
      states.add((await rig.read(job)).state);
      return calls === 2;
    });
    isAway = false;

    expect(Date.now() - began).toBeGreaterThan(500);
    expect(states).not.toContain('delayed');
    expect(await rig.reaches(job, 'completed')).toMatchObject({ attemptsMade: 1 });
  });

  test('a job that waits in its slot can be cancelled meanwhile', async () => {
    start();
    const worker = rig.work(withState(rig.store, process));
    const job = await rig.add({ name: 'a' }, { deduplication: { id: 'a', replace: true } });
    await until(() => warnings().length > 0);
    worker.cancelJob(job.id as string, 'not wanted');

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsStarted: 1 });
  });

  test('a job that waits in its slot is handed back at once by a worker that closes', async () => {
    start();
    const worker = rig.work(withState(rig.store, process));
    const job = await rig.add({ name: 'a' }, { deduplication: { id: 'a', replace: true } });
    await until(() => warnings().length > 0);
    await worker.close();

    expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0, attemptsStarted: 1 });
  });

  test('a client that has ended for good fails no job', async () => {
    start();
    const client = rig.redis.duplicate();
    await client.ping();
    client.disconnect();
    await until(() => client.status === 'end');
    const store = createStateStore({ metastore: redisMetastore({ client }) });
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(store, system.job()));
    const job = await rig.add({ name: 'a' });

    expect(await rig.reaches(job, 'delayed')).toMatchObject({ attemptsMade: 0 });
    expect(warnings().join()).toMatch(/has ended for good.*give the store a new client.*retryStrategy/);
    await store.close();
  });
});

test('the delay doubles with consecutive outages, up to half a minute', () => {
  jest.useFakeTimers();
  const store: StateStore = createStateStore({ metastore: memoryMetastore() });
  const worker = watchOf({ queueQualifiedName: 'bull:q' } as TestJob, store);
  const delays: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    delays.push(worker.outage(), worker.outage());
    jest.advanceTimersByTime(delays.at(-1) as number);
  }
  worker.storeAnswered();
  delays.push(worker.outage());
  jest.useRealTimers();

  expect(delays).toEqual([1, 1, 2, 2, 4, 4, 8, 8, 16, 16, 30, 30, 30, 30, 1].map((seconds) => seconds * 1_000));
});
