import { describe, expect, jest, test } from '@jest/globals';
import { EventEmitter } from 'node:events';
import { attach, resumableProcessor, runWithState, taskContext, withState } from '../../../adapters/bullmq/index.ts';
import { createStateStore, type TaskContext } from '../../../src/index.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';
import { externalSystem } from '../../support/external-system.ts';
import type { TestJob } from './rig.ts';

const store = createStateStore({ metastore: memoryMetastore() });
const process = (): Promise<string> => Promise.resolve('done');
const job = externalSystem().job();

function fakeJob(parts: Partial<TestJob> & { token?: string } = {}): TestJob {
  return {
    id: '1',
    name: 'task',
    data: { name: 'a' },
    timestamp: 1_760_000_000_000,
    attemptsMade: 0,
    queueQualifiedName: 'bull:q',
    log: () => 0,
    moveToDelayed: () => Promise.resolve(),
    updateProgress: () => Promise.resolve(),
    ...parts,
  };
}

describe('pitfall 1: a processor declares exactly three parameters, so that BullMQ makes it a signal', () => {
  test('withState', () => expect(withState(store, process)).toHaveLength(3));
  test('resumableProcessor', () => expect(resumableProcessor(store, job)).toHaveLength(3));
  test('bound, as frameworks do', () => expect(withState(store, process).bind(undefined)).toHaveLength(3));
});

describe('what is invalid is refused when the processor is made', () => {
  test.each([
    ['wait.mode', { wait: { mode: 'sometimes' } }],
    ['wait', { wait: null }],
    ['wait.holdFor', { wait: { mode: 'release', holdFor: '10 minutes' } }],
    ['clearAfterSuccess', { clearAfterSuccess: 0 }],
    ['clearAfterSuccess', { clearAfterSuccess: 'never' }],
    ['onFinalFailure', { onFinalFailure: 'retry' }],
    ['externalJobs', { externalJobs: job }],
    ['externalJob', { externalJobs: ['job'] }],
    ['scope', { scope: { flow: 'f', run: 'r', task: 't' } }],
    ['heartbeat', { heartbeat: Number.NaN }],
    ['heartbeat', { heartbeat: '-1s' }],
    ['reportProgress', { reportProgress: 'yes' }],
    ['options', 'hold'],
  ])('%s of %j', (option, options) => {
    const refusal = expect.objectContaining({ code: 'mooring.config', option });

    expect(() => withState(store, process, options as never)).toThrow(refusal);
    expect(() => resumableProcessor(store, job, options as never)).toThrow(refusal);
  });

  test('a store, a processor or an external job that is none', () => {
    expect(() => withState({} as never, process)).toThrow(expect.objectContaining({ option: 'store' }));
    expect(() => withState(undefined as never, process)).toThrow(expect.objectContaining({ option: 'store' }));
    expect(() => withState(store, 'process' as never)).toThrow(expect.objectContaining({ option: 'process' }));
    expect(() => resumableProcessor(store, {} as never)).toThrow(expect.objectContaining({ option: 'job' }));
    expect(() => attach({} as never)).toThrow(expect.objectContaining({ option: 'worker' }));
  });
});

