import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { resumableActivity, taskContext } from '../../../adapters/temporal/index.ts';
import { externalJob } from '../../../src/index.ts';
import { temporalRig, type TemporalRig } from './rig.ts';

let rig: TemporalRig;
beforeAll(async () => {
  rig = await temporalRig();
});
afterAll(() => rig?.stop());

function farSide(looks = 2) {
  const seen = { submits: 0, looks: 0, cancels: [] as string[], keys: [] as string[] };
  const job = externalJob({
    async submit(_input: string, { idempotencyKey }) {
      seen.submits += 1;
      seen.keys.push(idempotencyKey);
      return `job-${seen.submits}`;
    },
    getStatus: async () => ((seen.looks += 1) >= looks ? { state: 'succeeded' } : { state: 'active' }),
    getResult: async (id) => `${id} done`,
    cancel: async (id, { reason }) => void seen.cancels.push(`${id} ${reason}`),
    pollInterval: 50,
  });
  return { seen, job };
}

describe('an activity', () => {
  test('submits once, waits and returns the result', async () => {
    const { job, seen } = farSide();
    const result = await rig.withWorker({ activities: { transcode: resumableActivity(job) } }, ({ run }) =>
      run('steps', { activity: 'transcode', args: ['clip'] }),
    );
    expect(result).toBe('job-1 done');
    expect(seen).toMatchObject({ submits: 1, cancels: [] });
  });

  test('that fails after its submit reconnects in the next attempt', async () => {
    const { job, seen } = farSide(1);
    const attempts: number[] = [];
    const activities = {
      async flaky(input: string): Promise<string> {
        const ctx = taskContext();
        attempts.push(ctx.attempt);
        await ctx.submit(job, input);
        if (ctx.attempt === 1) throw new Error('the worker fell over');
        return ctx.run(job, input);
      },
    };
    const result = await rig.withWorker({ activities }, ({ run }) =>
      run('steps', { activity: 'flaky', args: ['clip'], options: { retry: { initialInterval: '10ms' } } }),
    );
    expect(result).toBe('job-1 done');
    expect(attempts).toEqual([1, 2]);
    expect(seen.submits).toBe(1);
  });
});
