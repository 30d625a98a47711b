import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { getEventListeners } from 'node:events';
import { stopwatch, systemClock, type Clock } from '../../../src/async/clock.ts';

afterEach(() => {
  jest.useRealTimers();
});

describe("the system's clock", () => {
  it('tells the time', () => {
    expect(Math.abs(systemClock.now() - Date.now())).toBeLessThan(1_000);
  });

  it('sleeps as long as it is told', async () => {
    const { signal } = new AbortController();
    const start = performance.now();
    await systemClock.sleep(20, signal);

    expect(performance.now() - start).toBeGreaterThan(15);
  });

  it('leaves no listener after a sleep', async () => {
    const { signal } = new AbortController();

    await systemClock.sleep(20, signal);

    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('does not sleep for no time, or less', async () => {
    jest.useFakeTimers();

    await systemClock.sleep(0);
    await systemClock.sleep(-5);

    expect(jest.getTimerCount()).toBe(0);
  });

  it('wakes with the reason of the signal', async () => {
    jest.useFakeTimers();
    const controller = new AbortController();
    const sleep = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error('enough'));

    await expect(sleep).rejects.toThrow('enough');
  });

  it('leaves neither timer nor listener when the signal aborts', async () => {
    jest.useFakeTimers();
    const controller = new AbortController();
    const sleep = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error('enough'));

    await expect(sleep).rejects.toThrow('enough');
    expect(jest.getTimerCount()).toBe(0);
    expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  });

  it('does not sleep under a signal that has aborted, not even for no time', async () => {
    jest.useFakeTimers();
    const signal = AbortSignal.abort(new Error('enough'));

    await expect(systemClock.sleep(60_000, signal)).rejects.toThrow('enough');
    await expect(systemClock.sleep(0, signal)).rejects.toThrow('enough');
    expect(jest.getTimerCount()).toBe(0);
  });

  it('sleeps longer than the longest timer', async () => {
    jest.useFakeTimers();
    const day = 86_400_000;
    let awake = false;
    const sleep = systemClock.sleep(60 * day).then(() => {
      awake = true;
    });

    await jest.advanceTimersByTimeAsync(60 * day - 1);
    expect(awake).toBe(false);
    await jest.advanceTimersByTimeAsync(1);
    await sleep;
    expect(awake).toBe(true);
  });
});

describe('a stopwatch', () => {
  const clockAt = (time: { now: number; monotonic?: number }): Clock => ({
    now: () => time.now,
    sleep: () => Promise.resolve(),
    ...(time.monotonic !== undefined && { monotonic: () => time.monotonic as number }),
  });

  it('goes on where the wall clock is set back', () => {
    const time = { now: 1_000_000, monotonic: 50 };
    const elapsed = stopwatch(clockAt(time));
    Object.assign(time, { now: 900_000, monotonic: 80 });

    expect(elapsed()).toBe(30);
  });

  it('counts the time in which the machine slept', () => {
    const time = { now: 1_000_000, monotonic: 50 };
    const elapsed = stopwatch(clockAt(time));
    Object.assign(time, { now: 1_007_000, monotonic: 60 });

    expect(elapsed()).toBe(7_000);
  });

  it('never runs backwards with the wall clock alone', () => {
    const time = { now: 1_000 };
    const elapsed = stopwatch(clockAt(time));
    time.now = 500;

    expect(elapsed()).toBe(0);
  });
});
