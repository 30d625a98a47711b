import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { concurrently, createQueue } from '../../../src/async/concurrency.ts';

describe('concurrently', () => {
  it('keeps the order of the items', async () => {
    const items = Array.from({ length: 50 }, (_, index) => index);

    const results = await concurrently(items, async (item) => {
      for (let turn = 0; turn < (item * 7) % 5; turn += 1) await setImmediate();
      return item * 2;
    });

    expect(results).toEqual(items.map((item) => item * 2));
  });

  it('runs no more than eight items at the same time', async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 50 }, (_, index) => index);

    await concurrently(items, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < (item * 7) % 5; turn += 1) await setImmediate();
      running -= 1;
    });

    expect(most).toBe(8);
  });

  it('gives nothing for no items', async () => {
    expect(await concurrently([], () => Promise.reject(new Error('not called')))).toEqual([]);
  });

  it('gives each item with its index, as many at the same time as it is told', async () => {
    const seen: [string, number][] = [];
    let running = 0;
    let most = 0;

    await concurrently(
      ['a', 'b', 'c', 'd', 'e'],
      async (item, index) => {
        most = Math.max(most, (running += 1));
        await setImmediate();
        seen.push([item, index]);
        running -= 1;
      },
      3,
    );

    expect(most).toBe(3);
    expect(seen.toSorted(([, a], [, b]) => a - b)).toEqual(['a', 'b', 'c', 'd', 'e'].map((item, index) => [item, index]));
  });

  it('comes to an item only when its turn comes: there may be very many', async () => {
    let seen = 0;
    const list = Array.from({ length: 20 }, (_, index) => index);
    const items = new Proxy(list, {
      get(target, name) {
        if (typeof name === 'string' && /^\d+$/.test(name)) seen += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    const seenAt: number[] = [];

    await concurrently(
      items,
      async () => {
        seenAt.push(seen);
        await setImmediate();
      },
      2,
    );

    expect(seenAt).toEqual(list.map((index) => index + 1));
  });

  it('rejects after a failure only when nothing runs any more', async () => {
    let running = 0;
    const work = concurrently(
      Array.from({ length: 50 }, (_, index) => index + 1),
      async (nth) => {
        running += 1;
        for (let turn = 0; turn < nth; turn += 1) await setImmediate();
        running -= 1;
        if (nth === 2) throw new Error('second');
      },
    );

    await expect(work).rejects.toThrow('second');
    expect(running).toBe(0);
  });

  it('begins no other item after a failure', async () => {
    let begun = 0;
    const work = concurrently(Array.from({ length: 50 }), async () => {
      begun += 1;
      const nth = begun;
      for (let turn = 0; turn < nth; turn += 1) await setImmediate();
      if (nth === 2) throw new Error('second');
    });

    await expect(work).rejects.toThrow('second');
    expect(begun).toBeLessThan(12);
  });
});

/** Some at once, the others in their order; who goes away leaves no gap. */

interface Job {
  done: Promise<unknown>;
  end(): void;
}

function rig(most: number) {
  const queue = createQueue(most);
  const running: string[] = [];
  const start = (name: string, signal?: AbortSignal): Job => {
    let end = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      end = resolve;
    });
    const done = queue(signal, async () => {
      running.push(name);
      await gate;
      running.splice(running.indexOf(name), 1);
      return name;
    });
    return { done, end };
  };
  return { running, start, queue };
}

const settle = (): Promise<void> => setImmediate();

describe('a queue', () => {
  it('lets two run at a time, in the order in which they came', async () => {
    const { running, start } = rig(2);
    const jobs = ['a', 'b', 'c', 'd'].map((name) => start(name));

    await settle();
    expect(running).toEqual(['a', 'b']);

    jobs[1]?.end();
    await settle();
    expect(running).toEqual(['a', 'c']);

    for (const job of jobs) job.end();
    expect(await Promise.all(jobs.map(({ done }) => done))).toEqual(['a', 'b', 'c', 'd']);
    expect(running).toEqual([]);
  });

  it('gives the turn of what failed to the next', async () => {
    const { running, start, queue } = rig(1);
    const failing = queue(undefined, () => Promise.reject(new Error('broke')));
    const next = start('next');

    await expect(failing).rejects.toThrow('broke');

    await settle();
    expect(running).toEqual(['next']);

    next.end();
    await next.done;
  });

  it.each(Array.from({ length: 10 }, (_, later) => later))(
    'passes over who does not wait any longer, also %d steps after its turn came',
    async (later) => {
      const { running, start } = rig(1);
      const controller = new AbortController();
      const first = start('first');
      const impatient = start('impatient', controller.signal);
      const last = start('last');
      impatient.end();
      last.end();
      await settle();
      first.end();
      for (let step = 0; step < later; step += 1) await Promise.resolve();
      controller.abort(new Error('enough'));

      const outcome = await impatient.done.catch((error: unknown) => (error as Error).message);
      expect(['enough', 'impatient']).toContain(outcome);

      await Promise.all([first.done, last.done]);
      expect(running).toEqual([]);

      const again = [start('again'), start('and again')];
      await settle();
      expect(running).toEqual(['again']);

      for (const job of again) job.end();
      await Promise.all(again.map(({ done }) => done));
    },
  );

  it('passes over who goes away long before its turn', async () => {
    const { running, start } = rig(1);
    const controller = new AbortController();
    const first = start('first');
    const impatient = start('impatient', controller.signal);
    controller.abort(new Error('enough'));

    await expect(impatient.done).rejects.toThrow('enough');

    first.end();
    await first.done;
    expect(running).toEqual([]);

    const again = start('again');
    again.end();
    expect(await again.done).toBe('again');
  });
});
