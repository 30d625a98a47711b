import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import type { Job } from 'bullmq';
import { resumableProcessor, wake, type Wake } from '../../../adapters/bullmq/index.ts';
import { attemptFacts } from '../../../adapters/bullmq/attempt/scope.ts';
import { requestsFor } from '../../../adapters/bullmq/requests.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import type { ExternalJob } from '../../../src/index.ts';
import { startCallbackServer } from '../../support/callback-server.ts';
import { until } from '../../support/until.ts';
import { externalSystem, type ExternalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, rounds, type Rig, type TestJob } from './rig.ts';
import { startWaker, type Waker } from './waker.ts';

/**
 * A callback of the external system, at every moment. Jobs are polled once an hour here, so nothing but the callback can end one
 * within the test.
 */

let server: RedisServer;
let waker: Waker;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
  waker = await startWaker(server.port);
});
afterAll(async () => {
  waker.stop();
  await server.stop();
});

/** Where the callback arrives, and whether what it meets waits for it. */
const ARRIVALS = [
  { where: 'the process of the worker', waits: true },
  { where: 'the process of the worker', waits: false },
  { where: 'another process', waits: true },
  { where: 'another process', waits: false },
] as const;
const WAITS = [
  { mode: 'hold', heartbeat: '100ms' },
  { mode: 'release', heartbeat: '1h' },
] as const;
const CASES = rounds(BOTH_MAJORS).flatMap((versions) =>
  ARRIVALS.flatMap((arrival) => WAITS.map((wait) => ({ ...versions, ...arrival, ...wait }))),
);
type Case = (typeof CASES)[number];
/** What a callback may say it did: the attempt may have ended the job before `wake()` looks where it is. */
const OUTCOMES: Wake[] = [
  { woke: true, how: 'noted' },
  { woke: true, how: 'promoted' },
  { woke: false, why: 'finished' },
  // It was noted by the attempt that polled, which handed the job back before `wake()` looked: the next attempt polls at once.
  { woke: false, why: 'queued' },
];
/** Nothing but a callback ends such a job within a test. */
const SELDOM = { pollInterval: '1h', submitTimeout: '20s' } as const;
/** No stall on a machine that is busy. */
const PATIENT = { lockDuration: 30_000, stalledInterval: 30_000 };

/** A system that ends its only job and calls back, once. */
function callingBack({ where, waits, bullmq, ioredis }: Case): {
  system: ExternalSystem;
  told: Promise<Wake>;
  endJob(): Promise<void>;
} {
  const system = externalSystem({ kind: 'keyed' });
  let hear = (_outcome: Promise<Wake>): void => undefined;
  const told = new Promise<Wake>((resolve) => (hear = resolve));
  let ended = false;
  const arrive = (token: string): Promise<Wake> => {
    if (where === 'another process') return waker.wake(rig, { bullmq, ioredis }, token);
    return wake(rig.queue, token, { store: rig.store });
  };
  return {
    system,
    told,
    async endJob() {
      if (ended) return;
      ended = true;
      system.succeed('job-1');
      const outcome = arrive(String(system.jobs[0]?.callbackToken));
      hear(outcome);
      if (waits) await outcome;
    },
  };
}

function processorFor({ mode, heartbeat }: Case, job: ExternalJob<unknown, string, unknown>) {
  return resumableProcessor(rig.store, job, { wait: mode === 'hold' ? { mode } : { mode, holdFor: 0 }, heartbeat });
}

