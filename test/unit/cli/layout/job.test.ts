import { describe, expect, test } from '@jest/globals';
import { pollInWords, pollTimesInWords, wasCancelled } from '../../../../src/cli/layout/job.ts';
import type { JobEvent, JobRecord } from '../../../../src/index.ts';

/** Parts of a record in words. */

const NOW = 1_000_000;

function record(state: 'submitted' | 'failed', kinds: readonly JobEvent['kind'][], next?: number): JobRecord {
  const history = kinds.map((kind) => ({ kind, at: new Date(0), submission: 1 }));
  const lastPoll = { at: new Date(NOW - 60_000), count: 3, state: 'active', next: next === undefined ? next : new Date(next) };
  return { state, reason: 'out of memory', history, lastPoll } as unknown as JobRecord;
}

describe('a cancelled record', () => {
  test.each([
    ['submitted', ['submitted', 'cancelled'], true, 'cancelled'],
    ['submitted', ['submitted', 'cancelled', 'reconnected'], false, 'active'],
    ['submitted', ['submitted'], false, 'active'],
    ['submitted', [], false, 'active'],
    ['failed', ['submitted', 'cancelled'], false, 'out of memory'],
  ] as const)('that is %s after %j: %s', (state, kinds, cancelled, said) => {
    const one = record(state, kinds);

    const found = { cancelled: wasCancelled(one), said: pollInWords(one, NOW) };

    expect(found).toEqual({ cancelled, said });
  });
});

describe('the times of polls', () => {
  test.each([
    ['to come', NOW + 5_000, 'again in 5s'],
    ['that may have happened', NOW - 119_000, 'again about now'],
    ['that did not happen', NOW - 120_000, 'again was due 2m ago'],
  ])('name one %s', (_name, next, said) => {
    expect(pollTimesInWords(record('submitted', ['submitted'], next), NOW)).toBe(
      `asked 1m ago, ${said} (3 times since the submission)`,
    );
  });

  test('name no next one that nobody knows', () => {
    expect(pollTimesInWords(record('submitted', ['submitted']), NOW)).toBe('asked 1m ago (3 times since the submission)');
  });
});
