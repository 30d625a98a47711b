import { describe, expect } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { cancellingActivity, resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { StoreUnavailableError, type StateStore } from '../../../src/index.ts';
import { memoryMetastore, memoryStateStore } from '../../../src/testing.ts';
import { interceptMetastore } from '../../support/intercept.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { declareStories, failureOf, grownStore, noted, pending } from './world.ts';

/** How an attempt ends on a real server: by a deploy, an outage of the store, a result that is too large; and what keeps it alive. */

const INPUT = { args: ['clip'] };
const SOON = { initialInterval: 10, backoffCoefficient: 1 };
const HELD = { ...INPUT, heartbeatTimeout: '1 minute', retry: SOON } as const;

/** A store that is away until it is repaired. */
function awayStore(): { store: StateStore; repair(): void } {
  let away = true;
  const metastore = interceptMetastore(memoryMetastore(), ({ method }, proceed) => {
    if (away && method === 'fences.begin') throw new StoreUnavailableError('connection refused', { store: 'memory' });
    return proceed();
  });
  return { store: memoryStateStore({ metastore }), repair: () => void (away = false) };
}

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  story(
    'a worker that shuts down hands a wait to the next worker at once, whatever its grace is',
    async ({ step, withWorker }) => {
      const system = externalSystem();
      const store = await grownStore();
      const { seen, code } = noted(resumableActivity(system.job()));
      const { taskQueue, handle } = await withWorker({ store, shutdownGraceTime: '1h' }, async (worker) => {
        const started = await worker.start('steps', step(code, HELD));
        await until(() => system.looks > 0);
        return { taskQueue: worker.taskQueue, handle: started };
      });
      system.succeed();

      expect(await withWorker({ store, taskQueue }, () => handle.result())).toBe('result of job-1');
      expect(seen.map(({ attempt }) => attempt)).toEqual([1, 2]);
      expect(system).toMatchObject({ submits: 1, cancelled: [] });
    },
  );

  story('one that gives grace lets an activity finish that does not wait for an external job', async ({ step, withWorker }) => {
    const store = await grownStore();
    let begun = false;
    const { seen, code } = noted(async () => {
      const { state } = taskContext<{ pages: number }>();
      begun = true;
      await until(() => stopping());
      await state.set('pages', 3);
      return state.get('pages');
    });
    let stopping = (): boolean => false;
    const handle = await withWorker({ store, shutdownGraceTime: '20s' }, async ({ start, worker }) => {
      stopping = () => worker.getState() !== 'RUNNING';
      const started = await start('steps', step(code, HELD));
      await until(() => begun);
      return started;
    });
    const { events } = await handle.fetchHistory();
    expect(events?.some(({ activityTaskCompletedEventAttributes: completed }) => completed)).toBe(true);
    expect(seen).toHaveLength(1);
    await handle.terminate();
  });

  story('a store that is away costs an activity of few attempts none', async ({ step, withWorker }) => {
    const system = externalSystem({ kind: 'keyed' });
    system.succeed();
    const { store, repair } = awayStore();
    const { seen, code } = noted(resumableActivity(system.job()));
    const options = { ...HELD, retry: { ...SOON, maximumAttempts: 1 } } as const;
    const result = await withWorker({ store }, async ({ start }) => {
      const handle = await start('steps', step(code, options));
      await until(() => seen.length === 2);
      repair();
      return handle.result();
    });

    expect(result).toBe('result of job-1');
    expect(new Set(seen.map(({ attempt }) => attempt))).toEqual(new Set([1]));
    expect(system.submits).toBe(1);
  });

  story('and hands one of any number of attempts back for a while', async ({ client, step, withWorker }) => {
    const system = externalSystem({ kind: 'keyed' });
    system.succeed();
    const { store, repair } = awayStore();
    const { seen, code } = noted(resumableActivity(system.job()));
    await withWorker({ store }, async ({ start }) => {
      const handle = await start('steps', step(code, { ...HELD, retry: { ...SOON, nonRetryableErrorTypes: ['Error'] } }));
      await until(async () => (await pending(client, handle))?.lastFailure != null);
      const { lastFailure } = (await pending(client, handle)) ?? {};
      expect(lastFailure?.applicationFailureInfo).toMatchObject({ type: 'mooring.store-unavailable', nonRetryable: false });
      repair();
      expect(await handle.result()).toBe('result of job-1');
    });

    expect(seen.length).toBeGreaterThan(1);
    expect(system.submits).toBe(1);
  });

  story('a result that the server does not take fails the activity, once and for good', async ({ start, step }) => {
    const system = externalSystem();
    system.succeed();
    const { seen, code } = noted(resumableActivity(system.job({ getResult: async () => 'x'.repeat(3_000_000) })));
    const { cause } = await failureOf(await start('steps', step(code, HELD)));

    expect(cause).toMatchObject({ type: 'mooring.value-too-large', nonRetryable: true, details: [{ limit: 2_097_152 }] });
    expect(seen).toHaveLength(1);
  });

  story('21 an activity that works for longer than its heartbeatTimeout before it uses state is alive', async ({ run, step }) => {
    const { seen, code } = noted(async () => {
      const { state } = taskContext<{ k: number }>();
      const end = Date.now() + 10_000;
      await until(() => Date.now() > end);
      await state.set('k', 1);
      return Context.current().info.attempt;
    });

    expect(await run('steps', step(code, { heartbeatTimeout: '8s', retry: SOON }))).toBe(1);
    expect(seen).toHaveLength(1);
  });

  story('11 a cancelled workflow cancels the job of its input, and of no other call', async ({ start, step }) => {
    const system = externalSystem();
    const scope = (input: string): { workflowRun: string } => ({ workflowRun: `preview-${input}` });
    const wait = { mode: 'async' } as const;
    const call = (input: string): ReturnType<typeof step> =>
      step(resumableActivity(system.job(), { scope, wait }), { args: [input] });
    const cancel = step(cancellingActivity(system.job(), scope), { args: ['outro'], heartbeatTimeout: '1 minute' });
    const handle = await start('cancellable', call('outro'), cancel);
    const other = await start('cancellable', call('intro'), cancel);
    await until(() => system.submits === 2 && system.looks > 1);
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    const outro = system.jobs.find(({ input }) => input === 'outro');
    expect(system.cancelled).toEqual([`${outro?.id} requested`]);
    await other.terminate();
  });
});
