import { describe, expect, test } from '@jest/globals';
import {
  cancellingActivity,
  mooringPlugin,
  resumableActivity,
  stateInterceptors,
  taskContext,
} from '../../../adapters/temporal/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';
import { externalSystem } from '../../support/external-system.ts';
import { until } from '../../support/until.ts';
import { begin, failureOf } from './rig.ts';

/** Two stores on one worker: an activity says which one it means. */

const [a, b] = [memoryStateStore(), memoryStateStore()];
const both = { interceptors: [stateInterceptors(a), stateInterceptors(b)] };
const SCOPE = { flow: 'video', run: 'a', task: 'b' };

describe('on a worker with two stores', () => {
  test('an activity uses the one that it names', async () => {
    await begin(() => taskContext(SCOPE, { store: b }).state.set('key', 'b'), {}, both).result;
    await begin(() => taskContext(SCOPE, { store: a }).state.set('key', 'a'), {}, both).result;

    expect([await a.task(SCOPE).get('key'), await b.task(SCOPE).get('key')]).toEqual(['a', 'b']);
  });

  test('one that names both has two attempts', async () => {
    const contexts = await begin(async () => [taskContext(SCOPE, { store: a }), taskContext(SCOPE, { store: b })], {}, both)
      .result;

    expect(new Set(contexts).size).toBe(2);
  });

  test.each([
    ['none', {}],
    ['another', { store: memoryStateStore() }],
  ])('one that names %s is refused with a remedy', async (_which, choice) => {
    const failure = await failureOf(begin(async () => taskContext('activity', choice), {}, both).result);

    expect(failure).toMatchObject({ type: 'mooring.config', nonRetryable: true, details: [{ option: 'store' }] });
    expect(failure.message).toContain('{ store }');
  });

  test('the activities that are made of external jobs name it, too', async () => {
    const system = externalSystem();
    const known = system.job({ idempotentFor: 'until-deleted' });
    const shared = { ...SCOPE, task: 'shared' };
    const submitting = begin(() => resumableActivity(known, { scope: shared, store: b })('clip'), {}, both);
    await until(() => system.looks > 0);
    const later = { activityId: '2', currentAttemptScheduledTimestampMs: 5 };
    const cancelling = begin(() => cancellingActivity(known, shared, { store: b })('clip'), later, both);

    await cancelling.result;

    expect(system.cancelled).toEqual(['job-1 requested']);

    submitting.cancel('PAUSED');
    await Promise.allSettled([submitting.result]);
  });
});

test('the same store twice acts once', async () => {
  const configured = await mooringPlugin(a).configureWorker?.({ taskQueue: 'q' });
  const twice = { interceptors: [stateInterceptors(a), ...(configured?.interceptors?.activity ?? [])] };
  const attempt = begin(async () => [taskContext(SCOPE), taskContext(SCOPE, { store: a })], {}, twice);

  expect(new Set(await attempt.result).size).toBe(1);
});
