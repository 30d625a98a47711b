import { afterEach, expect, jest, test } from '@jest/globals';
import { answerWithin } from '../../../adapters/bullmq/deadline.ts';

const DAY = 86_400_000;
const late = (): Error => new Error('too late');

afterEach(() => {
  jest.useRealTimers();
});

test('a deadline that is longer than a timer of Node can wait does not pass at once', async () => {
  jest.useFakeTimers();
  const signals: AbortSignal[] = [];
  let ended: unknown;
  const ask = (signal: AbortSignal): Promise<never> => {
    signals.push(signal);
    return new Promise(() => undefined);
  };
  answerWithin(60 * DAY, ask, late).catch((error: unknown) => {
    ended = error;
  });
  await jest.advanceTimersByTimeAsync(60 * DAY - 1);
  expect([ended, signals.map(({ aborted }) => aborted)]).toEqual([undefined, [false]]);
  await jest.advanceTimersByTimeAsync(1);
  expect([ended, signals.map(({ reason }) => reason as unknown)]).toEqual([late(), [late()]]);
  expect(jest.getTimerCount()).toBe(0);
});

test.each([
  ['an answer', () => Promise.resolve(1)],
  ['a refusal', () => Promise.reject(new Error('no'))],
  [
    'what throws',
    () => {
      throw new Error('no');
    },
  ],
] as [string, () => Promise<number>][])('%s leaves no timer', async (_name, ask) => {
  jest.useFakeTimers();
  await expect(answerWithin(60 * DAY, ask, late).catch(() => 1)).resolves.toBe(1);
  expect(jest.getTimerCount()).toBe(0);
});
