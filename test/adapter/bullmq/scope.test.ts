import { describe, expect, test } from '@jest/globals';
import { attemptFacts, jobScope, parseCallbackToken } from '../../../adapters/bullmq/attempt/scope.ts';
import type { BullJob, JobDetails } from '../../../adapters/bullmq/runtime.ts';

function job(parts: Partial<BullJob & JobDetails> = {}): BullJob & JobDetails {
  return {
    id: '7',
    name: 'encode',
    data: {},
    timestamp: 1_760_000_000_000,
    attemptsMade: 0,
    attemptsStarted: 1,
    stalledCounter: 0,
    queueQualifiedName: 'bull:video',
    log: () => 0,
    moveToDelayed: () => Promise.resolve(),
    updateProgress: () => Promise.resolve(),
    ...parts,
  };
}

describe('the scope of a job', () => {
  test('is the queue with its prefix, the ID with the time of creation and the name', () => {
    expect(jobScope(job())).toEqual({ flow: 'bull:video', run: '7@1760000000000', task: 'encode' });
  });

  test('pitfall 5: the same ID in an obliterated queue, in another queue, or under another prefix is another scope', () => {
    const scopes = [
      job(),
      job({ timestamp: 1_760_000_000_001 }),
      job({ queueQualifiedName: 'bull:audio' }),
      job({ queueQualifiedName: 'other:video' }),
      job({ id: '7@1760000000000', timestamp: 0 }),
    ].map((each) => JSON.stringify(jobScope(each)));

    expect(new Set(scopes).size).toBe(scopes.length);
  });

  test('takes any ID and any name that BullMQ takes', () => {
    for (const name of ['', '.', '..', '\ud800']) expect(jobScope(job({ name })).task).toBe('job');
    expect(jobScope(job({ id: '{tag}/../x yé', name: 'a/b' }))).toEqual({
      flow: 'bull:video',
      run: '{tag}/../x yé@1760000000000',
      task: 'a/b',
    });
  });

  test('is refused for a job without an ID', () => {
    for (const id of [undefined, '']) {
      expect(() => jobScope(job({ id } as Partial<BullJob>))).toThrow(
        expect.objectContaining({ code: 'mooring.config', option: 'job.id' }),
      );
    }
  });
});

describe('pitfall 4: the first attempt', () => {
  test('is the one that BullMQ counts nothing for', () => {
    expect(attemptFacts(job()).first).toBe(true);
    expect(attemptFacts(job({ stacktrace: [] })).first).toBe(true);
    expect(attemptFacts(job({ stacktrace: '[]' })).first).toBe(true);
  });

  test.each([
    ['was picked up before', { attemptsStarted: 2 }],
    ['failed before', { attemptsMade: 1 }],
    ['stalled before', { stalledCounter: 1 }],
    ['had its counters reset by a retry', { stacktrace: ['Error: x'] }],
    ['had its counters reset by a retry, in a sandbox', { stacktrace: '["Error: x"]' }],
  ])('is not one that %s', (_what, parts) => {
    expect(attemptFacts(job(parts)).first).toBe(false);
  });

  test('is not one of a BullMQ that does not tell', () => {
    const { attemptsStarted: _absent, ...untold } = job();

    expect(attemptFacts(untold).first).toBe(false);
  });
});

test('an attempt counts for a failure and for a stall, not for a delay', () => {
  expect(attemptFacts(job({ attemptsStarted: 9 })).attempt).toBe(1);
  expect(attemptFacts(job({ attemptsStarted: 9, attemptsMade: 2, stalledCounter: 1 })).attempt).toBe(4);
  expect(attemptFacts(job()).createdAt).toEqual(new Date(1_760_000_000_000));
});

describe('a callback token', () => {
  test('leads to its job from a URL', () => {
    const { callbackToken } = attemptFacts(job({ id: '{tag}/../x yé' }));

    expect(callbackToken).toMatch(/^[\w-]+$/);
    expect(parseCallbackToken(callbackToken)).toEqual({ id: '{tag}/../x yé', timestamp: 1_760_000_000_000 });
  });

  test.each(['', 'nonsense', 'bnVsbA', 'WzFd', undefined, 7])('that is none is refused: %s', (token) => {
    expect(() => parseCallbackToken(token)).toThrow(expect.objectContaining({ code: 'mooring.config', option: 'callbackToken' }));
  });
});
