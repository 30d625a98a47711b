import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { attach, resumableProcessor, withState } from '../../../adapters/bullmq/index.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { createStateStore, isMooringError, jobRecords } from '../../../src/index.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, rounds, type Rig, type TestJob } from './rig.ts';

/** What goes wrong in a worker's life, with both majors of BullMQ: each by the number that `docs/bullmq.md` gives it. */

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

describe.each(rounds(BOTH_MAJORS))('bullmq $bullmq, round $round', (versions) => {
  afterEach(() => rig.close());

  test('pitfall 4: a retry that resets attemptsStarted is the rightful attempt', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 2);
    system.end('job-1', { state: 'failed', reason: 'broken' });
    const failed = await rig.reaches(job, 'failed');
    await failed.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true });
    await until(() => system.submits === 2);
    system.succeed('job-2');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-2');
  });

  test('pitfall 4: a run that lost the job before it first used state cannot take it from the rightful one', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    let late: unknown;
    const processor = withState(rig.store, async (job: TestJob, ctx) => {
      calls += 1;
      if (calls > 1) return ctx.run(system.job(), job.data);
      await rig.dropLock(job as never);
      await until(() => system.looks > 2);
      late = await ctx.state.set('cursor', 1).catch((error: unknown) => error);
      throw late;
    });
    for (let worker = 0; worker < 2; worker += 1) rig.work(processor, { maxStalledCount: 5 });
    const job = await rig.add({ name: 'a' });
    await until(() => late !== undefined);
    const { looks } = system;
    await until(() => system.looks > looks + 2);
    system.succeed('job-1');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', attemptsStarted: 2 });
    expect(late).toMatchObject({ code: 'mooring.stale-attempt' });
  });

  test('pitfall 5: a job that uses the ID of an obliterated one again starts with nothing', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const old = await rig.add({ name: 'old' });
    await until(() => system.submits === 1);
    system.succeed('job-1');
    await rig.reaches(old, 'completed');
    await rig.queue.obliterate();
    const again = await rig.add({ name: 'new' });
    await until(() => system.submits === 2);
    system.succeed('job-2');

    expect(again.id).toBe(old.id);
    expect((await rig.reaches(again, 'completed')).returnvalue).toBe('result of job-2');
  });

  test('pitfall 6: a result that BullMQ cannot store costs a retry, not a second submission', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        calls += 1;
        const result = await ctx.run(system.job(), job.data);
        return calls === 1 ? { result: 10n } : result;
      }),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 2 });
    await until(() => system.submits === 1);
    system.succeed('job-1');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', attemptsMade: 2 });
    expect(system.submits).toBe(1);
  });

  test('pitfall 6: a lock lost at the completion costs another run, not a second submission', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        calls += 1;
        const result = await ctx.run(system.job(), job.data);
        if (calls === 1) await rig.dropLock(job as never);
        return result;
      }),
      { maxStalledCount: 5 },
    );
    const job = await rig.add({ name: 'a' });
    await until(() => system.submits === 1);
    system.succeed('job-1');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(calls).toBe(2);
    expect(system.submits).toBe(1);
  });

  test('pitfall 7: a failed attempt keeps its state for the next one', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const seen: (number | undefined)[] = [];
    rig.work(
      withState<TestJob, string, { cursor: number }>(rig.store, async (job, ctx) => {
        seen.push(await ctx.state.get('cursor'));
        await ctx.state.set('cursor', seen.length);
        const id = await ctx.submit(system.job(), job.data);
        if (seen.length < 3) throw new Error('not yet');
        return id;
      }),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 3 });

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('job-1');
    expect(seen).toEqual([undefined, 1, 2]);
  });

  test('pitfalls 8, 10: state outlives its job until it ends by itself', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' }, { removeOnComplete: true });
    await until(() => system.looks > 2);
    const { queue } = rig;
    if ('removeOrphanedJobs' in queue) await queue.removeOrphanedJobs();
    expect(await jobRecords(rig.store).get(scopeOf(job))).toMatchObject({ state: 'submitted', externalId: 'job-1' });
    system.succeed('job-1');
    await until(async () => (await rig.queue.getJob(job.id as string)) === undefined);

    for (const key of await rig.stateKeys()) {
      expect(key.startsWith('mooring:{')).toBe(true);
      if (key.includes('@')) expect(await rig.redis.pttl(key)).toBeGreaterThan(0);
    }
  });

  test('pitfall 11: a lock that lapsed during the submit does not cost the ID', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem();
    let job: TestJob | undefined;
    system.beforeReply = () => rig.dropLock(job as never);
    const processor = resumableProcessor(rig.store, system.job(), { heartbeat: '200ms' });
    const spied = async (each: TestJob, token?: string, signal?: AbortSignal): Promise<unknown> => {
      job = each;
      return processor(each, token, signal);
    };
    rig.work(Object.defineProperty(spied, 'length', { value: 3 }), { maxStalledCount: 5 });
    const added = await rig.add({ name: 'a' });
    await until(async () => (await rig.read(added)).attemptsStarted === 2);
    system.succeed('job-1');

    expect((await rig.reaches(added, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.submits).toBe(1);
  });

  test('pitfalls 13, 15, 16: a run that lost its lock leaves its job to the next run', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        calls += 1;
        if (calls > 1) return ctx.run(system.job(), job.data);
        const id = await ctx.submit(system.job(), job.data);
        await rig.dropLock(job as never);
        // A pause that nothing of ours can shorten: the worker takes the job up again meanwhile.
        await until(() => calls === 2);
        return id;
      }),
      { concurrency: 2, maxStalledCount: 1 },
    );
    const job = await rig.add({ name: 'a' });
    await until(() => calls === 2);
    // Longer than a lock lives: the second run's is renewed by nobody but its own heartbeat.
    const end = Date.now() + 2_500;
    await until(() => Date.now() > end);
    system.succeed('job-1');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', stalledCounter: 1 });
    expect(calls).toBe(2);
    expect(system.submits).toBe(1);
    expect(system.cancelled).toEqual([]);
  });

  test('pitfall 16: the earlier of two runs in one worker stops as soon as the later one begins', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const reasons: unknown[] = [];
    let calls = 0;
    rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          calls += 1;
          if (calls > 1) return ctx.run(system.job(), job.data);
          await ctx.state.set('cursor', 1);
          await rig.dropLock(job as never);
          return ctx.run(system.job(), job.data).finally(() => reasons.push(ctx.signal.reason));
        },
        { heartbeat: '1h' },
      ),
      { concurrency: 2, maxStalledCount: 5, lockRenewTime: 3_600_000, lockDuration: 3_000 },
    );
    const job = await rig.add({ name: 'a' });
    await until(() => reasons.length > 0);
    system.succeed('job-1');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(reasons).toEqual([expect.objectContaining({ code: 'mooring.stale-attempt' })]);
    expect(system.submits).toBe(1);
  });

  test('pitfall 14: an external job that failed is submitted again by the next attempt, under another key', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' }, { attempts: 2 });
    await until(() => system.looks > 2);
    system.end('job-1', { state: 'failed', reason: 'broken' });
    await until(() => system.submits === 2);
    system.succeed('job-2');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-2', attemptsMade: 2 });
    expect(system.jobs).toHaveLength(2);
  });

  test('pitfall 14: one that says it cannot succeed ends the job', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' }, { attempts: 5 });
    await until(() => system.looks > 2);
    system.end('job-1', { state: 'failed', reason: 'broken', retryable: false });

    expect(await rig.reaches(job, 'failed')).toMatchObject({ attemptsMade: 1 });
    expect(system.submits).toBe(1);
  });

  test('pitfall 21: a worker that closes during a submit waits for the ID', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem();
    let reply = (): void => undefined;
    system.beforeReply = () => new Promise<void>((resolve) => (reply = resolve));
    const first = rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' });
    await until(() => system.submits === 1);
    const closed = first.close();
    reply();
    await closed;
    expect(await jobRecords(rig.store).get(scopeOf(job))).toMatchObject({ state: 'submitted', externalId: 'job-1' });
    rig.work(resumableProcessor(rig.store, system.job()));
    system.succeed('job-1');

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', attemptsMade: 1 });
    expect(system.submits).toBe(1);
  });

  test('pitfall 21: a job that a closing worker still picks up is handed back before its processor runs', async () => {
    rig = createRig(server.port, versions);
    const calls: string[] = [];
    const worker = rig.work(
      withState(rig.store, async (job: TestJob) => {
        calls.push(job.data.name);
      }),
    );
    worker.on('active', () => void worker.close());
    const job = await rig.add({ name: 'a' });
    await until(async () => (await rig.read(job)).attemptsStarted === 1);
    await worker.close();

    expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    expect(calls).toEqual([]);
  });

  test('pitfall 17: a release that BullMQ refuses is a lost job: nobody else’s lock is touched', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          calls += 1;
          if (calls === 1) {
            await ctx.submit(system.job({ pollInterval: '200ms' }), job.data);
            await rig.redis.set(`${job.queueQualifiedName}:${job.id}:lock`, 'somebody else');
          }
          return ctx.run(system.job({ pollInterval: '200ms' }), job.data);
        },
        { wait: { mode: 'release', holdFor: 1 }, heartbeat: '1h' },
      ),
      { maxStalledCount: 5, lockRenewTime: 3_600_000 },
    );
    const job = await rig.add({ name: 'a' });
    await until(() => rig.errors.length > 0);
    const lock = `${job.queueQualifiedName}:${job.id}:lock`;
    expect(await rig.redis.get(lock)).toBe('somebody else');
    await rig.redis.del(lock);
    system.succeed('job-1');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(rig.errors.join()).toMatch(/[Ll]ock/);
  });

  test('pitfall 20: after a failure by stalling, whose processor is never called, the external job is cancelled', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const processor = resumableProcessor(rig.store, system.job(), { onFinalFailure: 'cancel' });
    const dying = rig.work(processor, { lockRenewTime: 3_600_000 });
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 2);
    await dying.close(true);
    await rig.dropLock(job);
    const next = rig.work(processor, { maxStalledCount: 0 });
    attach(next);

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: expect.stringContaining('stalled') });
    await until(() => system.cancelled.length > 0);
    expect(system.cancelled).toEqual(['job-1 gave-up']);
    await until(async () =>
      (await rig.logs(job)).some((line) => /external job "job-1" after the final failure: cancelled/.test(line)),
    );
  });

  test('only a final failure cancels the external jobs of the task with those of its items, if asked to', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          await ctx.submit(system.job(), job.data);

          await ctx.item('x').submit(system.job(), { name: 'x' });
          if (ctx.attempt === 1) throw new Error('not yet');

          expect(system.cancelled).toEqual([]);

          throw new Error('given up');
        },
        { onFinalFailure: 'cancel' },
      ),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 2 });
    await rig.reaches(job, 'failed');
    await until(() => system.cancelled.length === 2);

    expect(system.cancelled).toEqual(['job-1 gave-up', 'job-2 gave-up']);
  });

  test('a final failure leaves the external job alone unless asked to cancel it', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        calls += 1;
        if (calls > 1) return ctx.run(system.job(), job.data);
        await ctx.submit(system.job(), job.data);
        throw new Error('given up');
      }),
    );
    const job = await rig.add({ name: 'a' });
    await (await rig.reaches(job, 'failed')).retry();
    system.succeed('job-1');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.cancelled).toEqual([]);
    expect(system.submits).toBe(1);
  });

  test('pitfall 22: a state store that does not answer delays the job, with no attempt used', async () => {
    rig = createRig(server.port, versions);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const other = await startRedis();
    const state = rig.redis.duplicate({ port: other.port } as never);
    const store = createStateStore({ metastore: redisMetastore({ client: state }), commandTimeout: '300ms' });
    const system = externalSystem({ kind: 'keyed' });

    try {
      rig.work(resumableProcessor(store, system.job()));
      const warm = await rig.add({ name: 'warm' });
      await until(() => system.submits === 1);
      system.succeed('job-1');
      await rig.reaches(warm, 'completed');
      await state.call('CLIENT', 'PAUSE', '1500');
      const job = await rig.add({ name: 'a' });

      await rig.reaches(job, 'delayed');
      expect((await rig.logs(job)).join()).toMatch(/handed back, since the state store is away: .*redis/i);

      await until(() => system.submits === 2);
      system.succeed('job-2');
      expect(await rig.reaches(job, 'completed')).toMatchObject({ attemptsMade: 1 });
    } finally {
      warn.mockRestore();
      await store.close();
      state.disconnect();
      await other.stop();
    }
  });

  test('pitfall 23: the retention is shortened before store.close() resolves', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(resumableProcessor(rig.store, system.job(), { clearAfterSuccess: '1h' }));
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 2);
    const completed = new Promise((resolve) => worker.on('completed', resolve));
    system.succeed('job-1');
    await completed;
    await worker.close();
    await rig.store.close();
    const [key] = (await rig.stateKeys()).filter((each) => each.includes(encodeURIComponent(`${job.id}@`)));

    // Tombstones and late copies of writes need two hours; the default would be 30 days.
    expect(await rig.redis.pttl(key as string)).toBeLessThanOrEqual(2 * 3_600_000);
  });

  test('pitfall 24: a retry of a completed job returns its result until clear()', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job()));
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 2);
    system.succeed('job-1');
    await (await rig.reaches(job, 'completed')).retry('completed');
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.submits).toBe(1);

    await rig.store.task(scopeOf(job)).clear();
    await (await rig.read(job)).retry('completed');
    await until(() => system.submits === 2);
    system.succeed('job-2');
    await until(async () => (await rig.read(job)).returnvalue === 'result of job-2');
    expect(system.jobs).toHaveLength(2);
  });

  test('release holds instead where it would put the job at risk', async () => {
    rig = createRig(server.port, versions);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job(), { wait: { mode: 'release', holdFor: 1 } }), { maxStartedAttempts: 2 });
    const jobs = [await rig.add({ name: 'a' }), await rig.add({ name: 'b' }, { deduplication: { id: 'b', replace: true } })];
    await until(() => system.looks > 5);
    system.succeed('job-1');
    await rig.reaches(jobs[0] as never, 'completed');
    await until(() => system.submits === 2);
    const { looks } = system;
    await until(() => system.looks > looks + 5);
    system.succeed('job-2');

    expect((await rig.reaches(jobs[1] as never, 'completed')).attemptsStarted).toBe(1);
    const warnings = warn.mock.calls.map(([text]) => String(text));
    warn.mockRestore();
    expect(warnings.filter((text) => text.includes('maxStartedAttempts'))).toHaveLength(1);
    expect(warnings.filter((text) => text.includes('replace'))).toHaveLength(1);
  });

  test('a dashboard has the state of the external job with its link, if asked to', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    system.progress = { done: 1 };
    const transcode = system.job({ name: 'transcode', describe: (id) => ({ url: `https://farm.example/${id}` }) });
    rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          await job.updateProgress({ mine: true });
          return ctx.run(transcode, job.data);
        },
        { reportProgress: true },
      ),
    );
    const job = await rig.add({ name: 'a' });
    const shown = async (): Promise<unknown> => JSON.stringify((await rig.read(job)).progress);
    await until(async () => String(await shown()).includes('"done":1'));
    system.progress = { done: 2 };
    await until(async () => String(await shown()).includes('"done":2'));
    system.succeed('job-1');

    const entry = { state: 'succeeded', externalId: 'job-1', url: 'https://farm.example/job-1' };
    expect((await rig.reaches(job, 'completed')).progress).toEqual({ mine: true, transcode: entry });
    expect((await rig.logs(job)).join('\n')).toMatch(
      /Z mooring: the external ID is recorded .*url=https:\/\/farm\.example\/job-1/,
    );
  });

  test('a processor whose catch swallows the closing is handed back with a warning', async () => {
    rig = createRig(server.port, versions);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(
      withState(rig.store, (job: TestJob, ctx) =>
        ctx.run(system.job(), job.data).catch((error: unknown) => String(isMooringError(error))),
      ),
    );
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 2);
    await worker.close();

    expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    expect(warn.mock.calls.map(([text]) => String(text)).join()).toContain('isSuspension(error)');
    expect((await rig.logs(job)).join()).toContain('isSuspension(error)');
    warn.mockRestore();
  });
});

function scopeOf(job: { queueQualifiedName: string; id?: string; timestamp: number; name: string }) {
  return { flow: job.queueQualifiedName, run: `${job.id}@${job.timestamp}`, task: job.name };
}
