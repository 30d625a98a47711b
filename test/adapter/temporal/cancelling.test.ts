import { describe, expect } from '@jest/globals';
import type { WorkflowHandle } from '@temporalio/client';
import { cancellingActivity, completeActivity, resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { resumableOptions } from '../../../adapters/temporal/workflow.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { externalSystem, type ExternalSystem } from '../../support/external-system.ts';
import { declareStories, failureOf, inBackoff, noted, pending, type World } from './world.ts';

/** Who cancels an external job when a workflow is cancelled, on a real server: the activity that waits, or one of its own. */

const SCOPE = { workflowRun: 'preview' };
const INPUT = { args: ['clip'] };
const BEATS = { heartbeatTimeout: '1 minute' } as const;

async function expectCancelled(handle: WorkflowHandle): Promise<void> {
  await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
}

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  story('5 a cancelled workflow cancels the external job of an activity that holds it', async ({ start, step }) => {
    const system = externalSystem();
    const handle = await start('steps', step(resumableActivity(system.job()), { ...INPUT, ...resumableOptions('hold', BEATS) }));
    await until(() => system.looks > 0);
    await handle.cancel();
    await expectCancelled(handle);

    expect(system).toMatchObject({ submits: 1, cancelled: ['job-1 requested'] });
  });

  story('5 also where that takes longer than its heartbeatTimeout', async ({ start, step, client }) => {
    let heard = 0;
    let handle: WorkflowHandle;
    const cancel = async (): Promise<void> => {
      const begun = Date.now();
      heard += 1;
      await until(async () => {
        const { seconds } = (await pending(client, handle))?.lastHeartbeatTime ?? {};
        return Number(seconds ?? 0) * 1_000 > begun + 5_000;
      });
    };
    const system = externalSystem();
    const options = resumableOptions('hold', { heartbeatTimeout: '5s' });
    handle = await start('steps', step(resumableActivity(system.job({ cancel })), { ...INPUT, ...options }));
    await until(() => system.looks > 0);
    await handle.cancel();
    await expectCancelled(handle);

    expect(heard).toBe(1);
  });

  story('11 where the activity of a cancelled workflow times out instead, the cancelling activity does it', async (world) => {
    const { start, step } = world;
    const system = externalSystem();
    // Without a heartbeat timeout it never hears of the cancellation, and to the server it is gone once its time is over.
    const deaf = async (input: string): Promise<unknown> => {
      await taskContext(SCOPE).submit(system.job(), input);
      return until(() => system.cancelled.length > 0);
    };
    const { heartbeatTimeout: _, ...silent } = resumableOptions('hold');
    const options = { ...silent, startToCloseTimeout: '6s', retry: { maximumAttempts: 1 } } as const;
    const cancel = step(cancellingActivity(system.job(), SCOPE), { ...INPUT, ...BEATS });
    const handle = await start('cancellable', step(deaf, { ...INPUT, ...options }), cancel);
    await until(() => system.submits === 1);
    await handle.cancel();

    expect((await failureOf(handle)).cause.name).toBe('TimeoutFailure');
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  story('11 between two attempts, where no code of the activity runs, the cancelling activity does it', async (world) => {
    const { start, step, client } = world;
    const system = externalSystem();
    const { seen, code } = noted(
      resumableActivity(system.job({ pollInterval: '10m' }), { scope: SCOPE, wait: { mode: 'release', holdFor: 1 } }),
    );
    const cancel = step(cancellingActivity(system.job({ pollInterval: '10m' }), SCOPE), { ...INPUT, ...BEATS });
    const handle = await start('cancellable', step(code, { ...INPUT, ...BEATS }), cancel);
    await inBackoff(client, handle);
    await handle.cancel();
    await expectCancelled(handle);

    expect(system).toMatchObject({ submits: 1, cancelled: ['job-1 requested'] });
    expect(seen).toHaveLength(1);
  });

  story('11 so it does while a webhook is awaited, and the webhook is too late', async ({ start, step, client }) => {
    const system = externalSystem();
    const wait = { mode: 'async' } as const;
    const cancel = step(cancellingActivity(system.job(), SCOPE), { ...INPUT, ...BEATS });
    const handle = await start('cancellable', step(resumableActivity(system.job(), { scope: SCOPE, wait }), INPUT), cancel);
    await until(() => system.looks > 0);
    await handle.cancel();
    await expectCancelled(handle);

    expect(system).toMatchObject({ submits: 1, cancelled: ['job-1 requested'] });
    expect(await completeActivity(client.activity, system.jobs[0]?.callbackToken ?? '', { result: 'late' })).toBe(false);
  });

  story('it supersedes an attempt that is still alive', async ({ start, step }) => {
    const system = externalSystem();
    const activity = resumableActivity(system.job(), { scope: SCOPE });
    // Without a heartbeat timeout no cancellation arrives.
    const { code, ends } = ending(activity);
    const handle = await start(
      'cancellable',
      step(code, INPUT),
      step(cancellingActivity(system.job(), SCOPE), { ...INPUT, ...BEATS }),
    );
    await until(() => system.looks > 0);
    await handle.cancel();
    await expectCancelled(handle);
    expect(system.cancelled).toEqual(['job-1 requested']);
    system.succeed();
    await until(() => ends.length === 1);

    expect(ends).toMatchObject([{ code: 'mooring.stale-attempt' }]);
  });

  story('it does nothing where no job was submitted', async ({ start, step, client }) => {
    const system = externalSystem();
    const fails = async (): Promise<never> => {
      throw new Error('not yet');
    };
    const cancel = step(cancellingActivity(system.job(), SCOPE), { ...INPUT, ...BEATS });
    const handle = await start('cancellable', step(fails, { retry: { initialInterval: '10m' } }), cancel);
    await inBackoff(client, handle);
    await handle.cancel();
    await expectCancelled(handle);

    expect(system).toMatchObject({ submits: 0, cancelled: [] });
  });

  /** A workflow that was cancelled after its one submit was accepted and the reply lost. */
  async function cancelledUnresolved(world: World, system: ExternalSystem, input: readonly string[]): Promise<WorkflowHandle> {
    const { start, step, client } = world;
    system.beforeReply = () => Promise.reject(new Error('connection lost'));
    const submitting = resumableActivity(system.job(), { scope: SCOPE });
    const work = step(submitting, { ...INPUT, ...BEATS, retry: { initialInterval: '10m' } });
    const cancel = step(cancellingActivity(system.job(), SCOPE), { args: input, ...BEATS, retry: { maximumAttempts: 3 } });
    const handle = await start('cancellable', work, cancel);
    await inBackoff(client, handle);
    await handle.cancel();
    return handle;
  }

  story('23 it finds the job of a submit whose reply was lost, where the external system can be searched', async (world) => {
    const system = externalSystem({ kind: 'findable' });
    await expectCancelled(await cancelledUnresolved(world, system, ['clip']));

    expect(system).toMatchObject({ submits: 1, cancelled: ['job-1 requested'] });
  });

  for (const [kind, input] of [
    ['plain', ['clip']],
    ['keyed', ['clip']],
    ['findable', []],
  ] as const) {
    const given = input.length > 0 ? 'with' : 'without';
    story(
      `24 it says what it cannot know of a ${kind} external system, ${given} the input, and leaves it to a person`,
      async (world) => {
        const system = externalSystem({ kind });
        const { cause } = await failureOf(await cancelledUnresolved(world, system, input));

        expect(cause).toMatchObject({ type: 'mooring.ambiguous-submit', nonRetryable: true });
        expect(cause.details).toMatchObject([{ key: 'external_job_id', submission: 1, idempotencyKey: expect.any(String) }]);
        // The keyed submit was repeated inside the attempt, with its one key.
        expect(system).toMatchObject({ jobs: [{ id: 'job-1' }], cancelled: [] });
      },
    );
  }

  story('23 it waits for a submit that is on its way, and no longer than for the reply', async ({ start, step }) => {
    const system = externalSystem({ kind: 'findable' });
    let reply = (): void => undefined;
    system.beforeReply = () => new Promise<void>((resolve) => (reply = resolve));
    const { seen, code } = noted(cancellingActivity(system.job({ submitTimeout: '10m' }), SCOPE));
    const work = step(resumableActivity(system.job({ submitTimeout: '10m' }), { scope: SCOPE }), INPUT);
    const handle = await start('cancellable', work, step(code, { ...INPUT, ...BEATS }));
    await until(() => system.submits === 1);
    await handle.cancel();
    await until(() => seen.length === 1);
    expect(system.cancelled).toEqual([]);
    reply();
    await expectCancelled(handle);

    expect(system).toMatchObject({ submits: 1, cancelled: ['job-1 requested'] });
  });
});

/** Code with what each attempt of it ended with. */
function ending(activity: (input: string) => Promise<unknown>) {
  const ends: unknown[] = [];
  const code = async (input: string): Promise<unknown> => {
    try {
      return await activity(input);
    } catch (error) {
      ends.push(error);
      throw error;
    }
  };
  return { ends, code };
}