describe.each(CASES)('bullmq $bullmq, round $round: in $mode mode, a callback to $where (that is waited for: $waits)', (each) => {
  afterEach(() => rig.close());

  test('that comes before submit has returned ends the job', async () => {
    rig = createRig(server.port, each);
    const { system, told, endJob } = callingBack(each);
    system.beforeReply = endJob;
    rig.work(processorFor(each, system.job(SELDOM)), PATIENT);
    const job = await rig.add({ name: 'a' });

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(OUTCOMES).toContainEqual(await told);
    expect(system.submits).toBe(1);
  });

  test('that comes during a poll ends the job', async () => {
    rig = createRig(server.port, each);
    const { system, told, endJob } = callingBack(each);
    const { getStatus, ...others } = system.job(SELDOM);
    const poll: typeof getStatus = async (id, context) => {
      const status = await getStatus(id, context);
      await endJob();
      return status;
    };
    rig.work(processorFor(each, { ...others, getStatus: poll }), PATIENT);
    const job = await rig.add({ name: 'a' });

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(OUTCOMES).toContainEqual(await told);
    expect(system.submits).toBe(1);
  });
});

describe.each(CASES.filter(({ mode }) => mode === 'release'))(
  'bullmq $bullmq, round $round: a callback to $where (that is waited for: $waits)',
  (each) => {
    afterEach(() => rig.close());

    /** Works, and does something just before or just after the job is moved to the delayed set. */
    const workAround = (move: 'before' | 'after', job: ExternalJob<unknown, string, unknown>, act: () => Promise<void>): void => {
      const inner = processorFor(each, job);
      rig.work(async (task: TestJob, token?: string, signal?: AbortSignal) => {
        const moveToDelayed = task.moveToDelayed.bind(task);
        task.moveToDelayed = async (...given) => {
          if (move === 'before') await act();
          await moveToDelayed(...given);
          if (move === 'after') await act();
        };
        return inner(task, token, signal);
      }, PATIENT);
    };

    test.each(['before', 'after'] as const)('that comes just %s the release brings the job back', async (moment) => {
      rig = createRig(server.port, each);
      const { system, told, endJob } = callingBack(each);
      workAround(moment, system.job(SELDOM), endJob);
      const job = await rig.add({ name: 'a' });

      expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
      expect(OUTCOMES).toContainEqual(await told);
      expect(system.submits).toBe(1);
    });
  },
);

/** The token of a job that nobody has worked on, or of another one with its ID. */
function tokenOf({ id = '', queueQualifiedName }: Job, timestamp: number): string {
  const job = { id, queueQualifiedName, timestamp, attemptsMade: 0 } as TestJob;
  return attemptFacts(job).callbackToken;
}

