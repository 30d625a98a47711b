import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { externalSystem } from '../../support/external-system.ts';
import { temporalRig, type TemporalRig } from './rig.ts';

let rig: TemporalRig;
beforeAll(async () => {
  rig = await temporalRig();
});
afterAll(() => rig?.stop());

describe('an activity', () => {
  test('submits once, waits and returns the result', async () => {
    const system = externalSystem({ activeLooks: 1 });

    const result = await rig.withWorker({ activities: { transcode: resumableActivity(system.job()) } }, ({ run }) =>
      run('steps', { activity: 'transcode', args: ['clip'] }),
    );

    expect(result).toBe('result of job-1');
    expect(system).toMatchObject({ submits: 1, cancelled: [] });
  });

  test('that fails after its submit reconnects in the next attempt', async () => {
    const system = externalSystem({ activeLooks: 0 });
    const attempts: number[] = [];
    const activities = {
      async flaky(input: string): Promise<unknown> {
        const ctx = taskContext();
        attempts.push(ctx.attempt);
        await ctx.submit(system.job(), input);
        if (ctx.attempt === 1) throw new Error('the worker fell over');
        return ctx.run(system.job(), input);
      },
    };

    const result = await rig.withWorker({ activities }, ({ run }) =>
      run('steps', { activity: 'flaky', args: ['clip'], options: { retry: { initialInterval: '10ms' } } }),
    );

    expect(result).toBe('result of job-1');
    expect(attempts).toEqual([1, 2]);
    expect(system.submits).toBe(1);
  });
});
