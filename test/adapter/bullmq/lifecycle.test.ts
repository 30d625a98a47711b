import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { resumableProcessor, wake, withState } from '../../../adapters/bullmq/index.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { jobRecords } from '../../../src/index.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { createRig, EVERY_PAIR, type Rig, type TestJob, type Versions } from './rig.ts';

/** What a user of BullMQ sees, with every pair of versions. */

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe.each(EVERY_PAIR)('bullmq $bullmq, ioredis $ioredis', (versions: Versions) => {
  afterEach(() => rig.close());

  test('the result of the one external job is the job’s', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 5);
    system.succeed('job-1');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.submits).toBe(1);
  });

  test('pitfalls 9, 18: the job’s log, not its data or progress, has the transitions', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    system.progress = 0.5;
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 20);
    system.succeed('job-1');
    const { data, progress } = await rig.reaches(job, 'completed');
    const logs = await rig.logs(job);

    expect(data).toEqual({ name: 'a' });
    expect(progress).toBe(0);
    expect(logs.length).toBeGreaterThanOrEqual(2);
    expect(logs.length).toBeLessThanOrEqual(5);
    expect(logs.join('\n')).toContain('job-1');
    for (const line of logs) expect(line).toMatch(/^\S+Z mooring: /);
  });

  test('pitfalls 2, 21: closing a worker hands the job back at once, with no attempt used', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const first = rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' });
    const behind = await rig.add({ name: 'b' });
    await until(() => system.looks > 2);
    await first.close();
    const handedBack = await rig.read(job);

    expect(handedBack).toMatchObject({ state: 'waiting', attemptsMade: 0, attemptsStarted: 1 });
    expect((await rig.read(behind)).attemptsStarted).toBe(0);
    expect(system.cancelled).toEqual([]);

    rig.work(resumableProcessor(rig.store, system.job()));
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    system.succeed('job-1');
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.submits).toBe(system.jobs.length);
  });

  test('pitfall 3: cancelling the job cancels the external job', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => system.looks > 2);
    worker.cancelJob(job.id as string, 'not needed any more');

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not needed any more', attemptsMade: 1 });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('pitfall 3: cancelling without a reason does the same', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => system.looks > 2);
    worker.cancelJob(job.id as string);

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'the job was cancelled', attemptsMade: 1 });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('pitfall 21: code that waits for something else with ctx.signal is handed back too', async () => {
    rig = createRig(server.port, versions);
    let waits = false;
    const worker = rig.work(
      withState(rig.store, async (_job: TestJob, ctx) => {
        waits = true;
        await setTimeout(60_000, undefined, { signal: ctx.signal });
      }),
    );
    const job = await rig.add({ name: 'a' });
    await until(() => waits);
    await worker.close();

    expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
  });

  test('releasing frees the slot between polls, with no attempt used', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job({ pollInterval: '100ms' }), { wait: { mode: 'release', holdFor: 1 } }), {
      concurrency: 1,
    });
    const jobs = [await rig.add({ name: 'a' }), await rig.add({ name: 'b' }), await rig.add({ name: 'c' })];
    await until(() => system.submits === 3 && system.looks > 6);
    system.succeed();

    for (const job of jobs) expect(await rig.reaches(job, 'completed')).toMatchObject({ attemptsMade: 1 });

    expect(system.submits).toBe(3);
    for (const line of await rig.logs(jobs[0] as never)) expect(line).not.toMatch(/released|reconnected/);
  });

  test('a webhook wakes a released job', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job({ pollInterval: '1h' }), { wait: { mode: 'release', holdFor: 1 } }));
    const job = await rig.add({ name: 'a' });
    await rig.reaches(job, 'delayed');
    expect(await rig.redis.exists(`${job.queueQualifiedName}:${job.id}:lock`)).toBe(0);
    system.succeed('job-1');
    const { callbackToken } = system.jobs[0]!;

    expect(await wake(rig.queue, callbackToken)).toEqual({ woke: true, how: 'promoted' });
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(await wake(rig.queue, callbackToken)).toEqual({ woke: false, why: 'finished' });
  });

  test('an error that no retry mends ends the job, another one is tried again', async () => {
    rig = createRig(server.port, versions);
    const calls = { ambiguous: 0, failing: 0 };
    const system = externalSystem();
    system.beforeReply = () => Promise.reject(new Error('connection reset'));
    rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        calls.ambiguous += 1;
        return ctx.run(system.job({ submitTimeout: '300ms' }), job.data);
      }),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 5 });
    const { failedReason } = await rig.reaches(job, 'failed');

    expect(failedReason).toContain('may or may not have reached the external system');
    expect(failedReason).toContain(`mooring adopt --retry bull%3A`);
    expect(calls.ambiguous).toBe(2);
    expect(system.submits).toBe(1);
    const scopes: unknown[] = [];
    for await (const { scope } of jobRecords(rig.store).list({ state: 'ambiguous' })) scopes.push(scope);
    expect(scopes).toEqual([{ flow: job.queueQualifiedName, run: `${job.id}@${job.timestamp}`, task: 'task' }]);
  });
});
