import { expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import type { BullJob } from '../../../adapters/bullmq/index.ts';
import { createStop } from '../../../adapters/bullmq/stop.ts';
import { beginAttempt, createStateStore } from '../../../src/index.ts';
import { memoryMetastore } from '../../../src/metastore/memory.ts';

test("a job that could not be delayed says why, and not by which lock's token", async () => {
  const command = { name: 'evalsha', args: ['the-token-of-the-lock'] };
  const moveToDelayed = (): Promise<never> => Promise.reject(Object.assign(new Error('Missing lock for job 7'), { command }));
  const stop = createStop({ moveToDelayed } as unknown as BullJob, 'the-token-of-the-lock');
  const attempt = beginAttempt(createStateStore({ metastore: memoryMetastore() }), {
    scope: { flow: 'f', run: '1', task: 't' },
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'ordered', order: [1, 1] },
  });
  const error: unknown = await stop
    .settle(attempt, () => {
      attempt.abort(new Error('released'));
      return stop.release('1s').catch(() => Promise.reject(attempt.context.signal.reason as Error));
    })
    .catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'mooring.stale-attempt', message: expect.stringContaining('Missing lock for job 7') });
  expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('the-token-of-the-lock');
});
