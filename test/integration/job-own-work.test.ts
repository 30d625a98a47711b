import { describe, expect, test } from '@jest/globals';
import { externalJob, jobRecords } from '../../src/index.ts';
import { fakeClock, memoryObjectStore, memoryStateStore } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { TASK, testRuntime } from '../support/runtime.ts';

/** An attempt's own work is not what an earlier one left behind: neither its writes nor its submissions. */

function setting() {
  const clock = fakeClock();
  const store = memoryStateStore({ clock });
  return { clock, store, system: externalSystem({ clock, activeLooks: 1 }), task: testRuntime(store) };
}

const failing = { getStatus: async () => ({ state: 'failed', reason: 'bad input' }) as const };

describe('writes of one attempt to an asset', () => {
  const asset = { name: 'counts' };

  test('by the task, by two items and by the same item twice are all kept', async () => {
    const { store, task } = setting();
    const { context } = await task.start();
    const versions = new Set<string>();
    for (const [value, ctx] of [context, context.item('a'), context.item('b'), context.item('b')].entries()) {
      versions.add((await ctx.asset(asset).set('last', value)).version);
      expect(await store.asset(asset).get('last')).toBe(value);
    }

    expect(versions.size).toBe(4);
  });

  test('that update it at the same time are all counted', async () => {
    const { store, task } = setting();
    const { context } = await task.start();
    const add = (item: string): Promise<unknown> =>
      context
        .item(item)
        .asset(asset)
        .update('sum', (sum = 0) => (sum as number) + 1);
    await Promise.all(['a', 'b', 'c'].map(add));

    expect(await store.asset(asset).get('sum')).toBe(3);
  });
});

test('a stream of an attempt that has ended leaves nothing', async () => {
  const objectStore = memoryObjectStore();
  const task = testRuntime(memoryStateStore({ objectStore, clock: fakeClock() }));
  const attempt = await task.start();
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      if ((given += 1) === 5) attempt.abort(new Error('the worker closes'));
      yield Promise.resolve(new Uint8Array(2 ** 20));
    }
  }
  await expect(attempt.context.state.setStream('k', endless())).rejects.toThrow('the worker closes');
  expect(given).toBeLessThan(8);
  const keys: string[] = [];
  for await (const { key } of objectStore.list('default/flow/')) keys.push(key);

  expect(keys).toEqual([]);
});

describe('a submission of this attempt', () => {
  test('that failed before the first look of a run() after submit() is this attempt’s failure', async () => {
    const { system, task } = setting();
    const job = system.job(failing);

    await expect(
      task.attempt(async (ctx) => {
        await ctx.submit(job, 'clip');
        await ctx.run(job, 'clip');
      }),
    ).rejects.toMatchObject({ code: 'mooring.external-job-failed', submission: 1 });
    expect(system.jobs).toHaveLength(1);
  });

  test('that took over an unresolved one stays so for the run() after submit()', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ kind: 'keyed', clock, activeLooks: 1 });
    const task = testRuntime(store);
    const job = system.job(failing);
    await task.attempt((ctx) => ctx.run(job, 'clip'), { killAt: 'G5' }).catch(() => undefined);
    const same = { attempt: 1 };
    const outcome = task.attempt(async (ctx) => {
      await ctx.submit(job, 'clip');
      await ctx.run(job, 'clip');
    }, same);

    await expect(outcome).rejects.toMatchObject({ code: 'mooring.external-job-failed', submission: 1 });
    expect(system.jobs).toHaveLength(1);
  });

  test.each(['run', 'submit and run'])(
    'that goes missing is submitted again by the next attempt, not by this one: %s',
    async (how) => {
      const { system, store, task } = setting();
      let endless = 0;
      const job = externalJob({
        ...system.job(),
        onMissing: 'resubmit',
        submit: async (): Promise<string> => {
          if ((endless += 1) > 5) throw new Error('endless');
          return `gone-${endless}`;
        },
      });
      const attempt = () =>
        task.attempt(async (ctx) => {
          if (how !== 'run') await ctx.submit(job, 'clip');
          await ctx.run(job, 'clip');
        });

      for (const submission of [1, 2]) {
        await expect(attempt()).rejects.toMatchObject({
          code: 'mooring.external-job-missing',
          retryable: true,
          externalId: `gone-${submission}`,
        });
        expect(endless).toBe(submission);
        expect(await jobRecords(store).get(TASK)).toMatchObject({ state: 'failed', submission });
      }
    },
  );
});
