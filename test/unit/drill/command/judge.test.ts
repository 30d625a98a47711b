import { describe, expect, test } from '@jest/globals';
import { flawOf } from '../../../../drill/command/judge.ts';
import type { Place } from '../../../../drill/harness/cell.ts';
import type { CellRun } from '../../../../drill/harness/table.ts';
import { KEPT } from './kept.ts';

/** What a drill finds wrong with a run. */

const KEYED: Place = { end: 'kill', gap: 'G5', system: 'keyed' };
const PLAIN: Place = { ...KEYED, system: 'plain' };
const AMBIGUOUS = { result: false, ambiguous: true };
const CANCELLED = { result: false, cancelled: true };

describe('kept', () => {
  test.each([
    ['one job and its result', KEYED, {}],
    ['a question to a person about a plain system', PLAIN, AMBIGUOUS],
    ['no job of a plain system that was killed before its request', { ...PLAIN, gap: 'G3' }, { ...AMBIGUOUS, submissions: 0 }],
    ['a job that was cancelled before it was submitted', { ...KEYED, end: 'cancel' }, { ...CANCELLED, submissions: 0 }],
    ['a job that ended before its cancellation', { ...KEYED, end: 'cancel', gap: 'G9' }, {}],
    ['one job more for each that failed by itself', KEYED, { submissions: 2, decisions: ['submitted', 'resubmitted'] }],
  ] as const)('%s', (_what, place, run) => {
    const whole: CellRun = { ...KEPT, ...run };

    expect(flawOf(place, whole, whole.submissions)).toBeUndefined();
  });
});

describe('found', () => {
  test.each([
    ['a second job', KEYED, { submissions: 2 }, 1, 'double', '2 jobs instead of 1'],
    ['a second ID that count does not know', KEYED, {}, 2, 'double', 'gave 2 different IDs, and count says 1'],
    ['a second job of a plain system', PLAIN, { ...AMBIGUOUS, submissions: 2 }, 1, 'double', '2 jobs instead of 1'],
    ['a result of no job', KEYED, { submissions: 0 }, 0, 'lost-job', '0 jobs instead of 1'],
    ['no result', KEYED, { result: false, reason: 'it broke' }, 1, 'lost-result', 'no result: it broke'],
    ['another result', KEYED, { result: false }, 1, 'lost-result', 'it differs from the undisturbed one'],
    ['a question where there is none', KEYED, AMBIGUOUS, 1, 'other', 'ambiguous instead of result'],
    ['a plain system that was submitted to again', PLAIN, {}, 1, 'other', 'result instead of ambiguous'],
    [
      'a cancelled job that runs on',
      { ...KEYED, end: 'cancel' },
      { ...CANCELLED, running: 1 },
      1,
      'other',
      '1 jobs go on after the cancellation',
    ],
  ] as const)('%s', (_what, place, run, ids, fault, text) => {
    expect(flawOf(place, { ...KEPT, ...run }, ids)).toEqual({ fault, text: expect.stringContaining(text) });
  });
});

describe('not made', () => {
  test('a run whose gap was not reached, with what may help', () => {
    const place = { ...KEYED, gap: 'G9' } as const;

    expect(flawOf(place, { ...KEPT, trouble: 'G9 was not reached' }, 1)).toEqual({
      fault: 'trouble',
      text: expect.stringMatching(/^G9 was not reached; .* give an input that runs longer$/),
    });
  });

  test('a release of a job that was over at once', () => {
    const place = { end: 'release', gap: 'G9', system: 'keyed' } as const;

    expect(flawOf(place, { ...KEPT, decisions: ['submitted'] }, 1)).toMatchObject({ fault: 'trouble' });
    expect(flawOf(place, { ...KEPT, decisions: ['submitted', 'reconnected'] }, 1)).toBeUndefined();
  });
});
