import { describe, expect } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { NativeConnection } from '@temporalio/worker';
import { mooringPlugin, resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { declareStories, inBackoff, named, noted, pending } from './world.ts';

/** What ends one attempt and begins the next, on a real server: the external job goes on, and the next attempt finds it. */

const INPUT = { args: ['clip'] };
const HELD = { ...INPUT, heartbeatTimeout: '10s', retry: { initialInterval: 10, backoffCoefficient: 1 } } as const;

/** What the attempt failed with that came before the last one. */
async function failureBefore(handle: WorkflowHandle): Promise<object | null | undefined> {
  await handle.result();
  const { events } = await handle.fetchHistory();
  return events?.find(({ activityTaskStartedEventAttributes: started }) => started)?.activityTaskStartedEventAttributes
    ?.lastFailure;
}

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  story('1 5 a reset of the first attempt leaves the external job running, and the next attempt finds it', async (world) => {
    const { start, step, client } = world;
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job()));
    const handle = await start('steps', step(code, HELD));
    await until(() => system.looks > 0);
    await client.workflowService.resetActivity(named(handle));
    await until(() => seen.length === 2);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
  });

  story('6 what ctx.signal aborts ends a reset attempt at once, and not at its timeout', async ({ start, step, client }) => {
    const { seen, code } = noted(async () => {
      const { signal, state } = taskContext();
      await state.get('anything');
      if (seen.length === 1) await sleep(60_000, undefined, { signal });
    });
    const handle = await start('steps', step(code, HELD));
    await until(() => seen.length === 1);
    await client.workflowService.resetActivity(named(handle));
    await until(() => seen.length === 2);

    expect(await failureBefore(handle)).toMatchObject({ applicationFailureInfo: { type: 'ActivityReset' } });
  });

  story('1 7 a reset of a later attempt stops it; the next one has its number, and its own turn', async (world) => {
    const { start, step, client } = world;
    const system = externalSystem();
    const { seen, code } = noted(async (input: string) => {
      const context = taskContext();
      if (seen.length > 1) return context.run(system.job(), input);
      await context.submit(system.job(), input);
      throw new Error('fell over');
    });
    const handle = await start('steps', step(code, HELD));
    await until(() => system.looks > 0);
    await client.workflowService.resetActivity(named(handle));
    await until(() => seen.length === 3);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2, 2]);
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
  });

  story('1 an attempt 1 that follows a reset in backoff finds the job of the attempt 1 before', async (world) => {
    const { start, step, client } = world;
    const system = externalSystem();
    const { seen, code } = noted(async (input: string) => {
      const context = taskContext();
      if (seen.length === 2) return context.run(system.job(), input);
      await context.submit(system.job(), input);
      throw new Error('fell over');
    });
    const handle = await start('steps', step(code, { ...HELD, retry: { initialInterval: '1 hour' } }));
    await inBackoff(client, handle);
    await client.workflowService.resetActivity(named(handle));
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 1]);
    expect(system.submits).toBe(1);
  });

  story('5 a pause leaves the external job running, and the attempt after it finds it', async ({ start, step, client }) => {
    const system = externalSystem();
    const { seen, code } = noted(resumableActivity(system.job()));
    const handle = await start('steps', step(code, HELD));
    await until(() => system.looks > 0);
    await client.workflowService.pauseActivity(named(handle));
    await until(async () => {
      const activity = await pending(client, handle);
      return activity?.paused === true && activity.attempt === 2;
    });
    const { looks } = system;
    expect(seen).toHaveLength(1);
    await client.workflowService.unpauseActivity(named(handle));
    await until(() => system.looks > looks);
    system.succeed();

    expect(await handle.result()).toBe('result of job-1');
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
  });

  story('18 an attempt that outlives its heartbeat timeout is refused once the next one has begun', async (world) => {
    const system = externalSystem();
    const refusals: unknown[] = [];
    const { seen, code } = noted(async (input: string) => {
      const context = taskContext<{ by: number }>();
      await context.submit(system.job(), input);
      if (seen.length > 1) {
        await context.state.set('by', 2);
        return context.run(system.job(), input);
      }
      await until(() => system.looks > 0);
      await context.state.set('by', 1).catch((error: unknown) => refusals.push(error));
      expect(context.signal.aborted).toBe(true);
      system.succeed();
      return context.run(system.job(), input);
    });
    // A worker whose heartbeats do not come.
    const result = await world.withWorker({ state: { heartbeat: '1h' } }, ({ run }) =>
      run('steps', world.step(code, { ...HELD, heartbeatTimeout: '1s' })),
    );

    expect(result).toBe('result of job-1');
    expect(refusals).toMatchObject([{ code: 'mooring.stale-attempt' }]);
    expect(system.submits).toBe(1);
  });

  story(
    '23 two attempts in one submit: the external system that knows the key has one job, and the newer attempt it',
    async (world) => {
      const system = externalSystem({ kind: 'keyed' });
      const { seen, code } = noted(resumableActivity(system.job({ submitTimeout: '20s' })));
      system.beforeReply = () => (system.submits === 1 ? until(() => system.submits === 2) : system.succeed());
      const result = await world.withWorker({ state: { heartbeat: '1h' } }, ({ run }) =>
        run('steps', world.step(code, { ...HELD, heartbeatTimeout: '1s' })),
      );

      expect(result).toBe('result of job-1');
      expect(seen.length).toBeGreaterThan(1);
      expect(system).toMatchObject({ submits: 2, jobs: [{ id: 'job-1' }] });
    },
  );

  story('5 a worker that shuts down leaves the external job to the next worker', async ({ step, withWorker }) => {
    const system = externalSystem();
    const store = memoryStateStore();
    const { seen, code } = noted(resumableActivity(system.job()));
    const { taskQueue, handle } = await withWorker({ store }, async (worker) => {
      const started = await worker.start('steps', step(code, HELD));
      await until(() => system.looks > 0);
      return { taskQueue: worker.taskQueue, handle: started };
    });
    expect(system.cancelled).toEqual([]);
    system.succeed();
    const result = await withWorker({ store, taskQueue }, () => handle.result());

    expect(result).toBe('result of job-1');
    expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(system.submits).toBe(1);
  });

  story('14 15 two workers share one plugin and one store, and the first to stop closes nothing', async (world) => {
    const { rig, step, withWorker } = world;
    const system = externalSystem();
    const store = memoryStateStore();
    const plugins = [mooringPlugin(store)];
    const { seen, code } = noted(resumableActivity(system.job()));
    const result = await withWorker({ plugins }, async ({ taskQueue, start }) => {
      // One connection has one worker for a queue.
      const connection = await NativeConnection.connect({ address: rig.address });
      const handle = await withWorker({ plugins, taskQueue, connection }, async () => {
        const started = await start('steps', step(code, HELD));
        await until(() => system.looks > 0);
        return started;
      });
      await connection.close();
      system.succeed();
      return handle.result();
    });

    expect(result).toBe('result of job-1');
    expect(seen.length).toBeLessThanOrEqual(2);
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
    await expect(store.asset({ name: 'still-open' }).get('key')).resolves.toBeUndefined();
  });
});
