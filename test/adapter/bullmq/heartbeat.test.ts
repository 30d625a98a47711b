import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { cancelJob, withState } from '../../../adapters/bullmq/index.ts';
import { createStateStore, type StateStore, type TaskContext } from '../../../src/index.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import type { TestJob } from './rig.ts';

/** What a worker says of its jobs in one interval, and what it hears. */

const EVERY = 20;

/** A worker of which jobs are held, and what it was asked. */
interface FakeWorker extends EventEmitter {
  asked: { ids: string[]; tokens: string[] }[];
  /** IDs whose locks are lost. */
  lost: string[];
  extendJobLocks?: (ids: string[], tokens: string[], duration: number) => Promise<string[]>;
}

let warn: jest.SpiedFunction<typeof process.emitWarning>;
let store: StateStore;
let ended: (() => void)[] = [];
beforeEach(() => {
  warn = jest.spyOn(process, 'emitWarning').mockReturnValue();
  store = createStateStore({ metastore: memoryMetastore() });
});
afterEach(async () => {
  for (const end of ended) end();
  ended = [];
  await store.close();
  warn.mockRestore();
});

function fakeWorker(): FakeWorker {
  const worker: FakeWorker = Object.assign(new EventEmitter(), {
    processFn: () => undefined,
    opts: { lockDuration: EVERY * 3 },
    asked: [],
    lost: [],
    extendJobLocks: async (ids: string[], tokens: string[]) => {
      worker.asked.push({ ids, tokens });
      return ids.filter((id) => worker.lost.includes(id));
    },
  });
  return worker;
}

/** The locks that single jobs were asked for, as `id token`; those in `lost` are not held. */
interface Job extends TestJob {
  asked: string[];
  lost: string[];
}

function jobOf(worker: FakeWorker, id: string, shared: Partial<Job> = {}): Job {
  const job: Job = {
    id,
    name: 'task',
    data: { name: id },
    timestamp: 1_760_000_000_000,
    attemptsMade: 0,
    queueQualifiedName: 'bull:q',
    log: () => 0,
    moveToDelayed: () => Promise.resolve(),
    updateProgress: () => Promise.resolve(),
    extendLock: async (token: string) => {
      job.asked.push(`${id} ${token}`);
      return job.lost.includes(token) ? 0 : 1;
    },
    asked: [],
    lost: [],
    ...shared,
  };
  return Object.assign(job, { queue: worker });
}

/** A run that holds on until the test ends, or its attempt does. */
function hold(job: Job, token: string, options = {}): { context: Promise<TaskContext>; result: Promise<unknown> } {
  let give = (_context: TaskContext): void => undefined;
  const context = new Promise<TaskContext>((resolve) => (give = resolve));
  const processor = withState(
    store,
    async (_job: TestJob, ctx) => {
      await ctx.state.set('step', 1);
      give(ctx);
      await new Promise<void>((resolve) => {
        ended.push(resolve);
        ctx.signal.addEventListener('abort', () => resolve());
      });
      ctx.signal.throwIfAborted();
    },
    options,
  );
  return { context, result: processor(job, token).catch((error: unknown) => error) };
}

test('the locks of all jobs on hold are extended with one command', async () => {
  const worker = fakeWorker();
  const jobs = ['1', '2', '3'].map((id) => jobOf(worker, id));
  for (const job of jobs) await hold(job, `t${job.id}`).context;
  await until(() => worker.asked.length > 3);

  expect(worker.asked.at(-1)).toEqual({ ids: ['1', '2', '3'], tokens: ['t1', 't2', 't3'] });
  expect(jobs.flatMap(({ asked }) => asked)).toEqual(['1 t1', '2 t2', '3 t3']);
});

