import { expect, test } from '@jest/globals';
import { inspect } from 'node:util';
import type { BullJob } from '../../../adapters/bullmq/index.ts';
import { watchOf } from '../../../adapters/bullmq/worker/lifecycle.ts';
import { createSetup } from '../../../adapters/bullmq/worker/setup.ts';
import { createStop } from '../../../adapters/bullmq/attempt/stop.ts';
import { createStateStore } from '../../../src/index.ts';
import { beginAttempt } from '../../../src/adapter-kit.ts';
import { memoryMetastore } from '../../../src/metastore/memory/store.ts';

/** What becomes of a release that BullMQ does not take. */
async function refusedRelease(refusal: object): Promise<unknown> {
  const moveToDelayed = (): Promise<never> => Promise.reject(Object.assign(new Error('Missing lock for job 7'), refusal));
  const job = { id: '7', timestamp: 1, queueQualifiedName: 'bull:q', moveToDelayed } as unknown as BullJob;
  const store = createStateStore({ metastore: memoryMetastore() });
  const scope = { flow: 'f', run: '1', task: 't' };
  const attempt = beginAttempt(store, {
    scope,
    attempt: 1,
    first: true,
    createdAt: new Date(),
    fence: { kind: 'ordered', order: [1, 1] },
  });
  const held = { job, token: 'the-token-of-the-lock', store, scope };
  const stop = createStop(held, attempt, watchOf(job, store), createSetup(store, {}));
  const [outcome] = await Promise.allSettled([stop.release('1s')]);
  return stop.settle(outcome).catch((caught: unknown) => caught);
}

test('the error of a job that BullMQ did not let be delayed hides the token of its lock', async () => {
  const error = await refusedRelease({ code: -2, command: { name: 'evalsha', args: ['the-token-of-the-lock'] } });

  expect(error).toMatchObject({ code: 'mooring.stale-attempt', message: expect.stringContaining('Missing lock for job 7') });
  expect(inspect(error, { depth: 12, showHidden: true })).not.toContain('the-token-of-the-lock');
});

test('a job that could not be delayed because the connection broke is handed back', async () => {
  expect(await refusedRelease({ code: 'ECONNRESET' })).toMatchObject({ message: 'bullmq:rateLimitExceeded' });
});
