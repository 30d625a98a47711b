import { expect, test } from '@jest/globals';
import { fakeClock } from '../../../src/testing.ts';

test('a sleep ends at once by moving the time', async () => {
  const clock = fakeClock(new Date(1_000));
  const real = Date.now();

  await clock.sleep(3_600_000);

  expect(clock.now()).toBe(3_601_000);
  expect(Date.now() - real).toBeLessThan(3_600_000);
});

test('sleeps at the same time end in the order of their deadlines', async () => {
  const clock = fakeClock(new Date(0));
  const order: string[] = [];
  const sleep = async (name: string, ...lengths: number[]): Promise<void> => {
    for (const ms of lengths) {
      await clock.sleep(ms);
      order.push(`${name}@${clock.now()}`);
    }
  };

  await Promise.all([sleep('a', 100), sleep('b', 10, 20, 80), sleep('c', 50)]);

  expect(order).toEqual(['b@10', 'b@30', 'c@50', 'a@100', 'b@110']);
});

test('a signal ends a sleep with its reason', async () => {
  const clock = fakeClock(new Date(0));
  const controller = new AbortController();
  const sleeping = clock.sleep(100, controller.signal);
  controller.abort(new Error('enough'));

  await expect(sleeping).rejects.toThrow('enough');
  await expect(clock.sleep(1, controller.signal)).rejects.toThrow('enough');
});

test('a sleep that a signal ends moves no time', async () => {
  const clock = fakeClock(new Date(0));
  const controller = new AbortController();
  const sleeping = clock.sleep(100, controller.signal);
  controller.abort(new Error('enough'));

  await expect(sleeping).rejects.toThrow('enough');

  await new Promise((resolve) => void setImmediate(resolve));
  expect(clock.now()).toBe(0);
});

test('a sleep that advance() passed ends without moving the time back', async () => {
  const clock = fakeClock(new Date(0));
  const sleeping = clock.sleep(100);
  clock.advance('1m');

  await sleeping;

  expect(clock.now()).toBe(60_000);
});

test('starts on a day of its own', () => {
  expect(new Date(fakeClock().now()).toISOString()).toBe('2026-01-01T00:00:00.000Z');
});
