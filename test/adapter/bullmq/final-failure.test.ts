import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { attach, resumableProcessor, withState } from '../../../adapters/bullmq/index.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { createStateStore } from '../../../src/index.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, type Rig, type TestJob } from './rig.ts';

/** `onFinalFailure: 'cancel'`: what is cancelled, when, and with which external job's `cancel`. */

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

const CANCEL = { onFinalFailure: 'cancel' } as const;

describe.each(BOTH_MAJORS)('bullmq $bullmq', (versions) => {
  afterEach(() => rig.close());

  test('it is done inside the last attempt, also where that did not come to use the external job', async () => {
    rig = createRig(server.port, versions);
    const [video, email] = [externalSystem({ kind: 'keyed' }), externalSystem({ kind: 'keyed' })];
    let calls = 0;
    const worker = rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          if (job.data.name === 'email') return ctx.run(email.job(), job.data);
          if ((calls += 1) > 1) throw new Error('the database is down');
          return ctx.submit(video.job(), job.data).then(() => Promise.reject(new Error('not yet')));
        },
        CANCEL,
      ),
      { concurrency: 2 },
    );
    let cancelled: unknown;
    worker.on('failed', (job) => {
      if (job?.finishedOn) cancelled = [...video.cancelled];
    });
    const other = await rig.add({ name: 'email' });
    await until(() => email.looks > 0);
    const job = await rig.add({ name: 'video' }, { attempts: 2 });
    await rig.reaches(job, 'failed');
    await until(() => cancelled !== undefined);
    email.succeed();
    await rig.reaches(other, 'completed');

    expect(cancelled).toEqual(['job-1 gave-up']);
    expect(email.cancelled).toEqual([]);
    expect((await rig.logs(job)).join()).toMatch(/was cancelled .*externalId=job-1/);
  });

  test('a job that its backoff strategy gives up is cancelled too, once', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(
      withState(
        rig.store,
        (job: TestJob, ctx) => ctx.submit(system.job(), job.data).then(() => Promise.reject(new Error('no'))),
        CANCEL,
      ),
      { settings: { backoffStrategy: () => -1 } },
    );
    const job = await rig.add({ name: 'a' }, { attempts: 5, backoff: { type: 'mine' } });
    await rig.reaches(job, 'failed');
    await until(async () => (await rig.logs(job)).some((line) => line.includes('after the final failure: cancelled')));

    expect(system.cancelled).toEqual(['job-1 gave-up']);
  });

  test('so is one that may not be started again', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(
      withState(
        rig.store,
        (job: TestJob, ctx) => ctx.submit(system.job(), job.data).then(() => Promise.reject(new Error('no'))),
        CANCEL,
      ),
      { maxStartedAttempts: 1 },
    );
    const job = await rig.add({ name: 'a' }, { attempts: 5 });
    await rig.reaches(job, 'failed');
    await until(() => system.cancelled.length > 0);

    expect(system.cancelled).toEqual(['job-1 gave-up']);
  });

  test('a move of the job by its own processor is no failure', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx, token) => {
          await ctx.submit(system.job(), job.data);
          await job.moveToDelayed(Date.now() + 3_600_000, token);
          throw Object.assign(new Error('later'), { name: 'DelayedError' });
        },
        CANCEL,
      ),
    );
    const job = await rig.add({ name: 'a' });
    await rig.reaches(job, 'delayed');
    await worker.close();

    expect(system.cancelled).toEqual([]);
  });

  test('a cancelled job is not cancelled a second time', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(resumableProcessor(rig.store, system.job(), CANCEL));
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 0);
    worker.cancelJob(job.id as string, 'not wanted');
    await rig.reaches(job, 'failed');
    await worker.close();

    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test.each([true, false])(
    'of a job that stalled too often in another process only what is named (%s) is cancelled',
    async (named) => {
      rig = createRig(server.port, versions);
      const system = externalSystem({ kind: 'keyed' });
      const dying = rig.work(resumableProcessor(rig.store, system.job()), { lockRenewTime: 3_600_000 });
      const job = await rig.add({ name: 'a' });
      await until(() => system.looks > 2);
      await dying.close(true);
      await rig.dropLock(job);
      const elsewhere = createStateStore({ metastore: redisMetastore({ client: rig.redis }), namespace: rig.queue.name });
      const processor = withState(elsewhere, async () => undefined, {
        ...CANCEL,
        ...(named ? { externalJobs: [system.job()] } : {}),
      });
      attach(rig.work(processor, { maxStalledCount: 0 }));
      await rig.reaches(job, 'failed');
      const told = /external job "job-1" after the final failure: (cancelled|unknown-job)/;
      await until(async () => told.test((await rig.logs(job)).join()));

      expect(told.exec((await rig.logs(job)).join())?.[1]).toBe(named ? 'cancelled' : 'unknown-job');
      expect(system.cancelled).toEqual(named ? ['job-1 gave-up'] : []);
    },
  );
});

test('bullmq 5: an attempt of a job that its processor discarded is the last one', async () => {
  rig = createRig(server.port, { bullmq: '5', ioredis: '5' });
  const system = externalSystem({ kind: 'keyed' });
  let cancelled: unknown;
  const worker = rig.work(
    withState(
      rig.store,
      async (job: TestJob & { discard(): void }, ctx) => {
        await ctx.submit(system.job(), job.data);
        job.discard();
        throw new Error('no');
      },
      CANCEL,
    ),
  );
  worker.on('failed', () => (cancelled = [...system.cancelled]));
  const job = await rig.add({ name: 'a' }, { attempts: 5 });
  await rig.reaches(job, 'failed');
  await until(() => cancelled !== undefined);
  await rig.close();

  expect(cancelled).toEqual(['job-1 gave-up']);
});
