import { CancelledFailure } from '@temporalio/activity';
import { describe, expect, test } from '@jest/globals';
import { mooringPlugin, resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import { begin, failureOf, type MockWorker } from './rig.ts';

/** A worker that shuts down and gives its activities time: whatever only waits for an external job needs none. */

const UNBOUNDED = { scheduleToCloseTimeoutMs: 0 };

/** A worker that runs until the test ends it. */
async function worker(): Promise<MockWorker & { shutdown(): void; end(): Promise<void>; shutdowns: () => number }> {
  const plugin = mooringPlugin(memoryStateStore());
  const configured = await plugin.configureWorker?.({ taskQueue: 'q' });
  const interceptors = [...(configured?.interceptors?.activity ?? [])];
  let shutdowns = 0;
  const fake = { options: { interceptors: { activity: interceptors } }, shutdown: () => void (shutdowns += 1) };
  let stop = (): void => undefined;
  const stopped = new Promise<void>((resolve) => (stop = resolve));
  const ran = plugin.runWorker?.(fake as never, () => stopped);
  return {
    interceptors,
    shutdown: () => fake.shutdown(),
    shutdowns: () => shutdowns,
    end: async () => {
      stop();
      await ran;
    },
  };
}

describe('a worker that shuts down', () => {
  test('hands an activity that waits to another worker at once', async () => {
    const here = await worker();
    const system = externalSystem();
    const attempt = begin(() => resumableActivity(system.job())('clip'), UNBOUNDED, here);
    await until(() => system.looks > 0);
    here.shutdown();

    await expect(failureOf(attempt.result)).resolves.toMatchObject({
      type: 'mooring.waiting',
      category: 'BENIGN',
      nextRetryDelay: 1,
    });
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
    expect(here.shutdowns()).toBe(1);
  });

  test('lets code go on that does not wait, until it begins to', async () => {
    const here = await worker();
    const system = externalSystem();
    const wrote: string[] = [];
    const attempt = begin(
      async () => {
        const { state, run } = taskContext();
        await state.set('step', 1);
        here.shutdown();
        await state.set('step', 2);
        wrote.push('both');
        await run(system.job(), 'clip');
      },
      UNBOUNDED,
      here,
    );

    await expect(failureOf(attempt.result)).resolves.toMatchObject({ type: 'mooring.waiting' });
    expect(wrote).toEqual(['both']);
    expect(system.submits).toBe(0);
  });

  test.each([
    ['of few attempts', { retryPolicy: { maximumAttempts: 3 } }],
    ['that is local', { isLocal: true }],
  ])('lets an activity %s wait until its grace is over', async (_which, info) => {
    const here = await worker();
    const system = externalSystem();
    const known = system.job({ idempotentFor: 'until-deleted' });
    const attempt = begin(() => resumableActivity(known, { scope: { workflowRun: 'a' } })('clip'), info, here);
    await until(() => system.looks > 0);
    here.shutdown();
    const { looks } = system;
    await until(() => system.looks > looks + 2);
    attempt.cancel('WORKER_SHUTDOWN');

    await expect(attempt.result).rejects.toBeInstanceOf(CancelledFailure);
  });

  test('leaves other workers of the plugin alone once it stopped', async () => {
    const here = await worker();
    await here.end();
    here.shutdown();
    expect(here.shutdowns()).toBe(1);
    const system = externalSystem({ activeLooks: 1 });

    await expect(begin(() => resumableActivity(system.job())('clip'), UNBOUNDED, here).result).resolves.toBe('result of job-1');
  });
});
