import { describe, expect } from '@jest/globals';
import { resumableActivity, taskContext, type ActivityScope } from '../../../adapters/temporal/index.ts';
import { GENERATIONS } from '../../support/temporal.ts';
import { until } from '../../support/until.ts';
import { farSide, noted } from './far-side.ts';
import { declareStories, resetAfterOneStep } from './world.ts';

/** Whose state an activity finds, on a real server: how many external jobs two activities come to that do the same work. */

const INPUT = { args: ['clip'] };
const BEATS = { heartbeatTimeout: '5s', retry: { initialInterval: 10, backoffCoefficient: 1 } } as const;

const SCOPES: readonly { name: string; scope(): ActivityScope; jobs: number }[] = [
  { name: 'activity', scope: () => 'activity', jobs: 2 },
  { name: 'workflowRun', scope: () => ({ workflowRun: 'job' }), jobs: 2 },
  { name: 'workflow', scope: () => ({ workflow: 'job' }), jobs: 1 },
  { name: 'one of its own', scope: () => ({ flow: 'video', run: `video-${Math.random()}`, task: 'transcode' }), jobs: 1 },
];

describe.each(GENERATIONS)('%s', (generation) => {
  const story = declareStories(generation);

  for (const { name, scope, jobs } of SCOPES) {
    const shared = jobs === 1 ? 'finds' : 'does not find';

    story(`2 the next run of a workflow ${shared} the external job in the scope ${name}`, async ({ run, step }) => {
      const far = farSide();
      far.succeed();
      const result = await run('twoRuns', step(resumableActivity(far.job, { scope: scope() }), { ...INPUT, ...BEATS }));
      expect(result).toBe(`result of clip-${jobs}`);
      expect(far.submits).toHaveLength(jobs);
    });

    story(`2 a workflow that is reset ${shared} the external job in the scope ${name}`, async ({ start, step, client }) => {
      const far = farSide();
      const { seen, code } = noted(resumableActivity(far.job, { scope: scope() }));
      const handle = await start(
        'steps',
        step(async () => undefined),
        step(code, { ...INPUT, ...BEATS }),
      );
      await until(() => far.looks > 0);
      const runId = await resetAfterOneStep(client, handle);
      await until(() => seen.length === 2);
      await until(() => far.submits.length === jobs);
      far.succeed();
      expect(await client.workflow.getHandle(handle.workflowId, runId).result()).toBe(`result of clip-${jobs}`);
      expect(far.submits).toHaveLength(jobs);
      // The attempt that belongs to the old run was not told to cancel anything.
      expect(far.cancelled).toEqual([]);
    });
  }

  story('3 an activity ID that is used again within a run is another activity', async ({ run, step }) => {
    const far = farSide();
    far.succeed();
    const mine = step(resumableActivity(far.job), { ...INPUT, ...BEATS, activityId: 'mine' });
    expect(await run('steps', mine, mine)).toBe('result of clip-2');
    expect(far.submits).toHaveLength(2);
  });

  story('4 a local activity that chooses no scope fails, and says what to do', async ({ start, step }) => {
    const code = async (): Promise<unknown> => taskContext().state.get('key');
    const failure = { type: 'mooring.config', nonRetryable: true, details: [{ option: 'scope' }] };
    const handle = await start('local', step(code));
    const message = expect.stringContaining('workflowRun');
    await expect(handle.result()).rejects.toMatchObject({ cause: { ...failure, message } });
  });

  story('4 a local activity that chooses one finds its external job under its next ID', async ({ run, step }) => {
    const far = farSide();
    const { seen, code } = noted(async (input: string) => {
      const context = taskContext({ workflowRun: 'job' });
      if (seen.length === 2) return context.run(far.job, input);
      await context.submit(far.job, input);
      far.succeed();
      throw new Error('fell over');
    });
    const options = { localRetryThreshold: 10, retry: { initialInterval: 200 } };
    expect(await run('local', step(code, INPUT), options)).toBe('result of clip-1');
    expect(new Set(seen.map(({ activityId }) => activityId)).size).toBe(2);
    expect(far.submits).toHaveLength(1);
  });
});
