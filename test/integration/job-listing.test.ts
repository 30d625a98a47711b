import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createStateStore, jobRecords, reconcile, sweep, type JobRecord, type StateStore } from '../../src/index.ts';
import { redisMetastore } from '../../src/redis.ts';
import { internalsOf } from '../../src/state-store/internals.ts';
import { all } from '../contract/metastore-parts.ts';
import { externalSystem } from '../support/external-system.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { testRuntime } from '../support/runtime.ts';

/** Listing open jobs in a real Redis: what it costs, and what becomes of records that the index does not know, or no more. */

const OPEN = ['submitting', 'submitted', 'ambiguous', 'failed'] as const;

let server: TestRedis;
let client: Redis;
let store: StateStore;

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.port);
});
afterAll(async () => {
  client?.disconnect();
  await server?.stop();
});
beforeEach(async () => {
  await client.flushall();
  store = createStateStore({ metastore: redisMetastore({ client }) });
});

const runsOf = (records: readonly JobRecord[]): string[] => records.map(({ scope }) => scope.run).toSorted();
const openRuns = async (): Promise<string[]> => runsOf(await all(jobRecords(store).list({ state: OPEN })));

/** A submitted job in each of these runs. */
async function submitted(...runs: readonly string[]): Promise<void> {
  const system = externalSystem();
  for (const run of runs) {
    const attempt = await testRuntime(store).start({ scope: { flow: 'bull:transcode', run, task: 't' } });
    await attempt.context.submit(system.job({ name: `job-${run}` }), 'clip');
  }
}

/** How often the server ran each command. */
async function commandsDuring(work: () => Promise<unknown>): Promise<Map<string, number>> {
  await client.config('RESETSTAT');
  await work();
  const stats = await client.info('commandstats');
  return new Map([...stats.matchAll(/cmdstat_([\w|]+):calls=(\d+)/g)].map(([, name = '', calls]) => [name, Number(calls)]));
}

describe('open jobs among many scopes', () => {
  test('are found without a scan, by as many commands whatever else there is', async () => {
    await submitted('1', '2');
    const few = await commandsDuring(openRuns);
    for (let at = 0; at < 300; at += 1) await store.task({ flow: 'other', run: String(at), task: 't' }).set('cursor', at);

    const many = await commandsDuring(async () => {
      expect(await openRuns()).toEqual(['1', '2']);
    });

    expect(many.get('scan')).toBeUndefined();
    expect(many.get('zrangebyscore')).toBe(256);
    expect(many.get('evalsha')).toBe(few.get('evalsha'));
    expect(few.get('evalsha')).toBe(2);
  });

  test('are counted without a look at any scope', async () => {
    await submitted('1', '2');

    const used = await commandsDuring(async () => {
      expect(await jobRecords(store).summary()).toMatchObject([{ flow: 'bull:transcode', state: 'submitted', count: 2 }]);
    });

    expect([used.get('scan'), used.get('evalsha')]).toEqual([undefined, undefined]);
  });

  test('are chosen by the ID of a job as BullMQ writes it', async () => {
    await submitted('4@1795363200000', '42@1795363200000');

    const found = await all(jobRecords(store).list({ state: OPEN, run: '4' }));

    expect(runsOf(found)).toEqual(['4@1795363200000']);
  });

  test('are not looked at if their path says that they are of another job', async () => {
    await submitted('4@1', '42@1', '5@1');

    const used = await commandsDuring(() => all(jobRecords(store).list({ state: OPEN, flow: 'bull:transcode', run: '4' })));

    expect(used.get('evalsha')).toBe(1);
  });

  test('of one task are read without an index', async () => {
    await submitted('1', '2');

    const used = await commandsDuring(async () => {
      const scope = { flow: 'bull:transcode', run: '2', task: 't' };
      expect(runsOf(await all(jobRecords(store).list({ scope })))).toEqual(['2']);
      expect(await all(jobRecords(store).list({ scope, state: 'failed' }))).toEqual([]);
    });

    expect([used.get('scan'), used.get('zrangebyscore'), used.get('evalsha')]).toEqual([undefined, undefined, 2]);
  });

  test('are chosen by name', async () => {
    await submitted('1', '2');

    expect(runsOf(await all(jobRecords(store).list({ state: OPEN, name: 'job-2' })))).toEqual(['2']);
  });

  test.each([
    ['run', { run: '' }],
    ['name', { name: 5 as never }],
    ['flow', { flow: '' }],
    ['state', { state: [] }],
    ['state', { state: ['submitted', 'running' as never] }],
  ] as const)('an invalid %s is refused', async (option, given) => {
    await expect(all(jobRecords(store).list(given))).rejects.toMatchObject({ code: 'mooring.config', option });
  });
});

