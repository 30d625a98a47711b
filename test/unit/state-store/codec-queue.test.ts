import { describe, expect, it } from '@jest/globals';
import { createTurns } from '../../../src/state-store/codec-queue.ts';

/** Some at once, the others in their order; who goes away leaves no gap. */

interface Job {
  done: Promise<unknown>;
  end(): void;
}

function rig(most: number) {
  const turns = createTurns(most);
  const running: string[] = [];
  const start = (name: string, signal?: AbortSignal): Job => {
    let end = (): void => undefined;
    const gate = new Promise<void>((resolve) => {
      end = resolve;
    });
    const done = turns(signal, async () => {
      running.push(name);
      await gate;
      running.splice(running.indexOf(name), 1);
      return name;
    });
    return { done, end };
  };
  return { running, start, turns };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('turns', () => {
  it('lets so many run, and the others in the order in which they came', async () => {
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
    const { running, start, turns } = rig(1);
    const failing = turns(undefined, () => Promise.reject(new Error('broke')));
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
