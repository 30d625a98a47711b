import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cancelJob, resumableProcessor, withState } from '../../../adapters/bullmq/index.ts';
import { requestsFor } from '../../../adapters/bullmq/requests.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { createStateStore } from '../../../src/index.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, type Rig, type TestJob } from './rig.ts';

/** Cancelling a job from anywhere: by a store and a queue that know nothing of its worker. */

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

function cancel(job: { id?: string | undefined }): Promise<boolean> {
  const store = createStateStore({ metastore: redisMetastore({ client: rig.redis }), namespace: rig.queue.name });
  return cancelJob(rig.queue, job.id as string, { store, reason: 'not wanted' });
}

describe.each(BOTH_MAJORS)('bullmq $bullmq', (versions) => {
  afterEach(() => rig.close());

  test('a job on hold hears of it within a heartbeat', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job({ pollInterval: '1h' })));
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => system.looks > 0);

    expect(await cancel(job)).toBe(true);
    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsMade: 1 });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('a job on hold that has not used state yet hears of it too', async () => {
    rig = createRig(server.port, versions);
    let waits = false;
    rig.work(
      withState(rig.store, async (_job: TestJob, ctx) => {
        waits = true;
        await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve));
        throw new Error('aborted');
      }),
    );
    const job = await rig.add({ name: 'a' });
    await until(() => waits);
    await cancel(job);

    expect((await rig.reaches(job, 'failed')).failedReason).toBe('not wanted');
  });

  test('a released job comes back at once to fail with the reason', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job({ pollInterval: '1h' }), { wait: { mode: 'release', holdFor: 0 } }));
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await rig.reaches(job, 'delayed');

    expect(await cancel(job)).toBe(true);
    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsMade: 1 });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('a job that is asked for while it is being released comes back at once', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const inner = resumableProcessor(rig.store, system.job({ pollInterval: '1h' }), {
      wait: { mode: 'release', holdFor: 0 },
      heartbeat: '1h',
    });
    rig.work(async (job: TestJob, token?: string, signal?: AbortSignal) => {
      const move = job.moveToDelayed.bind(job);
      job.moveToDelayed = async (...given) => {
        await cancel(job);
        return move(...given);
      };
      return inner(job, token, signal);
    });
    const job = await rig.add({ name: 'a' }, { attempts: 3 });

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsStarted: 2 });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test.each([{}, { priority: 7 }])('a job that waits (%j) fails with the reason when it is its turn', async (options) => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const job = await rig.add({ name: 'a' }, { attempts: 3, ...options });
    expect(await cancel(job)).toBe(true);
    rig.work(resumableProcessor(rig.store, system.job()));

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsMade: 1 });
    expect(system.submits).toBe(0);
  });

  test('a job whose worker died is cancelled by the next worker, with the external jobs that it names', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const dying = rig.work(resumableProcessor(rig.store, system.job()), { lockRenewTime: 3_600_000 });
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => system.looks > 2);
    await dying.close(true);
    await rig.dropLock(job);
    await cancel(job);
    const other = createStateStore({ metastore: redisMetastore({ client: rig.redis }), namespace: rig.queue.name });
    rig.work(
      withState(other, async (_job: TestJob, ctx) => void (await ctx.state.get('step')), { externalJobs: [system.job()] }),
      { maxStalledCount: 5 },
    );

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted' });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('a job with a scope of its own is cancelled by that scope', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const scope = (job: TestJob) => ({ flow: 'films', run: job.data.name, task: 'encode' });
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    expect(await cancelJob(rig.queue, job.id as string, { store: rig.store, reason: 'not wanted', scope })).toBe(true);
    rig.work(resumableProcessor(rig.store, system.job(), { scope, heartbeat: '1h' }));

    expect((await rig.reaches(job, 'failed')).failedReason).toBe('not wanted');
  });

  test('a job that failed as it was asked to runs again when somebody retries it', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => system.looks > 0);
    await cancel(job);
    const failed = await rig.reaches(job, 'failed');
    await until(async () => (await requestsFor(rig.store, [job])).size === 0);
    await failed.retry();
    await until(() => system.submits === 2);
    system.succeed('job-2');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-2');
  });

  test('is false for a job that has ended or is gone', async () => {
    rig = createRig(server.port, versions);
    rig.work(
      withState(rig.store, async (job: TestJob) => {
        if (job.data.name === 'bad') throw new Error('no');
      }),
    );
    const bad = await rig.add({ name: 'bad' });
    const good = await rig.add({ name: 'good' });
    await rig.reaches(bad, 'failed');
    await rig.reaches(good, 'completed');

    expect([await cancel({ id: 'nobody' }), await cancel(bad), await cancel(good)]).toEqual([false, false, false]);
  });
});
