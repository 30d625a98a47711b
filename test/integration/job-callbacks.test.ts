import { describe, expect, test } from '@jest/globals';
import type { JobStatus } from '../../src/index.ts';
import { memoryStateStore } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { testRuntime } from '../support/runtime.ts';
import { until } from '../support/until.ts';

/** What a callback does to an attempt that polls. Polls are an hour apart. */

const DONE: JobStatus = { state: 'succeeded' };
const ACTIVE: JobStatus = { state: 'active' };

/** A poll that the test answers. */
interface Poll {
  signal: AbortSignal;
  answer(status: JobStatus): void;
}

async function setting() {
  const polls: Poll[] = [];
  const system = externalSystem({ kind: 'keyed' });
  const job = system.job({
    pollInterval: '1h',
    getStatus: (_id, { signal }) => new Promise((answer) => void polls.push({ signal, answer })),
  });
  const attempt = await testRuntime(memoryStateStore()).start();
  const result = attempt.context.run(job, 'clip');
  await until(() => polls.length === 1);
  const next = async (): Promise<Poll> => {
    const known = polls.length;
    await until(() => polls.length > known);
    return polls.at(-1) as Poll;
  };
  return { attempt, result, polls, next };
}

describe('a callback', () => {
  test('between two polls is followed by a poll at once', async () => {
    const { attempt, result, polls, next } = await setting();
    polls[0]?.answer(ACTIVE);
    // The pause has begun once the answer was taken.
    await new Promise((resolve) => setImmediate(resolve));
    attempt.pollNow();
    (await next()).answer(DONE);

    expect(await result).toBe('result of job-1');
    expect(polls).toHaveLength(2);
  });

  test('during a poll, whose answer may be older, makes it ask again at once', async () => {
    const { attempt, result, polls, next } = await setting();
    attempt.pollNow();
    (await next()).answer(DONE);

    expect(await result).toBe('result of job-1');
    expect(polls.map(({ signal }) => signal.aborted)).toEqual([true, false]);
  });

  test('during the poll that is asked again waits for its end, so that many of them keep no poll from ending', async () => {
    const { attempt, result, polls, next } = await setting();
    attempt.pollNow();
    const again = await next();
    for (let time = 0; time < 50; time += 1) attempt.pollNow();
    await new Promise((resolve) => setImmediate(resolve));
    expect([again.signal.aborted, polls.length]).toEqual([false, 2]);
    again.answer(ACTIVE);
    (await next()).answer(DONE);

    expect(await result).toBe('result of job-1');
    expect(polls).toHaveLength(3);
  });

  test('ends the pause after a status that is unknown, however often', async () => {
    const { attempt, result, polls, next } = await setting();
    for (let time = 0; time < 30; time += 1) {
      polls.at(-1)?.answer({ state: 'unknown' });
      await new Promise((resolve) => setImmediate(resolve));
      attempt.pollNow();
      await next();
    }
    polls.at(-1)?.answer(DONE);

    expect(await result).toBe('result of job-1');
  });
});
