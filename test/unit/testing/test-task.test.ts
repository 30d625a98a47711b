import { describe, expect, test } from '@jest/globals';
import { createStateStore, externalJob, isSuspension } from '../../../src/index.ts';
import { fakeClock, KilledError, memoryMetastore, memoryStateStore, testTask, type Gap } from '../../../src/testing.ts';
import { externalSystem } from '../../support/external-system.ts';

describe('memoryStateStore()', () => {
  test('remembers its events', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    const system = externalSystem({ clock, activeLooks: 1 });

    await testTask(store).attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(store.events.map(({ type }) => type)).toEqual(['decision']);
  });

  test('hands its events on', async () => {
    const heard: string[] = [];
    const clock = fakeClock();
    const store = memoryStateStore({ clock, onEvent: ({ type }) => void heard.push(type) });
    const system = externalSystem({ clock, activeLooks: 1 });

    await testTask(store).attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(heard).toEqual(['decision']);
  });

  test('stores that share a metastore share their state', async () => {
    const metastore = memoryMetastore();
    await memoryStateStore({ metastore }).asset({ name: 'a' }).set('k', 1);

    expect(await createStateStore({ metastore }).asset({ name: 'a' }).get('k')).toBe(1);
    expect(await memoryStateStore().asset({ name: 'a' }).get('k')).toBeUndefined();
  });
});

describe('testTask()', () => {
  test('each attempt is the next try of one task', async () => {
    const task = testTask<{ cursor: number }>(memoryStateStore({ clock: fakeClock() }), {
      flow: 'f',
      run: 'r',
      task: 't',
      itemKey: 'x',
    });
    const tries = [];
    for (const _ of [1, 2, 3]) {
      tries.push(
        await task.attempt(async (ctx) => {
          expect(ctx.scope).toEqual({ flow: 'f', run: 'r', task: 't', itemKey: 'x' });
          return [ctx.attempt, await ctx.state.update('cursor', (cursor = 0) => cursor + 1)];
        }),
      );
    }

    expect(tries).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
    ]);
  });

  test('an attempt that throws, throws', async () => {
    const task = testTask<{ step: string }>(memoryStateStore({ clock: fakeClock() }));
    const failing = task.attempt(async (ctx) => {
      await ctx.state.set('step', 'one');
      throw new TypeError('a bug');
    });

    await expect(failing).rejects.toThrow('a bug');
  });

  test('an attempt goes on from one that threw', async () => {
    const task = testTask<{ step: string }>(memoryStateStore({ clock: fakeClock() }));
    const failing = task.attempt(async (ctx) => {
      await ctx.state.set('step', 'one');
      throw new TypeError('a bug');
    });

    await expect(failing).rejects.toThrow('a bug');
    expect(await task.attempt((ctx) => ctx.state.get('step'))).toBe('one');
  });

  const gaps = Array.from({ length: 12 }, (_, index) => `G${index + 1}` as Gap);
  test.each(gaps)('%s ends an attempt as a kill would: no catch, no finally, no further call', async (gap) => {
    const clock = fakeClock();
    const system = externalSystem({ kind: 'keyed', clock, activeLooks: 1 });
    const task = testTask(memoryStateStore({ clock }));
    const after: string[] = [];
    const attempt = task.attempt(
      async (ctx) => {
        const beside = (async () => {
          for (;;) {
            await clock.sleep(10);
            await ctx.state.set('tick', clock.now());
            after.push('tick');
            if (after.length > 10_000) throw new Error('it goes on');
          }
        })();
        beside.catch(() => after.push('caught'));
        try {
          return await ctx.run(system.job(), 'clip');
        } catch (error) {
          after.push('caught');
          throw error;
        } finally {
          if (gap !== 'G12') after.push('finally');
        }
      },
      { killAt: gap },
    );
    const error = await attempt.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KilledError);
    expect(error).toMatchObject({ gap, name: 'KilledError' });
    const [ticks, calls] = [after.filter((what) => what === 'tick').length, system.calls.length];
    for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => void setImmediate(resolve));
    // By G12 the process itself has come to its end.
    if (gap !== 'G12') expect(after.filter((what) => what !== 'tick')).toEqual([]);

    expect(after.filter((what) => what === 'tick')).toHaveLength(ticks);
    expect(system.calls).toHaveLength(calls);
    expect(await task.attempt((ctx) => ctx.run(system.job(), 'clip'))).toBe('result of job-1');
  });

  test('a gap that is not reached kills nobody', async () => {
    const task = testTask(memoryStateStore({ clock: fakeClock() }));

    expect(await task.attempt(async () => 1, { killAt: 'G9' })).toBe(1);
  });

  test('a plain external system whose first attempt died before its fence is submitted to once', async () => {
    const clock = fakeClock();
    const system = externalSystem({ clock, activeLooks: 1 });
    const task = testTask(memoryStateStore({ clock }));
    clock.advance('5m');
    await expect(task.attempt((ctx) => ctx.run(system.job(), 'clip'), { killAt: 'G1' })).rejects.toBeInstanceOf(KilledError);
    clock.advance('5m');
    await task.attempt((ctx) => ctx.run(system.job(), 'clip'));

    expect(system.jobs).toHaveLength(1);
  });

  test('a task that releases is started again from its top, after that time', async () => {
    const clock = fakeClock();
    const system = externalSystem({ clock, activeLooks: 20 });
    const task = testTask(memoryStateStore({ clock }));
    const starts: number[] = [];
    const result = await task.attempt((ctx) => {
      starts.push(ctx.attempt);
      return ctx.run(system.job(), 'clip', { wait: { mode: 'release', holdFor: '10s' } });
    });

    expect(result).toBe('result of job-1');
    expect(starts.length).toBeGreaterThan(5);
    expect(new Set(starts)).toEqual(new Set([1]));
    expect(system.jobs).toHaveLength(1);
  });

  test('a signal is a person’s cancellation', async () => {
    const clock = fakeClock();
    const system = externalSystem({ clock, activeLooks: 1 });
    const controller = new AbortController();
    const job = system.job({ getStatus: async () => (controller.abort(new Error('stop')), { state: 'active' }) });
    const error = await testTask(memoryStateStore({ clock }))
      .attempt((ctx) => ctx.run(job, 'clip'), { signal: controller.signal })
      .catch((thrown: unknown) => thrown);

    expect(error).toEqual(new Error('stop'));
    expect(isSuspension(error)).toBe(true);
    expect(system.cancelled).toEqual(['job-1 requested']);
  });

  test('after success the state ends, as under a runtime', async () => {
    const clock = fakeClock();
    const store = memoryStateStore({ clock });
    await testTask(store).attempt((ctx) => ctx.state.set('k', 1));
    clock.advance('25h');

    expect(await store.task({ flow: 'test', run: '1', task: 'task' }).get('k')).toBeUndefined();
  });

  test('the types of an external job flow through', async () => {
    const job = externalJob({
      submit: async (_: { n: number }) => 7,
      getStatus: async () => ({ state: 'succeeded' as const }),
      getResult: async (id) => id + 1,
    });
    const result: number = await testTask(memoryStateStore({ clock: fakeClock() })).attempt((ctx) => ctx.run(job, { n: 1 }));

    expect(result).toBe(8);
  });
});
