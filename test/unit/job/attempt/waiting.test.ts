import { describe, expect, test } from '@jest/globals';
import { untilAborted } from '../../../../src/async/abort.ts';
import { systemTimer } from '../../../../src/async/deadline.ts';
import { createLife } from '../../../../src/job/attempt/lifecycle.ts';
import { createWaiting } from '../../../../src/job/attempt/waiting.ts';

/** How runs wait, on a clock on which no time passes: only a callback, or the end of the attempt, ends a pause. */

function setting() {
  const clock = {
    now: () => 0,
    sleep: (_ms: number, signal?: AbortSignal) => untilAborted(new Promise<void>(() => undefined), signal),
  };
  const life = createLife([], () => Promise.resolve());
  let releases = 0;
  const release = async (): Promise<void> => {
    releases += 1;
    throw new Error('released');
  };
  const waiting = createWaiting({ clock, timer: systemTimer, commandTimeout: 10_000 }, life, release);
  return { life, waiting, releases: () => releases };
}

/** Whether a promise has settled once everything that was due has run. */
async function isOver(promise: Promise<unknown>): Promise<boolean> {
  let over = false;
  const end = (): void => void (over = true);
  promise.then(end, end);
  await new Promise((resolve) => setImmediate(resolve));
  return over;
}

describe('a callback', () => {
  test('ends a pause after an earlier poll', async () => {
    const { life, waiting } = setting();
    const pause = waiting.pause(1000, undefined, life.signal, { heard: waiting.callbacks() });
    expect(await isOver(pause)).toBe(false);
    waiting.pollNow();

    await expect(pause).resolves.toBeUndefined();
  });

  test('that came during the poll lets neither a pause nor a release begin', async () => {
    const { life, waiting, releases } = setting();
    waiting.enter();
    const heard = waiting.callbacks();
    waiting.pollNow();

    await expect(waiting.pause(1000, 'job', life.signal, { heard })).resolves.toBeUndefined();
    expect(releases()).toBe(0);
  });

  test('that came while the attempt was leaving keeps it', async () => {
    const { life, waiting, releases } = setting();
    waiting.enter();
    const heard = waiting.callbacks();
    const leaving = async (): Promise<void> => waiting.pollNow();

    await expect(waiting.pause(1000, 'job', life.signal, { heard, leaving })).resolves.toBeUndefined();
    expect(releases()).toBe(0);
  });

  test('does not end the wait for a time to submit', async () => {
    const { life, waiting } = setting();
    const pause = waiting.pause(1000, undefined, life.signal);
    waiting.pollNow();

    expect(await isOver(pause)).toBe(false);
  });

  test('keeps the attempt until every run that it concerns has polled', async () => {
    const { life, waiting, releases } = setting();
    waiting.enter();
    waiting.enter();
    const first = waiting.pause(1000, 'job', life.signal, { heard: waiting.callbacks() });
    waiting.pollNow();
    // This run has polled after the callback, and waits before the first has run on.
    const second = waiting.pause(1000, 'job', life.signal, { heard: waiting.callbacks() });
    second.catch(() => undefined);
    await first;
    expect([await isOver(second), releases()]).toEqual([false, 0]);
    const again = waiting.pause(1000, 'job', life.signal, { heard: waiting.callbacks() });

    await expect(Promise.all([second, again])).rejects.toThrow('released');
    expect(releases()).toBe(1);
  });
});
