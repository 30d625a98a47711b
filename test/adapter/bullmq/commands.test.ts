import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { resumableProcessor, withState } from '../../../adapters/bullmq/index.ts';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { until } from '../../support/until.ts';
import { externalSystem } from '../../support/external-system.ts';
import { BOTH_MAJORS, createRig, type Rig, type Versions } from './rig.ts';

/** What a job costs Redis, counted by Redis. */

let server: RedisServer;
let rig: Rig;
beforeAll(async () => {
  server = await startRedis();
});
afterAll(() => server.stop());

/** No other worker, and no lock, is due meanwhile. */
const CALM = { lockDuration: 600_000, stalledInterval: 600_000, drainDelay: 600 };

describe.each(BOTH_MAJORS)('bullmq $bullmq', (versions: Versions) => {
  afterEach(() => rig.close());

  /** How many scripts clients send for a second job of a worker: those of the first one were not loaded yet. */
  async function scriptsOf(make: (rig: Rig) => unknown): Promise<number> {
    rig = createRig(server.port, versions);
    let settled = 0;
    rig.work(make(rig), CALM).on('completed', () => void (settled += 1));
    const ended = async (): Promise<void> => {
      const before = settled;
      await rig.add({});
      await until(() => settled > before);
      // What follows the end of a job goes out in the turn of its event.
      await rig.redis.ping();
      await new Promise((resolve) => setImmediate(resolve));
      await rig.redis.ping();
    };
    await ended();
    const monitor = await rig.redis.duplicate().monitor();
    let scripts = 0;
    monitor.on('monitor', (_time: string, [name = '']: string[], source: string) => {
      if (source !== 'lua' && name.toLowerCase().startsWith('eval')) scripts += 1;
    });
    let seen = false;
    monitor.on('monitor', (_time: string, words: string[]) => void (seen ||= words.includes('the end')));
    await ended();
    await rig.redis.echo('the end');
    await until(() => seen);
    monitor.disconnect();
    return scripts;
  }

  test('the scripts of a job, beside those of a job that does nothing', async () => {
    const bare = await scriptsOf(() => async () => 'done');
    await rig.close();
    const unused = await scriptsOf(({ store }) => withState(store, async () => 'done'));
    await rig.close();
    const external = await scriptsOf(({ store }) => {
      const system = externalSystem({ kind: 'keyed' });
      return resumableProcessor(store, { ...system.job(), getStatus: async () => ({ state: 'succeeded' }) });
    });
    await rig.close();
    const items = await scriptsOf(({ store }) => {
      const system = externalSystem({ kind: 'keyed' });
      const job = { ...system.job(), getStatus: async () => ({ state: 'succeeded' }) as const };
      return withState(store, async (_job, ctx) => {
        await Promise.all(Array.from({ length: 10 }, (_, at) => ctx.item(at).run(job, { name: String(at) })));
      });
    });

    expect(unused - bare).toBe(0);
    expect(external - bare).toBeLessThanOrEqual(8);
    expect(items - bare).toBeLessThanOrEqual(20);
  });
});
