import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { Job } from 'bullmq';
import { resumableProcessor, withState } from '../../../adapters/bullmq/index.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { externalJob, isMooringError } from '../../../src/index.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, type Rig, type TestJob } from './rig.ts';

/** Attempts that end on purpose, or in the middle of something, with both majors of BullMQ. */

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** Waits as an HTTP client does that answers an abort with an error of its own, which names no cause. */
function clientCall(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(Object.assign(new Error('canceled'), { name: 'CanceledError' })));
  });
}

describe.each(BOTH_MAJORS)('bullmq $bullmq', (versions) => {
  afterEach(() => rig.close());

  test('whatever a processor rejects with once its worker closes is the hand-back', async () => {
    rig = createRig(server.port, versions);
    let waits = false;
    const worker = rig.work(
      withState(rig.store, async (_job: TestJob, ctx) => {
        await ctx.state.set('step', 1);
        waits = true;
        return clientCall(ctx.signal);
      }),
    );
    const job = await rig.add({ name: 'a' });
    await until(() => waits);
    await worker.close();

    expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
  });

  test('whatever a processor rejects with once its job was cancelled is the cancellation, which is not retried', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let waits = false;
    const worker = rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        await ctx.submit(system.job(), job.data);
        waits = true;
        return clientCall(ctx.signal);
      }),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => waits);
    worker.cancelJob(job.id as string, 'not wanted');

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsMade: 1 });
    expect(system.cancelled).toEqual(['job-1 requested']);
    expect(system.submits).toBe(1);
  });

  test.each(['any', 'allSettled'] as const)('runs that are awaited with Promise.%s are released together', async (how) => {
    rig = createRig(server.port, versions);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const system = externalSystem({ kind: 'keyed' });
    rig.work(
      withState(
        rig.store,
        async (_job: TestJob, ctx) => {
          const runs = ['x', 'y'].map((name) => ctx.item(name).run(system.job({ pollInterval: '1h' }), { name }));
          await (how === 'any' ? Promise.any(runs) : Promise.allSettled(runs));
        },
        { wait: { mode: 'release', holdFor: 0 } },
      ),
    );
    const job = await rig.add({ name: 'a' });

    expect(await rig.reaches(job, 'delayed')).toMatchObject({ attemptsMade: 0 });
    expect(warn.mock.calls.filter(([text]) => String(text).includes('isSuspension'))).toHaveLength(how === 'any' ? 0 : 1);
    warn.mockRestore();
  });

  test('a failure that was written down costs an attempt, although the worker closes before the processor is done', async () => {
    rig = createRig(server.port, versions);
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
    const system = externalSystem({ kind: 'keyed' });
    let failed = false;
    const worker = rig.work(
      withState(rig.store, async (_job: TestJob, ctx) => {
        const broken = ctx.item('x').run(system.job(), { name: 'x' });
        const held = ctx.item('y').run(system.job(), { name: 'y' });
        await until(() => system.submits === 2);
        system.end('job-1', { state: 'failed', reason: 'broken' });
        await broken.catch(() => (failed = true));
        await Promise.allSettled([held]);
      }),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 3, backoff: 3_600_000 });
    await until(() => failed);
    await worker.close();

    expect(await rig.read(job)).toMatchObject({ state: 'delayed', attemptsMade: 1 });
    expect((await rig.read(job)).failedReason).toContain('broken');
    warn.mockRestore();
  });

  test.each(['before', 'after'])('a program that cancels all jobs %s it closes the worker hands them back', async (when) => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let closed = (): void => undefined;
    const cleanUp = new Promise<void>((resolve) => (closed = resolve));
    const worker = rig.work(
      withState(rig.store, async (job: TestJob, ctx) => {
        try {
          return await ctx.run(system.job(), job.data);
        } finally {
          await cleanUp;
        }
      }),
    );
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks > 2);
    if (when === 'before') worker.cancelAllJobs('System shutdown');
    const closing = worker.close();
    if (when === 'after') {
      await new Promise(setImmediate);
      worker.cancelAllJobs('System shutdown');
    }
    await new Promise(setImmediate);
    closed();
    await closing;

    expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    expect(system.cancelled).toEqual([]);
  });

  test('a job that is cancelled while it is being released comes back at once to fail with the reason', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let release = (): void => undefined;
    let moving = false;
    const cancelled = new Promise<void>((resolve) => (release = resolve));
    const inner = resumableProcessor(rig.store, system.job({ pollInterval: '1h' }), { wait: { mode: 'release', holdFor: 0 } });
    const worker = rig.work(async (job: Job<{ name: string }>, token?: string, signal?: AbortSignal) => {
      const move = job.moveToDelayed.bind(job);
      job.moveToDelayed = async (...given) => {
        moving = true;
        await cancelled;
        return move(...given);
      };
      return inner(job, token, signal);
    });
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => moving);
    expect(worker.cancelJob(job.id as string, 'not wanted')).toBe(true);
    await new Promise(setImmediate);
    release();

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsStarted: 2 });
    expect(system.cancelled).toEqual(['job-1 requested']);
    expect(system.submits).toBe(1);
  });

  test.each([
    ['a rate limit', async () => Object.assign(new Error('bullmq:rateLimitExceeded'), { name: 'RateLimitError' })],
    [
      'a delay of its own',
      async (job: TestJob, token?: string) => {
        await job.moveToDelayed(Date.now() + 100, token);
        return Object.assign(new Error('later'), { name: 'DelayedError' });
      },
    ],
    ['a failure', async () => new Error('HTTP 503')],
  ] as const)('a first attempt that ends with %s before it used state is no sign of lost state', async (_end, end) => {
    rig = createRig(server.port, versions);
    const plain = externalJob({ submit: async () => 'id', getStatus: async () => ({ state: 'succeeded' }) });
    let calls = 0;
    const worker = rig.work(
      withState(rig.store, async (job: TestJob, ctx, token) => {
        if ((calls += 1) === 1) {
          if (_end === 'a rate limit') await rateLimit(worker);
          throw await end(job, token);
        }
        await ctx.run(plain, undefined);
        return calls;
      }),
    );
    const job = await rig.add({ name: 'a' }, { attempts: 2 });

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe(2);
  });

  test('a first attempt that a closing worker hands back before it began is no sign of lost state', async () => {
    rig = createRig(server.port, versions);
    const plain = externalJob({ submit: async () => 'id', getStatus: async () => ({ state: 'succeeded' }) });
    const processor = resumableProcessor(rig.store, plain);
    const closing = rig.work(processor);
    closing.on('active', () => void closing.close());
    const job = await rig.add({ name: 'a' });
    await until(async () => (await rig.read(job)).attemptsStarted === 1);
    await closing.close();
    rig.work(processor);

    expect(await rig.reaches(job, 'completed')).toMatchObject({ attemptsStarted: 2 });
  });

  test('jobs that share a scope each submit a job of their own', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const seen: unknown[] = [];
    const worker = rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          seen.push(await ctx.state.get('cursor'));
          await ctx.state.set('cursor', job.data.name);
          return ctx.run(system.job(), job.data);
        },
        { scope: () => ({ flow: 'reports', run: 'customer-7', task: 'daily' }) },
      ),
    );
    for (const [at, name] of ['mon', 'tue'].entries()) {
      const job = await rig.add({ name });
      await until(() => system.submits === at + 1);
      system.succeed(`job-${at + 1}`);
      expect((await rig.reaches(job, 'completed')).returnvalue).toBe(`result of job-${at + 1}`);
    }
    await worker.close();
    await rig.store.close();
    const [key] = (await rig.stateKeys()).filter((each) => each.includes('customer-7'));

    expect(seen).toEqual([undefined, 'mon']);
    expect(await rig.redis.pttl(key as string)).toBeGreaterThan(28 * 86_400_000);
  });

  test('a run that lost its job cancels nothing in its last attempt, whatever it rejects with', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    let calls = 0;
    let lost = false;
    rig.work(
      withState(
        rig.store,
        async (job: TestJob, ctx) => {
          calls += 1;
          if (calls > 1) return ctx.run(system.job(), job.data);
          await ctx.submit(system.job(), job.data);
          await rig.dropLock(job as never);
          return clientCall(ctx.signal).finally(() => (lost = true));
        },
        { onFinalFailure: 'cancel' },
      ),
      { concurrency: 2, maxStalledCount: 5 },
    );
    const job = await rig.add({ name: 'a' });
    await until(() => lost && calls === 2);
    system.succeed('job-1');

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.cancelled).toEqual([]);
  });

  test('an error that ends the job keeps its code, its scope and its key', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    const worker = rig.work(resumableProcessor(rig.store, system.job()));
    const failed = new Promise<Error>((resolve) => worker.on('failed', (_job, error) => resolve(error)));
    const job = await rig.add({ name: 'a' }, { attempts: 3 });
    await until(() => system.looks > 2);
    system.end('job-1', { state: 'failed', reason: 'broken', retryable: false });
    const error = await failed;

    expect(error).toMatchObject({
      name: 'UnrecoverableError',
      code: 'mooring.external-job-failed',
      externalId: 'job-1',
      scope: { run: `${job.id}@${job.timestamp}` },
      key: 'external_job_id',
    });
    expect(isMooringError(error)).toBe(true);
    expect(error.cause).toMatchObject({ name: 'ExternalJobFailedError' });
  });
});

/** BullMQ's own, in the words of its major. */
async function rateLimit(worker: unknown): Promise<void> {
  await (worker as { rateLimit(ms: number): Promise<void> }).rateLimit(100);
}
