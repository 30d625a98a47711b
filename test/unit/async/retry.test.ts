import { describe, expect, it } from '@jest/globals';
import { retry, type RetryOptions } from '../../../src/async/retry.ts';
import { fakeClock } from '../../../src/testing/fake-clock.ts';

/** Fails so many times, then succeeds; counts its calls. */
function failing(times: number): { work: () => Promise<string>; calls: () => number } {
  let calls = 0;
  const work = async (): Promise<string> => {
    calls += 1;
    if (calls <= times) throw new Error(`failure ${calls}`);
    return 'done';
  };
  return { work, calls: () => calls };
}

/** A clock that only sleeps move, and what it has slept. */
function watched(): { options: Pick<RetryOptions, 'clock' | 'pause' | 'passes'>; slept: number[] } {
  const clock = fakeClock(new Date(0));
  const slept: number[] = [];
  const sleep: typeof clock.sleep = (ms, signal) => {
    slept.push(ms);
    return clock.sleep(ms, signal);
  };
  return { options: { clock: { ...clock, sleep }, pause: { first: 100 }, passes: () => true }, slept };
}

describe('what is tried again', () => {
  it('resolves with what a later try comes to, after pauses that double up to the longest', async () => {
    const { options, slept } = watched();
    const { work, calls } = failing(5);

    await expect(retry({ ...options, pause: { first: 100, longest: 500 } }, work)).resolves.toBe('done');

    expect(calls()).toBe(6);
    expect(slept).toEqual([100, 200, 400, 500, 500]);
  });

  it.each([
    [0, 0.5, [50, 100]],
    [0.5, 0.5, [75, 150]],
    [0.25, 1, [25, 50]],
  ])('draws a share of each pause (%d of %d)', async (drawn, jitter, expected) => {
    const { options, slept } = watched();

    await retry({ ...options, random: () => drawn, ...(jitter !== 0.5 && { jitter }) }, failing(2).work);

    expect(slept).toEqual(expected);
  });

  it('rejects with the last failure after the last try', async () => {
    const { options, slept } = watched();
    const { work, calls } = failing(9);

    await expect(retry({ ...options, tries: 3 }, work)).rejects.toThrow('failure 3');

    expect(calls()).toBe(3);
    expect(slept).toHaveLength(2);
  });

  it('begins no try that the patience does not reach', async () => {
    const { options, slept } = watched();

    await expect(retry({ ...options, patience: 701 }, failing(9).work)).rejects.toThrow('failure 4');
    expect(slept).toEqual([100, 200, 400]);
    await expect(retry({ ...options, patience: 700 }, failing(9).work)).rejects.toThrow('failure 3');
  });

  it('is decided on by the failure with the number of tries', async () => {
    const { options } = watched();
    const heard: unknown[] = [];
    const passes = (error: unknown, tries: number): boolean => {
      heard.push([(error as Error).message, tries]);
      return tries < 2;
    };

    await expect(retry({ ...options, passes }, failing(9).work)).rejects.toThrow('failure 2');

    expect(heard).toEqual([
      ['failure 1', 1],
      ['failure 2', 2],
    ]);
  });

  it.each(['before the first try', 'in a try', 'in a pause'])('ends with the reason of a signal that aborts %s', async (when) => {
    const { options } = watched();
    const controller = new AbortController();
    const stop = (): void => controller.abort(new Error('enough'));
    const { work, calls } = failing(9);
    if (when === 'before the first try') stop();
    const hanging: RetryOptions = {
      ...options,
      signal: controller.signal,
      clock: { now: () => 0, sleep: (ms, signal) => (stop(), options.clock.sleep(ms, signal)) },
    };
    const tried = retry(when === 'in a pause' ? hanging : { ...options, signal: controller.signal }, async () => {
      if (when === 'in a try') stop();
      return work();
    });

    await expect(tried).rejects.toThrow('enough');
    expect(calls()).toBe(when === 'before the first try' ? 0 : 1);
  });
});
