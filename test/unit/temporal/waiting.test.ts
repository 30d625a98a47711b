import { expect, test } from '@jest/globals';
import { ApplicationFailure, type Info } from '@temporalio/activity';
import { defaultActivityInfo } from '@temporalio/testing/lib/mocking-activity-environment.js';
import { waitingOf } from '../../../adapters/temporal/activity/waiting.ts';

/** When a released activity comes back, whose scheduleToCloseTimeout ends ten minutes after it was scheduled. */

const MINUTE = 60_000;
const info: Info = { ...defaultActivityInfo, scheduledTimestampMs: 0, scheduleToCloseTimeoutMs: 10 * MINUTE };

test.each([
  ['after the time that was asked for', 0, MINUTE, MINUTE],
  ['half a minute before the end', 9 * MINUTE, 5 * MINUTE, MINUTE / 2],
  ['at once where the end is near by then, and never after 0, which would end it', 9.9 * MINUTE, MINUTE, 1],
])('%s', async (_what, at, after, delay) => {
  let now = 0;
  const waiting = waitingOf(
    info,
    () => now,
    () => undefined,
  );
  waiting.choose({ mode: 'release' });
  now = at;

  const failure: unknown = await waiting.release(after, 'job').catch((error: unknown) => error);

  expect(failure).toBeInstanceOf(ApplicationFailure);
  expect((failure as ApplicationFailure).nextRetryDelay).toBe(delay);
});
