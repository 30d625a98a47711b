import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { jobStatus, type StatusDetails } from '../../../src/index.ts';
import { refusals, wrong } from '../../support/refusals.ts';

const LISTS = {
  active: ['queued', 'running'],
  succeeded: ['done'],
  failed: ['failed', 'expired'],
  cancelled: ['cancelled', 'STOPPED'],
  missing: ['deleted'],
} as const;
const words = jobStatus(LISTS);

describe('jobStatus()', () => {
  test.each([
    ['queued', { state: 'active' }],
    ['done', { state: 'succeeded' }],
    ['expired', { state: 'failed', reason: 'expired' }],
    ['deleted', { state: 'missing' }],
    ['PAUSED', { state: 'unknown', detail: 'an unclassified status: PAUSED' }],
    ['toString', { state: 'unknown', detail: 'an unclassified status: toString' }],
    ['', { state: 'unknown', detail: 'no status' }],
    [null, { state: 'unknown', detail: 'no status' }],
    [undefined, { state: 'unknown', detail: 'no status' }],
  ] as const)('%p', (word, status) => {
    expect(words(word)).toEqual(status);
  });

  test('a job that a person stopped has failed for good, with the word', () => {
    expect(words('STOPPED')).toEqual({
      state: 'failed',
      reason: 'stopped in the external system (STOPPED)',
      retryable: false,
    });
    expect(words('cancelled', 'by alice')).toMatchObject({ reason: 'stopped in the external system (cancelled): by alice' });
  });

  test.each<[string, string | StatusDetails | null]>([
    ['a text', 'disk full'],
    ['a detail', { reason: 'disk full' }],
  ])('a failure has the reason that is given as %s', (_how, more) => {
    expect(words('failed', more)).toEqual({ state: 'failed', reason: 'disk full' });
  });

  test.each<[string | StatusDetails | null | undefined]>([[undefined], [null], [''], [{}], [{ reason: null }], [{ reason: '' }]])(
    'a failure without a reason (%p) has the word',
    (more) => {
      expect(words('failed', more)).toEqual({ state: 'failed', reason: 'failed' });
    },
  );

  test('an active job has its progress with the time of the next poll', () => {
    expect(words('running', { progress: 0, nextPoll: '120' })).toEqual({ state: 'active', progress: 0, nextPoll: '120' });
    expect(words('running', { progress: undefined, nextPoll: null })).toEqual({ state: 'active' });
  });

  test('what does not fit the word is left out', () => {
    const more = { reason: 'r', progress: 1, nextPoll: '5s', error: new Error('e') };

    expect(words('running', more)).toEqual({ state: 'active', progress: 1, nextPoll: '5s' });
    expect(words('done', more)).toEqual({ state: 'succeeded' });
    expect(words('failed', more)).toEqual({ state: 'failed', reason: 'r' });
    expect(words('deleted', more)).toEqual({ state: 'missing' });
    expect(words('PAUSED', more)).toEqual({ state: 'unknown', detail: 'an unclassified status: PAUSED' });
  });

  test('an error in place of a word is unknown, by its message and codes', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:80'), { code: 'ECONNREFUSED' });

    expect(words(undefined, { error: new TypeError('fetch failed', { cause }) })).toEqual({
      state: 'unknown',
      detail: 'no status: fetch failed: connect ECONNREFUSED 127.0.0.1:80',
    });
  });

  test('an error shows nothing of the request that it holds', () => {
    const error = Object.assign(new Error('Request failed'), {
      config: { headers: { authorization: 'Bearer secret' } },
      response: { status: 503, data: 'secret' },
    });

    expect(words(undefined, { error })).toEqual({ state: 'unknown', detail: 'no status: Request failed: HTTP 503' });
  });

  test('a word that is a number or a boolean is compared as text', () => {
    const codes = jobStatus({ active: [1, 2, false], succeeded: [4, true], failed: ['9'] });

    expect([codes(1), codes('2'), codes(false), codes(4), codes(true), codes(9)].map(({ state }) => state)).toEqual(
      ['active', 'active', 'active', 'succeeded', 'succeeded', 'failed'], //
    );
    expect(codes(5)).toEqual({ state: 'unknown', detail: 'an unclassified status: 5' });
  });

  test('a word that nobody listed is cut', () => {
    expect(words('x'.repeat(5_000))).toEqual({ state: 'unknown', detail: `an unclassified status: ${'x'.repeat(100)}` });
  });

  test('what is no word is named', () => {
    expect(words(wrong({ phase: 'done' }))).toEqual({
      state: 'unknown',
      detail: 'an unclassified status: a value of type object',
    });
  });

  test('no word but a listed one is ever more than unknown', () => {
    const listed = new Set<string>(Object.values(LISTS).flat());
    const anything = fc.anything().filter((value) => !(typeof value === 'string' && listed.has(value)));

    fc.assert(fc.property(anything, (value) => expect(words(wrong(value)).state).toBe('unknown')));
  });
});

describe('jobStatus(), given', () => {
  const lists = { active: ['a'], succeeded: ['s'], failed: ['f'] };
  refusals([
    [
      'a word that is active and has succeeded',
      () => jobStatus({ ...lists, succeeded: ['a'] }),
      'succeeded',
      /must not hold a word of active, received "a"/,
    ],
    [
      'a word that has failed and is cancelled',
      () => jobStatus({ ...lists, cancelled: ['c', 'f'] }),
      'cancelled',
      /must not hold a word of failed, received "f"/,
    ],
    ['a word twice, as text and as number', () => jobStatus({ ...lists, active: [1], missing: ['1'] }), 'missing', /of active/],
    ['a word of no letters', () => jobStatus({ ...lists, active: [''] }), 'active', /must hold words: .*received ""/],
    ['NaN for a word', () => jobStatus({ ...lists, missing: [Number.NaN] }), 'missing', /must hold words: .*received NaN/],
    ['null for a word', () => jobStatus(wrong({ ...lists, failed: [null] })), 'failed', /must hold words: .*received null/],
    ['text for a list', () => jobStatus(wrong({ ...lists, failed: 'f' })), 'failed', /must be a list of words, received "f"/],
    ['null for a list', () => jobStatus(wrong({ ...lists, cancelled: null })), 'cancelled', /must be a list of words/],
    ['no list of failures', () => jobStatus(wrong({ active: [], succeeded: [] })), 'failed', /received undefined/],
    ['a misspelt list', () => jobStatus(wrong({ ...lists, canceled: ['c'] })), 'words.canceled', /cancelled, missing/],
    ['a misspelt detail', () => words('running', wrong({ progres: 1 })), 'more.progres', /progress, nextPoll, error/],
    ['a number for details', () => words('running', wrong(40)), 'more', /must be an object, received 40/],
  ]);
});
