import { describe, expect } from '@jest/globals';
import { resumableActivity, taskContext, type ActivityScope } from '../../../adapters/temporal/index.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { declareStories, noted, resetAfterOneStep } from './world.ts';

/** Whose state an activity finds, on a real server: how many external jobs two activities come to that do the same work. */

const INPUT = { args: ['clip'] };
const BEATS = { heartbeatTimeout: '1 minute', retry: { initialInterval: 10, backoffCoefficient: 1 } } as const;

const SCOPES: readonly { name: string; scope(): ActivityScope; shared: boolean }[] = [
  { name: 'activity', scope: () => 'activity', shared: false },
  { name: 'workflowRun', scope: () => ({ workflowRun: 'job' }), shared: false },
  { name: 'workflow', scope: () => ({ workflow: 'job' }), shared: true },
  { name: 'one of its own', scope: () => ({ flow: 'video', run: `video-${Math.random()}`, task: 'transcode' }), shared: true },
];

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  for (const { name, scope, shared } of SCOPES) {
    const jobs = shared ? 1 : 2;

    story(
      `2 the next run of a workflow has a job of its own in the scope ${name}, once that of the run before ended`,
      async (world) => {
        const system = externalSystem();
        system.succeed();
        const activity = resumableActivity(system.job(), { scope: scope() });

        expect(await world.run('twoRuns', world.step(activity, { ...INPUT, ...BEATS }))).toBe('result of job-2');
        expect(system.submits).toBe(2);
      },
    );

    story(
      `2 a workflow that is reset ${shared ? 'finds' : 'does not find'} the running job in the scope ${name}`,
      async ({ start, step, client }) => {
        const system = externalSystem();
        const { seen, code } = noted(resumableActivity(system.job(), { scope: scope() }));
        const handle = await start(
          'steps',
          step(async () => undefined),
          step(code, { ...INPUT, ...BEATS }),
        );
        await until(() => system.looks > 0);
        const runId = await resetAfterOneStep(client, handle);
        await until(() => seen.length === 2);
        await until(() => system.submits === jobs);
        system.succeed();

        expect(await client.workflow.getHandle(handle.workflowId, runId).result()).toBe(`result of job-${jobs}`);
        expect(system.submits).toBe(jobs);
        // The attempt that belongs to the old run was not told to cancel anything.
        expect(system.cancelled).toEqual([]);
      },
    );
  }

  story('2 what is kept in ctx.state of a workflow survives its runs', async ({ run, step }) => {
    const system = externalSystem();
    system.succeed();
    const code = (input: string): Promise<unknown> => {
      const context = taskContext({ workflow: 'job' });
      return context.state.getOrSet('result', () => context.run(system.job(), input));
    };

    expect(await run('twoRuns', step(code, { ...INPUT, ...BEATS }))).toBe('result of job-1');
    expect(system.submits).toBe(1);
  });

  story('3 an activity ID that is used again within a run is another activity', async ({ run, step }) => {
    const system = externalSystem();
    system.succeed();
    const mine = step(resumableActivity(system.job()), { ...INPUT, ...BEATS, activityId: 'mine' });

    expect(await run('steps', mine, mine)).toBe('result of job-2');
    expect(system.submits).toBe(2);
  });

  story('4 a local activity that chooses no scope fails, and says what to do', async ({ start, step }) => {
    const code = async (): Promise<unknown> => taskContext().state.get('key');
    const failure = { type: 'mooring.config', nonRetryable: true, details: [{ option: 'scope' }] };
    const handle = await start('local', step(code));
    const message = expect.stringContaining('workflowRun');

    await expect(handle.result()).rejects.toMatchObject({ cause: { ...failure, message } });
  });

  story('4 a local activity that chooses one finds its external job under its next ID', async ({ run, step }) => {
    const system = externalSystem();
    const { seen, code } = noted(async (input: string) => {
      const context = taskContext({ workflowRun: 'job' });
      if (seen.length === 2) return context.run(system.job(), input);
      await context.submit(system.job(), input);
      system.succeed();
      throw new Error('fell over');
    });
    const options = { localRetryThreshold: 10, retry: { initialInterval: 200 } };

    expect(await run('local', step(code, INPUT), options)).toBe('result of job-1');
    expect(new Set(seen.map(({ activityId }) => activityId)).size).toBe(2);
    expect(system.submits).toBe(1);
  });
});
