import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Worker, WorkerOptions } from 'bullmq';
import { fileURLToPath } from 'node:url';
import { attemptFacts } from '../../../adapters/bullmq/attempt/scope.ts';
import { attach, cancelJob, wake } from '../../../adapters/bullmq/index.ts';
import { ensureBuilt } from '../../../scripts/build.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { createStateStore } from '../../../src/index.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { until } from '../../support/until.ts';
import { BOTH_MAJORS, createRig, type Rig, type TestJob, type Versions } from './rig.ts';
import { servedSystem, type ServedSystem } from './served-system.ts';

/** A processor in a file of its own, that imports the package as a user does. */

const FILE = fileURLToPath(new URL('processes/processor.mjs', import.meta.url));
const KINDS = BOTH_MAJORS.flatMap((versions) => [
  { ...versions, where: 'a process', useWorkerThreads: false },
  { ...versions, where: 'a thread', useWorkerThreads: true },
]);

let server: RedisServer;
let rig: Rig;
let system: ServedSystem;
beforeAll(async () => {
  await ensureBuilt();
  server = await startRedis();
});
afterAll(() => server.stop());
afterEach(async () => {
  await rig.close();
  await system.close();
});

function sandboxOptions(): Partial<WorkerOptions> {
  const env = { ...process.env, MOORING_TEST_REDIS_PORT: String(server.port) };
  return { lockDuration: 5_000, workerForkOptions: { env, execArgv: [] }, workerThreadsOptions: { env, execArgv: [] } };
}

async function start(versions: Versions, options: Partial<WorkerOptions>): Promise<Worker> {
  rig = createRig(server.port, versions);
  system = await servedSystem();
  return rig.work(FILE, { ...sandboxOptions(), ...options });
}

describe.each(KINDS)('bullmq $bullmq in $where', ({ where: _where, useWorkerThreads, ...versions }) => {
  test('the result of the one external job is the job’s', async () => {
    await start(versions, { useWorkerThreads });
    const job = await rig.add({ system: system.url });
    await until(() => system.looks > 3);
    system.succeed();

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.submits).toBe(1);
    expect((await rig.logs(job)).join('\n')).toContain('mooring: ');
  });

  test('a callback that comes during a poll, before the release, is followed by another poll', async () => {
    rig = createRig(server.port, versions);
    const store = createStateStore({ metastore: redisMetastore({ client: rig.redis }) });
    const outcomes: unknown[] = [];
    let polled = false;
    system = await servedSystem({
      async getStatus() {
        if (polled) return { state: 'succeeded' };
        // The callback may bring the next poll before this one is over.
        polled = true;
        const [job] = await rig.queue.getActive();
        outcomes.push(await wake(rig.queue, attemptFacts(job as unknown as TestJob).callbackToken, { store }));
        return { state: 'active' };
      },
    });
    rig.work(FILE, { ...sandboxOptions(), useWorkerThreads });
    const job = await rig.add({ system: system.url, release: true, pollInterval: '1h' });

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(outcomes).toEqual([{ woke: true, how: 'noted' }]);
  });

  test('a released job comes back, with no attempt used up', async () => {
    await start(versions, { useWorkerThreads });
    const job = await rig.add({ system: system.url, release: true });
    await until(async () => (await rig.read(job)).attemptsStarted > 2);
    system.succeed();

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', attemptsMade: 1 });
    expect(system.submits).toBe(1);
  });

  test('an error that no retry mends ends the job', async () => {
    await start(versions, { useWorkerThreads });
    const job = await rig.add({ system: system.url }, { attempts: 5 });
    await until(() => system.looks > 0);
    system.end('job-1', { state: 'failed', reason: 'broken', retryable: false });

    expect(await rig.reaches(job, 'failed')).toMatchObject({ attemptsMade: 1 });
  });

  test('a job on hold hears within a heartbeat that somebody cancelled it', async () => {
    await start(versions, { useWorkerThreads });
    const job = await rig.add({ system: system.url }, { attempts: 3 });
    await until(() => system.looks > 1);
    const store = createStateStore({ metastore: redisMetastore({ client: rig.redis }) });
    await cancelJob(rig.queue, job.id as string, { store, reason: 'not wanted' });

    expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not wanted', attemptsMade: 1 });
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('the last failure cancels the external job, if asked to', async () => {
    await start(versions, { useWorkerThreads });
    const job = await rig.add({ system: system.url, fails: true }, { attempts: 2 });
    await rig.reaches(job, 'failed');

    expect(system.submits).toBe(1);
    expect(system.cancelled).toEqual(['job-1 gave-up']);
  });

  test('a second attempt reconnects by the state of the first', async () => {
    const worker = await start(versions, { useWorkerThreads });
    const job = await rig.add({ system: system.url }, { attempts: 2 });
    await until(() => system.looks > 1);
    await killSandbox(worker);
    await until(async () => (await rig.read(job)).attemptsStarted === 2);
    system.succeed();

    expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', attemptsMade: 2 });
    expect(system.submits).toBe(1);
  });
});

test('a job that is cancelled cancels the external job, where BullMQ tells a sandbox (5.70 and later)', async () => {
  const worker = await start({ bullmq: '6', ioredis: '6' }, {});
  const job = await rig.add({ system: system.url }, { attempts: 3 });
  await until(() => system.looks > 1);
  worker.cancelJob(job.id as string, 'not needed any more');

  expect(await rig.reaches(job, 'failed')).toMatchObject({ failedReason: 'not needed any more', attemptsMade: 1 });
  expect(system.cancelled).toEqual(['job-1 requested']);
});

test('an attached worker that closes hands its job back, where BullMQ tells a sandbox (5.70 and later)', async () => {
  const worker = await start({ bullmq: '6', ioredis: '6' }, {});
  attach(worker);
  const job = await rig.add({ system: system.url });
  await until(() => system.looks > 1);
  await worker.close();
  expect(await rig.read(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
  expect(system.cancelled).toEqual([]);
  rig.work(FILE, sandboxOptions());
  system.succeed();

  expect(await rig.reaches(job, 'completed')).toMatchObject({ returnvalue: 'result of job-1', attemptsMade: 1 });
  expect(system.submits).toBe(1);
});

/** Kills the process, or the thread, that runs the worker's processor. */
async function killSandbox(worker: unknown): Promise<void> {
  const { childPool } = worker as { childPool: { retained: Record<string, { kill(signal: string): Promise<unknown> }> } };
  for (const child of Object.values(childPool.retained)) await child.kill('SIGKILL');
}