describe('a call', () => {
  test('that uses no state begins no attempt', async () => {
    const random = jest.fn(Math.random);
    const processor = withState(createStateStore({ metastore: memoryMetastore(), random }), process);

    await expect(processor(fakeJob(), 'token')).resolves.toBe('done');
    expect(random).not.toHaveBeenCalled();
  });

  test('refuses a context that is first used after its end', async () => {
    let late: TaskContext | undefined;
    const processor = withState(store, async (_job, ctx) => {
      late = ctx;
    });
    await processor(fakeJob(), 'token');

    await expect(late?.state.set('a', 1)).rejects.toMatchObject({ code: 'mooring.stale-attempt' });
    expect(late?.signal.aborted).toBe(true);
  });

  test('without a lock token, or for a job without an ID, fails for good', async () => {
    const processor = withState(store, process);

    await expect(processor(fakeJob())).rejects.toMatchObject({
      name: 'UnrecoverableError',
      cause: { code: 'mooring.config', option: 'token' },
    });
    await expect(processor(fakeJob({ id: '' }), 'token')).rejects.toMatchObject({ cause: { option: 'job.id' } });
  });

  test('takes the token that the job carries, for a job that was fetched by hand', async () => {
    await expect(withState(store, process)(fakeJob({ token: 'token' }))).resolves.toBe('done');
  });

  test('a scope that cannot be is told as such', async () => {
    const processor = withState(store, process, { scope: () => ({ flow: '', run: 'r', task: 't' }) });

    await expect(processor(fakeJob(), 'token')).rejects.toMatchObject({
      name: 'UnrecoverableError',
      cause: { code: 'mooring.invalid-key' },
    });
  });

  test('whose scope option returns none says so', async () => {
    const processor = withState(store, process, { scope: () => undefined as never });

    await expect(processor(fakeJob(), 'token')).rejects.toMatchObject({ cause: { code: 'mooring.config', option: 'scope' } });
  });

  test('whose queue does not answer at its first use of state is delayed within the deadline of the store', async () => {
    const warn = jest.spyOn(globalThis.process, 'emitWarning').mockReturnValue();
    const hasty = createStateStore({ metastore: memoryMetastore(), commandTimeout: '30ms' });
    const job = { ...fakeJob(), extendLock: () => new Promise<number>(() => undefined) };

    await expect(withState(hasty, (_job: TestJob, ctx) => ctx.state.get('cursor'))(job, 'token')).rejects.toMatchObject({
      name: 'DelayedError',
    });
    expect(warn.mock.calls.map(([text]) => String(text)).join()).toContain('within 30 ms');
    warn.mockRestore();
  });

  test('of runWithState is the same for a method of a class', async () => {
    class Transcoder {
      process(job: TestJob, token?: string, signal?: AbortSignal): Promise<string> {
        return runWithState(store, { job, token, signal }, async (ctx) => `${ctx.scope.run} ${ctx.attempt}`);
      }
    }

    await expect(new Transcoder().process(fakeJob(), 'token')).resolves.toBe('1@1760000000000 1');
  });
});

describe('the worker of a job', () => {
  const held = (job: TestJob): TestJob => ({ ...job, extendLock: () => Promise.resolve(1) });

  test('that cannot be found is made known by attach()', async () => {
    const warn = jest.spyOn(globalThis.process, 'emitWarning').mockReturnValue();
    const processor = withState(store, async (_job: TestJob, ctx) => {
      worker.emit('closing');
      ctx.signal.throwIfAborted();
    });
    const worker = new EventEmitter();

    try {
      await processor(held(fakeJob()), 'token');
      await processor(held(fakeJob({ id: '2' })), 'token');
      expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining('attach(worker)')]);

      attach(worker as never);
      attach(worker as never);
      const job = held(fakeJob({ id: '3' }));
      worker.emit('active', job);
      await expect(processor(job, 'token')).rejects.toThrow('bullmq:rateLimitExceeded');
      expect(warn).toHaveBeenCalledTimes(1);
      expect(worker.listenerCount('closing')).toBe(1);
    } finally {
      warn.mockRestore();
    }
  });

  test('is not missed in a sandbox, which has none', async () => {
    const warn = jest.spyOn(globalThis.process, 'emitWarning').mockReturnValue();
    await withState(store, process)(fakeJob(), 'token');

    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });
});

describe('taskContext', () => {
  test('is that of the processor that is running, also of two at once', async () => {
    const helper = async (): Promise<string> => {
      await Promise.resolve();
      return taskContext().scope.run;
    };
    const processor = withState(store, async (_job: TestJob, ctx) => [ctx.scope.run, await helper()]);

    const [one, two] = await Promise.all([processor(fakeJob(), 'a'), processor(fakeJob({ id: '2' }), 'b')]);

    expect(one).toEqual(['1@1760000000000', '1@1760000000000']);
    expect(two).toEqual(['2@1760000000000', '2@1760000000000']);
  });

  test('is refused elsewhere', () => {
    expect(() => taskContext()).toThrow(expect.objectContaining({ code: 'mooring.config', option: 'taskContext()' }));
  });
});
