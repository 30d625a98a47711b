import { describe } from '@jest/globals';
import { cancelJob, resumableProcessor, runWithState, wake, withState, type BullJob } from '../../../adapters/bullmq/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { refusals, wrong } from '../../support/refusals.ts';

/** What users get for bad input of the BullMQ adapter, when the processor is made. */

const store = memoryStateStore();
const job = { submit: async () => 'id', getStatus: async () => ({ state: 'succeeded' }) as const };
const call = { job: wrong({}), token: 't', signal: undefined };
const done = async (): Promise<void> => undefined;
/** `ctx.run()` as a processor sees it. */
const run = (...given: [job: unknown, input: unknown, options?: unknown]): unknown =>
  withState(store, (_job: BullJob, ctx) => ctx.run(...(given as [never, never, never])))(bullJob, 't');
const bullJob: BullJob = {
  id: '1',
  name: 'task',
  data: {},
  timestamp: 1_760_000_000_000,
  attemptsMade: 0,
  queueQualifiedName: 'bull:q',
  log: () => 0,
  moveToDelayed: () => Promise.resolve(),
  updateProgress: () => Promise.resolve(),
};
const queue = { getJob: () => Promise.resolve(undefined) };

describe('the BullMQ adapter, given', () => {
  refusals([
    ['a misspelt option of withState()', () => withState(store, done, wrong({ waits: 1 })), 'waits', /not an option .*wait/],
    ['null for the options of withState()', () => withState(store, done, wrong(null)), 'options', /received null/],
    [
      'a misspelt holdFor',
      () => withState(store, done, { wait: wrong({ mode: 'release', holdfor: 1 }) }),
      'wait.holdfor',
      /holdFor/,
    ],
    [
      'a misspelt option of resumableProcessor()',
      () => resumableProcessor(store, job, wrong({ hartbeat: 1 })),
      'hartbeat',
      /heartbeat/,
    ],
    [
      'a misspelt option of its job',
      () => resumableProcessor(store, wrong({ ...job, findlag: 1 })),
      'externalJob.findlag',
      /findLag/,
    ],
    [
      'a misspelt option of runWithState()',
      () => runWithState(store, call, done, wrong({ scopes: 1 })),
      'scopes',
      /not an option/,
    ],
    ['no job to runWithState()', () => runWithState(store, wrong(undefined), done), 'call', /must be an object/],
    ['a misspelt token', () => runWithState(store, wrong({ ...call, tokn: 't' }), done), 'call.tokn', /job, token, signal/],
    ['no queue to wake()', () => wake(wrong(undefined), 'token'), 'queue', /must be a queue of BullMQ, received undefined/],
    [
      'no callback token to wake()',
      () => wake(queue, 'hunter2'),
      'callbackToken',
      /^callbackToken must be one that submit\(\) was given$/,
    ],
    ['a misspelt option of wake()', () => wake(queue, 'token', wrong({ stor: store })), 'stor', /store, signal/],
    ['no store to wake()', () => wake(queue, 'token', wrong({ store: {} })), 'store', /must come from createStateStore\(\)/],
    ['no queue to cancelJob()', () => cancelJob(wrong({}), '1', { store, reason: 'r' }), 'queue', /must be a queue of BullMQ/],
    [
      'no ID to cancelJob()',
      () => cancelJob(queue, wrong(1), { store, reason: 'r' }),
      'jobId',
      /must be a text that is not empty, received 1/,
    ],
    [
      'an address in place of a store',
      () => withState(wrong('redis://user:secret@host'), async () => 1),
      'store',
      /^store must come from createStateStore\(\)$/,
    ],
    ['no options to cancelJob()', () => cancelJob(queue, '1', wrong(undefined)), 'options', /must be an object/],
    [
      'no store to cancelJob()',
      () => cancelJob(queue, '1', wrong({ reason: 'r' })),
      'store',
      /must come from createStateStore\(\)/,
    ],
    [
      'a scope to cancelJob() that is no function',
      () => cancelJob(queue, '1', { store, reason: 'r', scope: wrong('s') }),
      'scope',
      /must be a function/,
    ],
    [
      'no reason to cancelJob()',
      () => cancelJob(queue, '1', wrong({ store })),
      'reason',
      /must be a text that is not empty, received undefined/,
    ],
    [
      'a misspelt option of cancelJob()',
      () => cancelJob(queue, '1', wrong({ store, why: 'r' })),
      'why',
      /store, reason, scope, signal/,
    ],
    ['null for the options of ctx.run()', () => run(job, 'clip', null), 'options', /must be an object, received null/],
    ['no external job to ctx.run()', () => run(undefined, 'clip'), 'externalJob', /must be an object, received undefined/],
  ]);
});
