import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import type { SystemKind } from '../../scripts/batch-service/job.ts';
import {
  AmbiguousSubmitError,
  createStateStore,
  jobRecords,
  type StateEvent,
  type StateStore,
  type TaskContext,
} from '../../src/index.ts';
import { systemClock } from '../../src/async/clock.ts';
import { redisMetastore } from '../../src/redis.ts';
import { KilledError, type Gap } from '../../src/testing.ts';
import { externalSystem } from '../support/external-system.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { TASK, testRuntime } from '../support/runtime.ts';

/** The crash table on a real server, by real time: what the memory metastore promises, the scripts keep. */

let server: TestRedis;
let client: Redis;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis({ host: server.host, port: server.port });
});

afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const AMBIGUOUS: readonly Gap[] = ['G3', 'G4', 'G5', 'G6'];
const GAPS = Array.from({ length: 12 }, (_, index) => `G${index + 1}` as Gap);
const SHORT = { submitTimeout: '2s', findLag: '20ms', pollInterval: '5ms' } as const;

describe.each(['ordered', 'drawn'] as const)('the crash table on Redis, with a fence that is %s', (fence) => {
  describe.each<SystemKind>(['keyed', 'findable', 'plain'])('%s', (kind) => {
    // Side by side, since each of them waits: every gap has a namespace of its own.
    test.concurrent.each(GAPS)('%s', async (gap) => {
      const events: StateEvent[] = [];
      const namespace = `${fence}-${kind}-${gap}`;
      const store = createStateStore({
        metastore: redisMetastore({ client }),
        namespace,
        onEvent: (event) => void events.push(event),
      });
      const system = externalSystem({ kind, clock: systemClock, activeLooks: 1 });
      const task = testRuntime(store, { fence });
      const process = (ctx: TaskContext): Promise<unknown> => ctx.run(system.job(SHORT), 'clip');
      await expect(task.attempt(process, { killAt: gap })).rejects.toBeInstanceOf(KilledError);
      const next = await task.attempt(process).catch((error: unknown) => error);
      if (kind === 'plain' && AMBIGUOUS.includes(gap)) {
        expect(next).toBeInstanceOf(AmbiguousSubmitError);
        expect(system.jobs).toHaveLength(gap === 'G3' ? 0 : 1);
        await answered(store, system.jobs[0]?.id);
        expect(await task.attempt(process)).toBe('result of job-1');
      } else {
        expect(next).toBe('result of job-1');
      }

      expect(system.jobs).toHaveLength(1);
      expect(await jobRecords(store).get(TASK)).toMatchObject({ state: 'succeeded', externalId: 'job-1' });
    });
  });
});

/** What a person does: no sooner than nothing can be on its way. */
async function answered(store: StateStore, id: string | undefined): Promise<void> {
  const records = jobRecords(store);
  for (;;) {
    const record = await records.get(TASK);
    if (record?.state !== 'ambiguous') throw new Error('there is nothing to answer');
    try {
      return await (id === undefined ? records.markNotSubmitted(record) : records.adopt(record, id));
    } catch (error) {
      if ((error as { code?: string }).code !== 'mooring.config') throw error;
      await systemClock.sleep(5);
    }
  }
}