describe.each(rounds(BOTH_MAJORS))('bullmq $bullmq, round $round', (versions) => {
  afterEach(() => rig.close());

  const holding = async (heartbeat: '100ms' | '1h') => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job(SELDOM), { heartbeat }), PATIENT);
    const job = await rig.add({ name: 'a' });
    await until(() => system.looks === 1);
    return { system, job, token: String(system.jobs[0]?.callbackToken) };
  };
  const remote = (token: string, stored?: boolean): Promise<Wake> => waker.wake(rig, versions, token, stored);

  test('a job on hold is polled at once if the callback comes to its process, without a heartbeat or a store', async () => {
    const { system, job, token } = await holding('1h');
    system.succeed();

    expect(await wake(rig.queue, token)).toEqual({ woke: true, how: 'noted' });
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
  });

  test('a job on hold is polled within a heartbeat if the callback comes to another process', async () => {
    const { system, job, token } = await holding('100ms');
    system.succeed();

    expect(await remote(token)).toEqual({ woke: true, how: 'noted' });
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
  });

  test('a callback costs one poll', async () => {
    const { system, job, token } = await holding('100ms');
    await remote(token);
    await until(() => system.looks >= 2);
    await until(async () => (await requestsFor(rig.store, [job])).size === 0);
    await wake(rig.queue, token, { store: rig.store });
    await until(() => system.looks >= 3);
    await until(async () => (await requestsFor(rig.store, [job])).size === 0);
    system.succeed();
    await wake(rig.queue, token, { store: rig.store });

    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    expect(system.looks).toBe(4);
  });

  test('an external system that calls its signed URL, twice and before submit has returned, ends the job', async () => {
    rig = createRig(server.port, versions);
    const outcomes: Wake[] = [];
    const web = await startCallbackServer(async ({ callbackToken, signal }) => {
      outcomes.push(await wake(rig.queue, callbackToken, { store: rig.store, signal }));
    });
    const system = externalSystem({ kind: 'keyed' });
    let url = '';
    const statuses: number[] = [];
    const callBack = async (): Promise<void> => void statuses.push((await fetch(url, { method: 'POST' })).status);
    const { submit, ...others } = system.job(SELDOM);
    system.beforeReply = callBack;
    const submitWithUrl: typeof submit = (input, context) => {
      url = web.url(context.callbackToken);
      return submit(input, context);
    };
    rig.work(
      resumableProcessor(
        rig.store,
        { ...others, submit: submitWithUrl },
        { wait: { mode: 'release', holdFor: 0 }, heartbeat: '1h' },
      ),
    );
    const job = await rig.add({ name: 'a' });
    await rig.reaches(job, 'delayed');
    system.succeed();
    await callBack();
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-1');
    await callBack();
    await web.close();

    expect(statuses).toEqual([204, 204, 204]);
    expect(outcomes).toEqual([
      { woke: true, how: 'noted' },
      { woke: true, how: 'promoted' },
      { woke: false, why: 'finished' },
    ]);
    expect(system.submits).toBe(1);
  });

  test('a callback that comes again does not shorten the pause after a failure', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    rig.work(resumableProcessor(rig.store, system.job(), { wait: { mode: 'release', holdFor: '1h' } }));
    const job = await rig.add({ name: 'a' }, { attempts: 3, backoff: 3_600_000 });
    await until(() => system.looks > 0);
    system.end('job-1', { state: 'failed', reason: 'out of memory' });
    await rig.reaches(job, 'delayed');
    const token = String(system.jobs[0]?.callbackToken);

    expect(await wake(rig.queue, token, { store: rig.store })).toEqual({ woke: false, why: 'backoff' });
    expect(await remote(token)).toEqual({ woke: false, why: 'backoff' });
    expect((await rig.read(job)).state).toBe('delayed');
    expect(system.submits).toBe(1);
  });

  test('a callback after that pause brings the next external job’s result', async () => {
    rig = createRig(server.port, versions);
    const system = externalSystem({ kind: 'keyed' });
    system.end('job-1', { state: 'failed', reason: 'out of memory' });
    rig.work(resumableProcessor(rig.store, system.job(SELDOM), { wait: { mode: 'release', holdFor: 0 } }));
    const job = await rig.add({ name: 'a' }, { attempts: 3, backoff: 1 });
    await until(() => system.submits === 2);
    await rig.reaches(job, 'delayed');
    system.succeed('job-2');

    expect(await remote(String(system.jobs[1]?.callbackToken))).toEqual({ woke: true, how: 'promoted' });
    expect((await rig.reaches(job, 'completed')).returnvalue).toBe('result of job-2');
  });

  test('says why it did nothing', async () => {
    rig = createRig(server.port, versions);
    const job = await rig.add({ name: 'a' });
    const say = (token = tokenOf(job, job.timestamp)): Promise<Wake> => wake(rig.queue, token, { store: rig.store });
    expect(await say()).toEqual({ woke: false, why: 'queued' });
    expect(await say(tokenOf(job, job.timestamp + 1))).toEqual({ woke: false, why: 'no-such-job' });
    rig.work(() => Promise.reject(new Error('no')));
    await rig.reaches(job, 'failed');
    expect(await say()).toEqual({ woke: false, why: 'finished' });
    await job.remove();

    expect(await say()).toEqual({ woke: false, why: 'no-such-job' });
  });

  test('says that an attempt of another process could not be told without a store', async () => {
    const { token } = await holding('1h');

    expect(await remote(token, false)).toEqual({ woke: false, why: 'running-elsewhere' });
  });
});