test('a job that is no longer held ends its own run alone', async () => {
  const worker = fakeWorker();
  const [one, other] = ['1', '2'].map((id) => hold(jobOf(worker, id), 't')) as [ReturnType<typeof hold>, ReturnType<typeof hold>];
  await one.context;
  const { signal } = await other.context;
  worker.lost = ['1'];

  expect(await one.result).toMatchObject({ code: 'mooring.stale-attempt' });
  expect(signal.aborted).toBe(false);
});

test('each of two runs of one job is asked for by its own token', async () => {
  const worker = fakeWorker();
  const job = jobOf(worker, '1');
  const earlier = hold(job, 'old');
  await earlier.context;
  job.lost = ['old'];
  const later = hold({ ...job }, 'new');

  expect(await earlier.result).toMatchObject({ code: 'mooring.stale-attempt' });
  const { signal } = await later.context;
  worker.asked = [];
  await until(() => worker.asked.length > 2);
  expect(worker.asked[0]).toEqual({ ids: ['1'], tokens: ['new'] });
  expect(signal.aborted).toBe(false);
});

test('an earlier run that is the rightful one is not ended by a later one that has lost the job', async () => {
  const worker = fakeWorker();
  const job = jobOf(worker, '1');
  const rightful = hold(job, 'new');
  const { signal } = await rightful.context;
  const zombie = hold({ ...job }, 'old', { scope: () => ({ flow: 'f', run: 'zombie', task: 't' }) });
  await zombie.context;
  // What the worker says is about the run that began last.
  worker.lost = ['1'];
  expect(await zombie.result).toMatchObject({ code: 'mooring.stale-attempt' });
  worker.lost = [];
  worker.asked = [];
  await until(() => worker.asked.length > 3);

  expect(worker.asked.at(-1)).toEqual({ ids: ['1'], tokens: ['new'] });
  expect(signal.aborted).toBe(false);
});

test('a wish that is heard while the worker closes is left to the next worker', async () => {
  const worker = fakeWorker();
  const job = jobOf(worker, '1');
  const system = externalSystem();
  let end = (): void => undefined;
  const cleanUp = new Promise<void>((resolve) => (end = resolve));
  let stopped = false;
  const result = withState(store, async (_job: TestJob, ctx) => {
    try {
      await ctx.run(system.job(), undefined);
    } finally {
      stopped = true;
      await cleanUp;
    }
  })(job, 't').catch((error: unknown) => error);
  await until(() => worker.asked.length > 0);
  worker.emit('closing');
  await until(() => stopped);
  await cancelJob(
    { getJob: async () => ({ ...job, promote: () => Promise.reject(Object.assign(new Error(), { code: -3 })) }) },
    '1',
    {
      store,
      reason: 'not wanted',
    },
  );
  const beats = worker.asked.length;
  await until(() => worker.asked.length > beats + 3);
  end();

  expect(await result).toMatchObject({ message: 'bullmq:rateLimitExceeded' });
  expect(system.cancelled).toEqual([]);
});

test('where a worker cannot extend several locks, each run extends its own', async () => {
  const worker = fakeWorker();
  delete worker.extendJobLocks;
  const job = jobOf(worker, '1');
  const run = hold(job, 't');
  await run.context;
  await until(() => job.asked.length > 3);
  job.lost = ['t'];

  expect(await run.result).toMatchObject({ code: 'mooring.stale-attempt' });
});

test('a queue that does not answer is asked again with one warning', async () => {
  const worker = fakeWorker();
  let asked = 0;
  worker.extendJobLocks = () => {
    asked += 1;
    return new Promise(() => undefined);
  };
  const { signal } = await hold(jobOf(worker, '1'), 't').context;
  await until(() => asked > 3);

  expect(warn.mock.calls.filter(([text]) => String(text).includes('asks again'))).toHaveLength(1);
  expect(signal.aborted).toBe(false);
});

test('a queue that refuses to answer is asked again with one warning', async () => {
  const worker = fakeWorker();
  let asked = 0;
  worker.extendJobLocks = () => {
    asked += 1;
    return Promise.reject(new Error('ECONNREFUSED'));
  };
  const { signal } = await hold(jobOf(worker, '1'), 't').context;
  await until(() => asked > 3);

  expect(warn.mock.calls.filter(([text]) => String(text).includes('ECONNREFUSED'))).toHaveLength(1);
  expect(signal.aborted).toBe(false);
});