describe('a record that the index does not know', () => {
  /** Takes away what an older version did not write. */
  const forgetIndex = async (): Promise<void> => void (await client.del(...(await client.keys('mooring:*:jobs'))));

  test('is listed again after a reconcile', async () => {
    await submitted('1', '2');
    await forgetIndex();
    expect(await openRuns()).toEqual([]);

    await reconcile(store, { apply: true });

    expect(await openRuns()).toEqual(['1', '2']);
  });

  test('stays unknown if a reconcile only looks', async () => {
    await submitted('1');
    await forgetIndex();

    await reconcile(store);

    expect(await openRuns()).toEqual([]);
  });

  test('is in the list of all records', async () => {
    await submitted('1');
    await forgetIndex();

    expect(runsOf(await all(jobRecords(store).list()))).toEqual(['1']);
  });
});

test('a record that expired is taken off the index by who lists it', async () => {
  await submitted('1', '2');
  const [scope = ''] = await client.keys('mooring:*:bull%3Atranscode/1/*');
  await client.del(scope);
  expect(await jobRecords(store).summary()).toMatchObject([{ count: 2 }]);

  expect(await openRuns()).toEqual(['2']);

  expect(await jobRecords(store).summary()).toMatchObject([{ count: 1 }]);
});

test('old names whose records have expired leave with a sweep', async () => {
  await submitted('1', '2');
  const [scope = ''] = await client.keys('mooring:*:bull%3Atranscode/1/*');
  const index = scope.replace(/\}:.*/, '}:jobs');
  const members = await client.zrange(index, '0', '-1');
  const member = members.find((one) => one.includes('/1/')) ?? '';
  await client.zadd(index, String(2e13 + Date.now() - 31 * 24 * 3_600_000), member);
  await client.del(scope);

  await sweep(store);

  expect(await jobRecords(store).summary()).toMatchObject([{ state: 'submitted', count: 1 }]);
});

test('a name that is old stays if its record is there', async () => {
  await submitted('1');
  const [index = ''] = await client.keys('mooring:*:jobs');
  const [member = ''] = await client.zrange(index, '0', '-1');
  await client.zadd(index, String(2e13 + Date.now() - 31 * 24 * 3_600_000), member);

  await sweep(store);

  expect(await openRuns()).toEqual(['1']);
});

describe('jobs of one shard that take several pages', () => {
  const MANY = 2_500;
  const SUBMITTED = 2e13;

  /** The names that a listing gives while every second job is removed after its first page. */
  async function listedDuringRemoval(scoreOf: (at: number) => number): Promise<string[]> {
    await submitted('1');
    const [index = ''] = await client.keys('mooring:*:jobs');
    const [member = ''] = await client.zrange(index, '0', '-1');
    const path = member.slice(member.indexOf(' '));
    await client.del(index);
    const members = Array.from({ length: MANY }, (_none, at) => `job-${String(at).padStart(4, '0')}${path}`);
    await client.zadd(index, ...members.flatMap((one, at) => [String(scoreOf(at)), one]));
    const names: string[] = [];
    for await (const page of internalsOf(store).metastore.jobs.open(['submitted'], {})) {
      names.push(...page.map(({ name }) => name));
      if (page.length > 0) await client.zrem(index, ...members.filter((_one, at) => at % 2 === 0));
    }
    return names;
  }

  test.each([
    ['of as many ages', (at: number) => SUBMITTED + at],
    ['of a few ages', (at: number) => SUBMITTED + Math.floor(at / 300)],
    ['of one age', () => SUBMITTED + 1],
    ['of one age among others', (at: number) => SUBMITTED + (at < 50 ? 0 : 1)],
  ])('%s are all listed once if others are removed meanwhile', async (_ages, scoreOf) => {
    const names = await listedDuringRemoval(scoreOf);

    const stayed = Array.from({ length: MANY / 2 }, (_none, at) => `job-${String(at * 2 + 1).padStart(4, '0')}`);
    expect(names.filter((name) => Number(name.slice(4)) % 2 === 1)).toEqual(stayed);
  });
});
