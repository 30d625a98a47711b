import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from '@jest/globals';
import { Context } from '@temporalio/activity';
import { DefaultLogger } from '@temporalio/worker';
import { MockActivityEnvironment } from '@temporalio/testing';
import { stateInterceptors, taskContext } from '../../../adapters/temporal/index.ts';
import { externalJob } from '../../../src/index.ts';
import { memoryStateStore } from '../../../src/testing.ts';

/** What is kept of each poll until the activity ends: a day of polling every second is 86 400 of them. */

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

function used(): number {
  collect();
  return process.memoryUsage().heapUsed;
}

describe('memory', () => {
  test('9 Temporal’s own sleep keeps more than 500 bytes of each call until the activity ends', async () => {
    const CALLS = 10_000;

    const grown: number = await new MockActivityEnvironment().run(async () => {
      const context = Context.current();
      const before = used();
      await Promise.all(Array.from({ length: CALLS }, () => context.sleep(0)));
      return used() - before;
    });

    expect(grown / CALLS).toBeGreaterThan(500);
  });

  test('9 nothing is kept of thousands of polls, nor of the heartbeats during them', async () => {
    const WARM = 500;
    const POLLS = 2_000;
    const sizes: number[] = [];
    let looks = 0;
    const job = externalJob({
      submit: async () => 'job-1',
      async getStatus() {
        looks += 1;
        if (looks === WARM || looks === WARM + POLLS) sizes.push(used());
        return { state: looks < WARM + POLLS ? ('active' as const) : ('succeeded' as const), nextPoll: 1 };
      },
      getResult: async () => 'done',
      pollInterval: 1,
    });
    const environment = new MockActivityEnvironment(
      { heartbeatTimeoutMs: 6 },
      { interceptors: [stateInterceptors(memoryStateStore())], logger: new DefaultLogger('ERROR') },
    );
    let beats = 0;
    environment.on('heartbeat', () => (beats += 1));

    expect(await environment.run(() => taskContext().run(job, 'clip'))).toBe('done');

    const [warm, end] = sizes as [number, number];
    expect((end - warm) / POLLS).toBeLessThan(200);
    expect(beats).toBeGreaterThan(POLLS / 10);
  });
});
