import { expect, test } from '@jest/globals';
import type { BullJob, JobDetails } from '../../../adapters/bullmq/runtime.ts';
import { riskOfDelay } from '../../../adapters/bullmq/attempt/delay-risk.ts';
import type { Watch } from '../../../adapters/bullmq/worker/lifecycle.ts';

const riskOf = (opts: JobDetails['opts'], maxStartedAttempts?: number): string | undefined =>
  riskOfDelay({ opts } as unknown as BullJob, { maxStartedAttempts } as Watch);

test.each([
  ['replace', { deduplication: { replace: true } }],
  ['replace', { debounce: { replace: true } }],
  ['keepLastIfActive', { deduplication: { keepLastIfActive: true } }],
  ['reschedule', { deduplication: { reschedule: true } }],
] as const)('a job that its deduplication treats otherwise while it is delayed (%s, %j) is held', (mode, opts) => {
  expect(riskOf(opts)).toContain(`(${mode})`);
});

test('a job whose worker counts its starts is held', () => {
  expect(riskOf({}, 3)).toContain('maxStartedAttempts');
});

test('any other job may lie in the delayed set', () => {
  for (const opts of [undefined, {}, { deduplication: {} }, { deduplication: { replace: false } }])
    expect(riskOf(opts)).toBeUndefined();
});