test('a heartbeat of two months does not fire at once', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick', 'performance'] });
  try {
    const worker = fakeWorker();
    await hold(jobOf(worker, '1'), 't', { heartbeat: '60d' }).context;
    await jest.advanceTimersByTimeAsync(3_600_000);
    expect(worker.asked).toEqual([]);
  } finally {
    jest.useRealTimers();
  }
});

test('the shortest heartbeat of the runs of a worker counts', async () => {
  const worker = fakeWorker();
  await hold(jobOf(worker, '1'), 't', { heartbeat: '1h' }).context;
  await hold(jobOf(worker, '2'), 't', { heartbeat: 5 }).context;
  await until(() => worker.asked.length > 3);

  expect(worker.asked[0]?.ids).toEqual(['1', '2']);
});

test('nothing goes on once the last run has ended', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'queueMicrotask', 'nextTick', 'performance'] });
  try {
    const worker = fakeWorker();
    const runs = ['1', '2'].map((id) => hold(jobOf(worker, id), 't'));

    for (const { context } of runs) await context;
    expect(jest.getTimerCount()).toBe(1);

    for (const end of ended) end();
    for (const { result } of runs) await result;
    expect(jest.getTimerCount()).toBe(0);
  } finally {
    jest.useRealTimers();
  }
});

test('a processor within a processor of another store is no second run of the job', async () => {
  const worker = fakeWorker();
  const other = createStateStore({ metastore: memoryMetastore() });
  const job = jobOf(worker, '1');
  const inner = withState(other, async (_job: TestJob, ctx) => ctx.state.set('step', 1).then(() => 'inner'));
  const outer = withState(store, async (_job: TestJob, ctx, token) => {
    await ctx.state.set('step', 1);
    const result = await inner(job, token);
    await ctx.state.set('step', 2);
    return result;
  });

  expect(await outer(job, 't')).toBe('inner');
});

test('the same state twice at once in one call is refused in clear words', async () => {
  const worker = fakeWorker();
  const job = jobOf(worker, '1');
  const inner = withState(store, async () => 'inner');
  const outer = withState(store, (_job: TestJob, _ctx, token) => inner(job, token));

  await expect(outer(job, 't')).rejects.toMatchObject({
    code: 'mooring.config',
    option: 'scope',
    message: expect.stringContaining('in use by an outer withState'),
  });
});

test('processors that are made for each call share one listener on the worker', async () => {
  const worker = fakeWorker();
  for (const id of ['1', '2', '3']) await withState(store, async () => undefined)(jobOf(worker, id), 't');
  const [key] = Object.getOwnPropertySymbols(worker).filter((symbol) => String(symbol).includes('watch'));
  const add = jest.spyOn(Set.prototype, 'add');
  (worker as unknown as Record<symbol, { onGaveUp(listener: () => void): void }>)[key as symbol]?.onGaveUp(() => undefined);
  const [listeners] = add.mock.contexts as Set<unknown>[];
  add.mockRestore();

  expect(listeners?.size).toBe(2);
  expect(worker.listenerCount('failed')).toBe(1);
});

test('state that is first used after the job was lost is refused, with a warning and a line in the log', async () => {
  const worker = fakeWorker();
  const lines: string[] = [];
  const job = jobOf(worker, '1', { lost: ['t'], log: (line: string) => lines.push(line) });

  await expect(withState(store, (_job: TestJob, ctx) => ctx.state.get('step'))(job, 't')).rejects.toMatchObject({
    code: 'mooring.stale-attempt',
  });
  expect(warn.mock.calls.map(([text]) => String(text)).join()).toContain('for the first time after it was moved or lost');
  expect(lines.join()).toContain('state was refused');
});
