import { describe, expect, test } from '@jest/globals';
import { cancellingActivity, resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import type { StateStore } from '../../../src/index.ts';
import { memoryMetastore, memoryStateStore } from '../../../src/testing.ts';
import { interceptMetastore } from '../../support/intercept.ts';
import { externalSystem, type ExternalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import { begin, failureOf, type MockAttempt } from './rig.ts';

/** Several calls of activities in one run of a workflow, and what a cancelling activity reaches of them. */

const SHARED = { workflowRun: 'preview' };
let calls = 0;

/** A call of an activity, later than those before. */
function call<Result>(store: StateStore, activity: () => Promise<Result>): MockAttempt<Result> {
  calls += 1;
  const at = Date.now() + calls;
  const info = { activityId: String(calls), scheduledTimestampMs: at, currentAttemptScheduledTimestampMs: at };
  return begin(activity, { ...info, heartbeatTimeoutMs: 30_000 }, { store });
}

/** A store in use for a while: a record that is not there is none that was lost. */
async function grownStore(options: Parameters<typeof memoryStateStore>[0] = {}): Promise<StateStore> {
  const metastore = memoryMetastore();
  const then = Date.now() - 600_000;
  const old = memoryStateStore({ metastore, clock: { now: () => then, sleep: () => Promise.resolve() } });
  await old.asset({ name: 'first' }).set('key', 'value');
  return memoryStateStore({ ...options, metastore });
}

/** The ID of the job that was submitted with an input. */
function idOf({ jobs }: ExternalSystem, input: string): string | undefined {
  return jobs.find((job) => job.input === input)?.id;
}

const byInput = (input: unknown): { workflowRun: string } => ({ workflowRun: `preview-${String(input)}` });

describe('a scope that is a function of the input', () => {
  test('serves several calls of one run at the same time', async () => {
    const store = await grownStore();
    const system = externalSystem({ activeLooks: 0 });
    const preview = resumableActivity(system.job(), { scope: byInput });

    const results = await Promise.all(['intro', 'outro'].map((input) => call(store, () => preview(input)).result));

    expect(results).toEqual([`result of ${idOf(system, 'intro')}`, `result of ${idOf(system, 'outro')}`]);
  });

  test('names the call that a cancelling activity cancels', async () => {
    const store = await grownStore();
    const system = externalSystem();
    const preview = resumableActivity(system.job(), { scope: byInput });
    const waiting = ['intro', 'outro'].map((input) => call(store, () => preview(input)));
    await until(() => waiting.every(({ logs }) => logs.some(({ message }) => message.includes('ID is recorded'))));

    await call(store, () => cancellingActivity(system.job(), byInput)('intro')).result;

    expect(system.cancelled).toEqual([`${idOf(system, 'intro')} requested`]);
    for (const { cancel } of waiting) cancel('PAUSED');
    await Promise.allSettled(waiting.map(({ result }) => result));
  });

  test.each([
    ['nothing', () => undefined],
    ['an empty name', () => ({ workflowRun: '' })],
    ['a promise', async () => SHARED],
  ])('that returns %s is refused', async (_what, scope) => {
    const job = externalSystem().job();
    for (const activity of [resumableActivity(job, { scope: scope as never }), cancellingActivity(job, scope as never)]) {
      const failure = await failureOf(call(memoryStateStore(), async () => activity('clip')).result);
      expect(failure).toMatchObject({ type: 'mooring.config', details: [{ option: 'scope' }] });
    }
  });

  test('may not return the scope of a single activity to a cancelling one', async () => {
    const cancel = cancellingActivity(externalSystem().job(), () => 'activity' as never);

    await expect(failureOf(call(memoryStateStore(), () => cancel('clip')).result)).resolves.toMatchObject({
      type: 'mooring.config',
    });
  });
});

test('a finished record of another call in a shared scope is not this call’s result', async () => {
  const store = await grownStore();
  const preview = resumableActivity(externalSystem({ activeLooks: 0 }).job(), { scope: SHARED });

  const results = [await call(store, () => preview('intro')).result, await call(store, () => preview('outro')).result];

  expect(results).toEqual(['result of job-1', 'result of job-2']);
});

test('a local activity whose completion was lost finds its result, under a new ID and time', async () => {
  const store = await grownStore();
  const system = externalSystem({ activeLooks: 0 });
  const local = (id: string): Promise<unknown> => {
    const at = { activityId: id, scheduledTimestampMs: Date.now(), currentAttemptScheduledTimestampMs: Date.now() + Number(id) };
    return begin(() => resumableActivity(system.job(), { scope: SHARED })('clip'), { ...at, isLocal: true }, { store }).result;
  };

  expect([await local('1'), await local('7')]).toEqual(['result of job-1', 'result of job-1']);
  expect(system.submits).toBe(1);
});

describe('a cancelling activity', () => {
  test('waits for a submit that is on its way by the metastore’s clock, however wrong the worker’s is', async () => {
    const behind = Date.now() - 3_600_000;
    const started = Date.now();
    const clock = {
      now: () => behind + Date.now() - started,
      sleep: (ms: number, signal?: AbortSignal) =>
        new Promise<void>((resolve, reject) => {
          setTimeout(resolve, ms);
          signal?.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        }),
    };
    let inspections = 0;
    const metastore = interceptMetastore(memoryMetastore(), ({ method }, proceed) => {
      if (method === 'scopes.inspect') inspections += 1;
      return proceed();
    });
    const store = memoryStateStore({ clock, metastore });
    const system = externalSystem();
    let reply = (): void => undefined;
    system.beforeReply = () => new Promise<void>((resolve) => (reply = resolve));
    const slow = system.job({ idempotentFor: 'until-deleted', submitTimeout: '20s' });
    const submitting = call(store, () => resumableActivity(slow, { scope: SHARED })('clip'));
    await until(() => system.submits > 0);
    const cancelling = call(store, () => cancellingActivity(slow, SHARED)('clip'));

    // It has taken the fence, and looked at the record.
    await until(() => inspections > 0);
    expect(system.cancelled).toEqual([]);

    reply();
    await cancelling.result;
    expect(system.cancelled).toEqual(['job-1 requested']);

    submitting.cancel('PAUSED');
    await Promise.allSettled([submitting.result]);
  });

  test('reaches the jobs of items as those of other names', async () => {
    const store = await grownStore();
    const [one, other] = [externalSystem(), externalSystem()];
    const second = other.job({ externalIdKey: 'second' });
    const work = call(store, async () => {
      const ctx = taskContext(SHARED);
      await ctx.item('a').submit(one.job(), 'page-a');
      await ctx.submit(second, 'extra');
    });
    await work.result;
    // As in another process, which has not submitted anything.
    const [mine, theirs] = [one.job(), second];
    await call(store, () => cancellingActivity(mine, SHARED, { externalJobs: [theirs] })()).result;

    expect([one.cancelled, other.cancelled]).toEqual([['job-1 requested'], ['job-1 requested']]);
    expect([one.jobs, other.jobs]).toMatchObject([[{ input: 'page-a' }], [{ input: 'extra' }]]);
  });

  test('fails with what cancel failed with, for its next attempt to try again', async () => {
    const store = await grownStore();
    const cancel = (): Promise<void> => Promise.reject(new Error('busy'));
    const job = externalSystem().job({ cancel, callTimeout: 50 });
    await call(store, async () => void (await taskContext(SHARED).submit(job, 'clip'))).result;

    await expect(call(store, () => cancellingActivity(job, SHARED)('clip')).result).rejects.toThrow(/busy|no answer/);
  });

  test('says which external job it does not know', async () => {
    const store = await grownStore();
    const job = externalSystem().job();
    const { cancel: _, ...endless } = externalSystem().job({ externalIdKey: 'endless' });
    await call(store, async () => void (await taskContext(SHARED).submit(endless, 'clip'))).result;
    const failure = await failureOf(call(store, () => cancellingActivity(job, SHARED)('clip')).result);

    expect(failure).toMatchObject({ type: 'mooring.config', nonRetryable: true, message: expect.stringContaining('endless') });
  });

  test('fails for a person if nobody can tell whether a job is running', async () => {
    const store = await grownStore();
    const job = externalSystem().job({ submitTimeout: 20, submit: () => Promise.reject(new Error('connection lost')) });
    await expect(call(store, () => resumableActivity(job, { scope: SHARED })('clip')).result).rejects.toThrow('connection lost');
    const failure = await failureOf(call(store, () => cancellingActivity(job, SHARED)('clip')).result);

    expect(failure).toMatchObject({ type: 'mooring.ambiguous-submit', nonRetryable: true, details: [{ submission: 1 }] });
  });
});
