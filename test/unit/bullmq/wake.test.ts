import { describe, expect, test } from '@jest/globals';
import { wake, type BullQueue } from '../../../adapters/bullmq/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';

/** What `wake()` makes of BullMQ's answers. Real queues are in `test/adapter/bullmq/callbacks.test.ts`. */

const TOKEN = Buffer.from('["7",5]').toString('base64url');
const refusal = (code: number): Error => Object.assign(new Error(`refused with ${code}`), { code });

/** A queue whose job answers each try to promote it in turn, and is then in a state. */
function queueOf(answers: (Error | undefined)[], { timestamp = 5, state = 'active' } = {}): BullQueue {
  const promote = async (): Promise<void> => {
    const answer = answers.shift();
    if (answer) throw answer;
  };
  const job = { id: '7', timestamp, queueQualifiedName: 'bull:q', promote, getState: async () => state };
  return { getJob: async (id) => (id === '7' ? job : undefined) };
}

describe('wake', () => {
  test('promotes a job that was released between the first try and the note', async () => {
    const queue = queueOf([refusal(-3), undefined]);

    expect(await wake(queue, TOKEN, { store: memoryStateStore() })).toEqual({ woke: true, how: 'promoted' });
  });

  test.each([
    ['completed', 'finished'],
    ['failed', 'finished'],
    ['waiting', 'queued'],
    ['prioritized', 'queued'],
    ['waiting-children', 'waiting-children'],
    ['unknown', 'no-such-job'],
  ])('says of a job that is %s: %s', async (state, why) => {
    const queue = queueOf([refusal(-3), refusal(-3)], { state });

    expect(await wake(queue, TOKEN, { store: memoryStateStore() })).toEqual({ woke: false, why });
  });

  test('says of a job that is removed meanwhile that there is none', async () => {
    const queue = queueOf([refusal(-1), refusal(-1)], { state: 'unknown' });

    expect(await wake(queue, TOKEN)).toEqual({ woke: false, why: 'no-such-job' });
  });

  test('touches no other job that has the ID now', async () => {
    const queue = queueOf([new Error('was promoted')], { timestamp: 6 });

    expect(await wake(queue, TOKEN)).toEqual({ woke: false, why: 'no-such-job' });
  });

  test('passes on what else BullMQ says', async () => {
    await expect(wake(queueOf([refusal(-99)]), TOKEN)).rejects.toThrow('refused with -99');
    await expect(wake({ getJob: () => Promise.reject(new Error('down')) }, TOKEN)).rejects.toThrow('down');
  });
});
