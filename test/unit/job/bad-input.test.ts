import { describe, expect, test } from '@jest/globals';
import { externalJob, jobRecords, jobStatus, NotSubmittedError, type ExternalJob } from '../../../src/index.ts';
import { beginAttempt } from '../../../src/adapter-kit.ts';
import { fakeClock, memoryMetastore, memoryStateStore, testTask } from '../../../src/testing.ts';
import { interceptMetastore, recorder } from '../../support/intercept.ts';
import { refusals, wrong } from '../../support/refusals.ts';
import { TASK, testRuntime } from '../../support/runtime.ts';

/** What users get for bad input of external jobs, of attempts and of the test kit. */

const job: ExternalJob<string, string, undefined> = {
  submit: async () => 'id',
  getStatus: async () => ({ state: 'succeeded' }),
};
const words = { active: ['a'], succeeded: ['s'], failed: ['f'] };
const attempt = {
  scope: TASK,
  attempt: 1,
  first: true,
  createdAt: new Date(0),
  fence: { kind: 'ordered', order: [1, 1] },
} as const;
const store = memoryStateStore({ clock: fakeClock() });
const begin = (change: object): unknown => beginAttempt(store, wrong({ ...attempt, ...change }));
const run = (options: unknown): unknown => testRuntime(store).attempt((ctx) => ctx.run(job, 'clip', wrong(options)));
const inTask = (options: unknown): unknown => testTask(store).attempt(async () => 1, wrong(options));
const listed = (options: unknown): unknown => jobRecords(store).list(wrong(options))[Symbol.asyncIterator]().next();

describe('an external job, given', () => {
  refusals([
    [
      'a misspelt option',
      () => externalJob(wrong({ ...job, idempotentfor: '1d' })),
      'externalJob.idempotentfor',
      /idempotentFor/,
    ],
    [
      'a misspelt bound',
      () => externalJob({ ...job, pollInterval: wrong({ from: 1, to: 2, max: 3 }) }),
      'pollInterval.max',
      /from, to/,
    ],
    ['no words', () => jobStatus(wrong(undefined)), 'words', /must be an object, received undefined/],
    [
      'a list of words that is none',
      () => jobStatus(wrong({ ...words, queued: ['q'] })),
      'words.queued',
      /active, succeeded, failed, cancelled, missing/,
    ],
    ['a time that is none', () => new NotSubmittedError('x', { retryAfter: wrong('nope') }), 'retryAfter', /received "nope"/],
    ['a header that is none', () => new NotSubmittedError('x', { retryAfter: 'soon' }), 'retryAfter', /Retry-After header/],
    ['NaN for a time', () => new NotSubmittedError('x', { retryAfter: Number.NaN }), 'retryAfter', /received NaN/],
  ]);

  test('an instance of a class may have what else it needs', () => {
    class FarmClient implements ExternalJob<string, string, undefined> {
      readonly client = 'mine';
      submit = job.submit;
      getStatus = job.getStatus;
    }
    expect(() => externalJob(new FarmClient())).not.toThrow();
  });

  test('a bad retryAfter leaves it certain that nothing was submitted', async () => {
    const own = memoryStateStore({ clock: fakeClock() });
    const failing = {
      ...job,
      submit: async () => {
        await Promise.resolve();
        throw new NotSubmittedError('busy', { retryAfter: Number.NaN });
      },
    };
    const running = testRuntime(own).attempt((ctx) => ctx.run(failing, 'clip'));

    await expect(running).rejects.toMatchObject({ option: 'retryAfter' });
    expect(await jobRecords(own).get(TASK)).toBeUndefined();
  });
});

describe('an attempt, given', () => {
  refusals([
    ['no options', () => beginAttempt(store, wrong(undefined)), 'options', /must be an object, received undefined/],
    ['a misspelt option', () => begin({ jobID: '1' }), 'jobID', /not an option .*jobId/],
    ['a signal that is none', () => begin({ signal: 5 }), 'signal', /must be an AbortSignal, received 5/],
    ['a release that is none', () => begin({ release: true }), 'release', /must be a function, received true/],
    [
      'a listener that is none',
      () => begin({ onReport: 'log' }),
      'onReport',
      /must be a function, received a text of 3 characters/,
    ],
    ['a fence without its order', () => begin({ fence: { kind: 'ordered' } }), 'fence.order', /must be two whole numbers/],
    ['null for wait', () => begin({ wait: null }), 'wait', /must be an object, received null/],
    ['a misspelt scope', () => begin({ scope: { ...TASK, mapindex: 1 } }), 'scope.mapindex', /mapIndex/],
    ['null for the options of run()', () => run(null), 'options', /must be an object, received null/],
    ['a misspelt wait', () => run({ wiat: { mode: 'hold' } }), 'wiat', /not an option .*wait/],
    ['a way to wait that is text', () => run({ wait: 'hold' }), 'wait', /must be an object, received a text of 4 characters/],
    ['a misspelt holdFor', () => run({ wait: { mode: 'hold', holdfor: '1s' } }), 'wait.holdfor', /mode, holdFor/],
    ['a signal of run() that is none', () => run({ signal: 5 }), 'signal', /must be an AbortSignal, received 5/],
  ]);

  test('options that it inherits, has them', async () => {
    await using begun = beginAttempt(store, Object.create(attempt));

    await expect(begun.context.submit(job, 'clip')).resolves.toBe('id');
  });
});

describe('jobRecords(), given', () => {
  const sent = recorder();
  const records = jobRecords(
    memoryStateStore({ metastore: interceptMetastore(memoryMetastore(), sent.intercept), clock: fakeClock() }),
  );
  refusals([
    ['a state that is none', () => listed({ state: 'nope' }), 'state', /must be one of submitting, .*received "nope"/],
    ['a misspelt flow', () => listed({ flwo: 'f' }), 'flwo', /not an option .*flow/],
    ['a signal of list() that is none', () => listed({ signal: 5 }), 'signal', /received 5/],
    ['a signal of get() that is none', () => records.get(TASK, 'k', wrong({ signal: 5 })), 'signal', /received 5/],
    [
      'null for the options of reopen()',
      () => records.reopen(wrong({ state: 'failed' }), wrong(null)),
      'options',
      /received null/,
    ],
    ['no orphan', () => records.forget(wrong(undefined)), 'orphan', /received undefined/],
    ['a signal of forget() that is none', () => records.forget(wrong({}), wrong({ signal: 5 })), 'signal', /received 5/],
  ]);
  test('nothing was asked', () => expect(sent.calls).toEqual([]));
});

describe('the test kit, given', () => {
  refusals([
    ['a gap that is not in the table', () => inTask({ killAt: 'G99' }), 'killAt', /from G1 to G12, received "G99"/],
    ['a gap of no number', () => inTask({ killAt: 'G0' }), 'killAt', /received "G0"/],
    ['a misspelt killAt', () => inTask({ killat: 'G1' }), 'killat', /not an option .*killAt/],
    ['a signal that is none', () => inTask({ signal: 5 }), 'signal', /received 5/],
    ['a start that is no time', () => fakeClock(new Date('x')), 'start', /must be a valid Date/],
    ['a start that is text', () => fakeClock(wrong('2026-01-01')), 'start', /received "2026-01-01"/],
  ]);
});
