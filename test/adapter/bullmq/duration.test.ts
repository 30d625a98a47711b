import { describe, expect, test } from '@jest/globals';
import { milliseconds as adapters } from '../../../adapters/bullmq/duration.ts';
import { milliseconds as cores, type Duration } from '../../../src/duration.ts';

function outcome(read: typeof cores, given: unknown): unknown {
  try {
    return read(given as Duration, 'heartbeat');
  } catch (error) {
    return String(error);
  }
}

/** The adapter sees no more of the core than its users do, and so reads lengths of time itself. */
describe('a length of time', () => {
  test.each([
    1,
    0.5,
    1e-9,
    3_155_760_000_000,
    3_155_760_000_001,
    0,
    -1,
    Number.NaN,
    Infinity,
    -Infinity,
    '1ms',
    '1.5s',
    '0.1ms',
    '30m',
    '12h',
    '36525d',
    '36525.1d',
    '40000d',
    '9e9d',
    '0s',
    '-1s',
    '1',
    's',
    '1 s',
    '1S',
    '1w',
    ' 1s',
    '',
    undefined,
    null,
    true,
    {},
    [],
    ['1s'],
    1n,
    { toString: () => '1s' },
  ])('is for the adapter what it is for the core: %p', (given) => {
    expect(outcome(adapters, given)).toEqual(outcome(cores, given));
  });
});
