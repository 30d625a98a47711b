import { describe, expect } from '@jest/globals';
import { completeActivity, resumableActivity } from '../../../adapters/temporal/index.ts';
import { resumableOptions } from '../../../adapters/temporal/workflow.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { startCallbackServer } from '../../support/callback-server.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { declareStories, failureOf, inBackoff, noted, pending } from './world.ts';

/** The three ways to wait, on a real server. */

const INPUT = { args: ['clip'] };
const RELEASE = { wait: { mode: 'release', holdFor: 1 } } as const;
const ASYNC = { wait: { mode: 'async' } } as const;

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  story('release polls in attempt after attempt, and submits once', async ({ start, step }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job(), RELEASE));
    const handle = await start('steps', step(code, { ...resumableOptions('release'), ...INPUT }));
    await until(() => seen.length >= 3);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(seen.map(({ attempt }) => attempt)).toEqual(seen.map((_, index) => index + 1));
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
  });

  for (const [mode, wait] of [
    ['release', RELEASE],
    ['async', ASYNC],
  ] as const) {
    story(`${mode} gives the worker's only slot back while the external job runs`, async ({ client, step, withWorker }) => {
      const system = externalSystem();
      const result = await withWorker({ maxConcurrentActivityTaskExecutions: 1 }, async ({ start, run }) => {
        const waiting = await start('steps', step(resumableActivity(system.job({ pollInterval: '700ms' }), wait), INPUT));
        await until(() => system.looks > 0);
        expect(
          await run(
            'steps',
            step(async () => 'another'),
          ),
        ).toBe('another');
        expect(await pending(client, waiting)).toMatchObject({ activityId: '1' });
        system.succeed();
        if (mode === 'async')
          await completeActivity(client.activity, system.jobs[0]?.callbackToken ?? '', { result: 'result of job-1' });
        return waiting.result();
      });

      expect(result).toBe('result of job-1');
      expect(system.submits).toBe(1);
    });
  }

  story('10 release holds where maximumAttempts is finite', async ({ start, step }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job(), RELEASE));
    const handle = await start('steps', step(code, { ...INPUT, heartbeatTimeout: '1 minute', retry: { maximumAttempts: 3 } }));
    await until(() => system.looks >= 5);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(seen).toHaveLength(1);
  });

  story('10 release holds where scheduleToCloseTimeout is near', async ({ start, step }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job(), RELEASE));
    const handle = await start('steps', step(code, { ...INPUT, heartbeatTimeout: '1 minute', scheduleToCloseTimeout: '50s' }));
    await until(() => system.looks >= 5);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(seen).toHaveLength(1);
  });

  story('10 release comes back before scheduleToCloseTimeout, however long the poll interval', async (world) => {
    const { start, step, client } = world;
    const system = externalSystem();
    const timeout = 5 * 60_000;
    const handle = await start(
      'steps',
      step(resumableActivity(system.job({ pollInterval: '1h' }), RELEASE), { ...INPUT, scheduleToCloseTimeout: timeout }),
    );
    await inBackoff(client, handle);
    const activity = await pending(client, handle);
    const next = Number(activity?.scheduledTime?.seconds) * 1000;
    expect(next).toBeGreaterThan(Date.now() + 60_000);
    expect(next).toBeLessThan(Date.now() + timeout);
    await handle.terminate();
  });

  story('async: the webhook completes the activity once', async ({ start, step, client }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job(), ASYNC));
    const handle = await start('steps', step(code, { ...resumableOptions('async'), ...INPUT }));
    await until(() => system.looks > 0);
    const token = system.jobs[0]?.callbackToken ?? '';

    expect(await completeActivity(client.activity, token, { result: 'hooked' })).toBe(true);
    expect(await handle.result()).toBe('hooked');
    expect(await completeActivity(client.activity, token, { result: 'again' })).toBe(false);
    expect(await completeActivity(client.activity, token, { failure: 'again' })).toBe(false);
    expect(seen).toHaveLength(1);
  });

  story('async: a webhook that comes before submit has replied completes the activity', async ({ start, step, client }) => {
    const system = externalSystem();
    system.beforeReply = async () =>
      void (await completeActivity(client.activity, system.jobs[0]?.callbackToken ?? '', { result: 'at once' }));
    const handle = await start('steps', step(resumableActivity(system.job(), ASYNC), INPUT));

    expect(await handle.result()).toBe('at once');
    expect(system.submits).toBe(1);
  });

  story('async: an external system that calls its signed URL completes the activity, and may call again', async (world) => {
    const { start, step, client } = world;
    const outcomes: boolean[] = [];
    const web = await startCallbackServer(async ({ callbackToken, json }) => {
      const { output } = json() as { output: string };
      outcomes.push(await completeActivity(client.activity, callbackToken, { result: output }));
    });
    const system = externalSystem();
    const handle = await start('steps', step(resumableActivity(system.job(), ASYNC), INPUT));
    await until(() => system.looks > 0);
    const url = web.url(system.jobs[0]?.callbackToken ?? '');
    const post = async (body: string): Promise<number> => (await fetch(url, { method: 'POST', body })).status;
    const statuses = [await post('not JSON'), await post('{"output":"hooked"}'), await post('{"output":"again"}')];

    expect(await handle.result()).toBe('hooked');
    expect(statuses).toEqual([400, 204, 204]);
    expect(outcomes).toEqual([true, false]);
    await web.close();
  });

  story('async: a webhook fails the activity for good', async ({ start, step, client }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job(), ASYNC));
    const handle = await start('steps', step(code, INPUT));
    await until(() => system.looks > 0);
    expect(await completeActivity(client.activity, system.jobs[0]?.callbackToken ?? '', { failure: 'no such codec' })).toBe(true);
    const { cause } = await failureOf(handle);

    expect(cause).toMatchObject({ message: 'no such codec', type: 'mooring.external-job-failed', nonRetryable: true });
    expect(seen).toHaveLength(1);
  });

  story('async: where the webhook is lost, the next attempt looks for itself', async ({ start, step }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job(), ASYNC));
    const retry = { initialInterval: 10, backoffCoefficient: 1 };
    const handle = await start('steps', step(code, { ...INPUT, startToCloseTimeout: '2s', retry }));
    await until(() => system.looks > 0);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
  });
});
