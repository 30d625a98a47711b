import { describe, expect, jest, test } from '@jest/globals';
import { resumableProcessor, runWithState, withState, type BullJob } from '../../../adapters/bullmq/index.ts';
import { fakeJob } from '../../../adapters/bullmq/testing.ts';
import { externalJob, type JobStatus } from '../../../src/index.ts';
import { fakeClock, memoryStateStore } from '../../../src/testing.ts';
import { wrong } from '../../support/refusals.ts';

/** What users test their processors with: a job without Redis, and what they read when they make one by hand. */

function setting() {
  const clock = fakeClock();
  const store = memoryStateStore({ clock });
  const system = { submitted: [] as string[], cancelled: [] as string[], status: { state: 'succeeded' } as JobStatus };
  const render = externalJob({
    submit: async (video: string) => `job-${system.submitted.push(video)}`,
    getStatus: async () => system.status,
    getResult: async (id) => `result of ${id}`,
    cancel: async (id) => void system.cancelled.push(id),
  });
  return { clock, store, system, render };
}

describe('fakeJob()', () => {
  test('is run by a processor as a job of BullMQ is', async () => {
    const { store, render } = setting();
    const job = fakeJob({ data: 'a.mov', name: 'encode' });
    const processor = withState(store, async (own: BullJob<string>, ctx) => {
      await own.updateProgress({ done: 1 });
      return [ctx.scope.task, await ctx.run(render, own.data)];
    });

    const result = await job.start(processor);

    expect(result).toEqual(['encode', 'result of job-1']);
    expect(job.progress).toEqual({ done: 1 });
    expect(job.logs).toContainEqual(expect.stringContaining('submitted'));
    expect(job).toMatchObject({ attemptsStarted: 1, attemptsMade: 0, finishedOn: expect.any(Number) });
  });

  test('that is started again reconnects to the external job of an attempt that failed', async () => {
    const { store, system, render } = setting();
    const job = fakeJob({ data: 'a.mov', opts: { attempts: 2 } });
    let fails = true;
    const processor = withState(store, async (own: BullJob<string>, ctx) => {
      await ctx.submit(render, own.data);
      if (fails) throw new TypeError('a bug');
      return ctx.run(render, own.data);
    });

    await expect(job.start(processor)).rejects.toThrow('a bug');
    expect(job).toMatchObject({ attemptsMade: 1, finishedOn: undefined });
    fails = false;

    expect(await job.start(processor)).toBe('result of job-1');
    expect(system.submitted).toEqual(['a.mov']);
  });

  test('comes back when it is started again after a release', async () => {
    const { store, system, render } = setting();
    system.status = { state: 'active' };
    const job = fakeJob({ data: 'a.mov' });
    const processor = resumableProcessor(store, render, { wait: { mode: 'release', holdFor: 0 } });

    await expect(job.start(processor)).rejects.toMatchObject({ name: 'DelayedError' });
    expect(job).toMatchObject({ delayedUntil: expect.any(Date), attemptsMade: 0 });
    system.status = { state: 'succeeded' };

    expect(await job.start(processor)).toBe('result of job-1');
    expect(job.delayedUntil).toBeUndefined();
  });

  test('is cancelled by the signal', async () => {
    const { store, system, render } = setting();
    system.status = { state: 'active' };
    const controller = new AbortController();
    const processor = withState(store, async (own: BullJob<string>, ctx) => {
      await ctx.submit(render, own.data);
      controller.abort('not wanted');
      return ctx.run(render, own.data);
    });

    const started = fakeJob({ data: 'a.mov' }).start(processor, { signal: controller.signal });

    await expect(started).rejects.toMatchObject({ name: 'UnrecoverableError', message: 'not wanted' });
    expect(system.cancelled).toEqual(['job-1']);
  });

  test('of an earlier start has lost its lock', async () => {
    const { store } = setting();
    const job = fakeJob({ data: 'a.mov' });
    const late = withState(store, async (_own: BullJob<string>, ctx) => {
      await job.start(async () => undefined);
      await ctx.state.set('k', 1);
    });

    await expect(job.start(late)).rejects.toMatchObject({ code: 'mooring.stale-attempt' });
    expect(job.attemptsMade).toBe(0);
  });

  test('that was completed leaves its state for clearAfterSuccess', async () => {
    const { clock, store } = setting();
    const job = fakeJob({ data: 'a.mov', queueQualifiedName: 'bull:q', id: '7', timestamp: 5, name: 'n' });
    const state = store.task({ flow: 'bull:q', run: '7@5', task: 'n' });

    await job.start(withState(store, (_own: BullJob<string>, ctx) => ctx.state.set('k', 1), { clearAfterSuccess: '1h' }));
    expect(await state.get('k')).toBe(1);
    clock.advance('61m');

    expect(await state.get('k')).toBeUndefined();
  });

  test('that has failed for the last time has its external job cancelled, where the processor says so', async () => {
    const { store, system, render } = setting();
    const job = fakeJob({ data: 'a.mov', opts: { attempts: 2 } });
    const submitAndFail = async (
      own: BullJob<string>,
      ctx: { submit: (job: typeof render, video: string) => Promise<string> },
    ) => {
      await ctx.submit(render, own.data);
      throw new TypeError('a bug');
    };
    const processor = withState(store, submitAndFail, { onFinalFailure: 'cancel' });
    system.status = { state: 'active' };

    await expect(job.start(processor)).rejects.toThrow('a bug');
    expect(system.cancelled).toEqual([]);
    await expect(job.start(processor)).rejects.toThrow('a bug');

    expect(system.cancelled).toEqual(['job-1']);
    expect(job.finishedOn).toEqual(expect.any(Number));
  });

  test('asks nobody to attach a worker', async () => {
    const { store, render } = setting();
    const warn = jest.spyOn(process, 'emitWarning').mockReturnValue();

    await fakeJob({ data: 'a.mov' }).start(resumableProcessor(store, render));

    expect(warn).not.toHaveBeenCalled();
    warn.mockRestore();
  });

  test('has what else the processor uses', async () => {
    const job = fakeJob({ data: 'a.mov', getChildrenValues: async () => ({ child: 1 }) });
    const processor = (own: { data: string; getChildrenValues(): Promise<object> }): Promise<object> => own.getChildrenValues();

    expect(await job.start(processor)).toEqual({ child: 1 });
  });
});

describe('a job that a test made by hand', () => {
  const job = { id: '1', name: 'n', data: {}, timestamp: 1, attemptsMade: 0, queueQualifiedName: 'bull:q' };
  const { store } = setting();

  test.each(['id', 'name', 'timestamp', 'attemptsMade', 'queueQualifiedName'])('is refused without %s, by name', async (part) => {
    const call = { job: wrong({ ...job, [part]: undefined }), token: 't', signal: undefined };

    const refused = runWithState(store, call, async () => 1);

    await expect(refused).rejects.toMatchObject({ code: 'mooring.config', option: `job.${part}` });
    await expect(refused).rejects.toThrow(part === 'id' ? 'must be there' : 'fakeJob() of mooring/bullmq/testing');
  });

  test.each([undefined, null, 'a.mov'])('is refused where it is %p', async (none) => {
    const call = { job: wrong(none), token: 't', signal: undefined };

    await expect(runWithState(store, call, async () => 1)).rejects.toMatchObject({ code: 'mooring.config', option: 'job' });
  });
});
