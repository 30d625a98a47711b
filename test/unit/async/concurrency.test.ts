import { describe, expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';
import { concurrently } from '../../../src/async/concurrency.ts';

describe('concurrently', () => {
  it('keeps the order of the items, and runs no more than eight side by side', async () => {
    let running = 0;
    let most = 0;
    const items = Array.from({ length: 50 }, (_, index) => index);
    const results = await concurrently(items, async (item) => {
      running += 1;
      most = Math.max(most, running);
      for (let turn = 0; turn < (item * 7) % 5; turn += 1) await setImmediate();
      running -= 1;
      return item * 2;
    });
    expect(results).toEqual(items.map((item) => item * 2));
    expect(most).toBe(8);
    expect(await concurrently([], () => Promise.reject(new Error('not called')))).toEqual([]);
  });

  it('after a failure begins no other, and rejects once nothing runs any more', async () => {
    let running = 0;
    let begun = 0;
    const work = concurrently(Array.from({ length: 50 }), async () => {
      begun += 1;
      const nth = begun;
      running += 1;
      for (let turn = 0; turn < nth; turn += 1) await setImmediate();
      running -= 1;
      if (nth === 2) throw new Error('second');
    });
    await expect(work).rejects.toThrow('second');
    expect(running).toBe(0);
    expect(begun).toBeLessThan(12);
  });
});
