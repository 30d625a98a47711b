import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { externalJob, NotSubmittedError, type JobStatus } from '../../../src/index.ts';
import { fakeClock, memoryObjectStore, memoryStateStore } from '../../../src/testing.ts';
import { countEvent } from '../../../src/observe/telemetry.ts';
import { externalSystem } from '../../support/external-system.ts';
import { testRuntime } from '../../support/runtime.ts';
import { startTelemetry, type Telemetry } from '../../support/telemetry.ts';

/** What the SDK of OpenTelemetry is told to count. */

let told: Telemetry;

beforeEach(() => {
  told = startTelemetry();
});

afterEach(() => told.stop());

test('C99 decisions, submits, ends, offloaded bytes and status errors are counted', async () => {
  const clock = fakeClock();
  const store = memoryStateStore({ clock, objectStore: memoryObjectStore(), offloadThreshold: 0, codec: 'none' });
  const answers: JobStatus[] = [{ state: 'active' }, { state: 'unknown' }, { state: 'active' }];
  const job = externalSystem({ clock }).job({
    name: 'transcode',
    getStatus: async () => answers.shift() ?? { state: 'succeeded' },
    getResult: async () => 'ten bytes!',
  });
  const task = testRuntime(store);

  await task.attempt((ctx) => ctx.run(job, 'clip'));
  await task.attempt((ctx) => ctx.run(job, 'clip'));

  expect(await told.points()).toEqual({
    'mooring.decisions{mooring.decision=submitted,mooring.job.name=transcode}': 1,
    'mooring.decisions{mooring.decision=already-succeeded,mooring.job.name=transcode}': 1,
    'mooring.submits{mooring.job.name=transcode}': 1,
    'mooring.job.duration{mooring.job.name=transcode,mooring.job.state=succeeded}': 1,
    'mooring.status_errors{error.type=unknown-state,mooring.job.name=transcode}': 1,
    'mooring.offloaded_bytes{}': 12,
    'mooring.reconnects{mooring.job.name=transcode}': 1,
    'mooring.saved_time{mooring.job.name=transcode}': expect.any(Number),
  });
});

test('a status that is refused is an error of another type than one that nobody classified', async () => {
  const clock = fakeClock();
  let looks = 0;
  const job = externalSystem({ clock }).job({
    getStatus: async () => {
      if ((looks += 1) === 1) throw new Error('down');
      return { state: looks === 2 ? ('NEW' as 'unknown') : 'succeeded' };
    },
  });

  await testRuntime(memoryStateStore({ clock })).attempt((ctx) => ctx.run(job, 'clip'));

  expect(await told.points()).toMatchObject({
    'mooring.status_errors{error.type=call-failed}': 1,
    'mooring.status_errors{error.type=unknown-state}': 1,
  });
});

test.each([
  ['refused', new NotSubmittedError('no room')],
  ['unresolved', new Error('socket hang up')],
])('a submit that ends as %s is counted as that', async (type, error) => {
  const clock = fakeClock();
  const job = externalSystem({ clock }).job({ submit: () => Promise.reject(error) });

  await testRuntime(memoryStateStore({ clock }))
    .attempt((ctx) => ctx.run(job, 'clip'))
    .catch(() => undefined);

  expect(await told.points()).toMatchObject({ [`mooring.submits{error.type=${type}}`]: 1 });
});

test('a job that an attempt submits and runs anew is found once', async () => {
  const clock = fakeClock();
  const task = testRuntime(memoryStateStore({ clock }));
  const job = externalSystem({ clock, activeLooks: 3 }).job();
  await task.attempt((ctx) => ctx.submit(job, 'clip'));

  await task.attempt(async (ctx) => {
    await ctx.submit(job, 'clip');
    await ctx.run(job, 'clip');
  });

  expect(await told.points()).toMatchObject({ 'mooring.reconnects{}': 1 });
});

test('the time of a failed job counts from the first send', async () => {
  const clock = fakeClock();
  const job = externalJob({
    submit: async () => 'job-1',
    getStatus: async () => ({ state: 'failed', reason: 'bad clip' }) as const,
  });

  await testRuntime(memoryStateStore({ clock }))
    .attempt((ctx) => ctx.run(job, 'clip'))
    .catch(() => undefined);

  expect(await told.points()).toMatchObject({ 'mooring.job.duration{mooring.job.state=failed}': 1 });
});

test('ctx.decide() is not counted', async () => {
  const clock = fakeClock();
  const job = externalSystem({ clock, activeLooks: 1 }).job();

  await testRuntime(memoryStateStore({ clock })).attempt((ctx) => ctx.decide(job, 'clip'));

  expect(await told.points()).toEqual({});
});

test('every event has its counter, without a path or a key in its attributes', async () => {
  const scope = { flow: 'f', run: 'r', task: 't' };

  countEvent({ type: 'stale-write', scope, key: 'secret' });
  countEvent({ type: 'missing-object', scope, key: 'secret' });
  countEvent({ type: 'orphan', scope, key: 'secret' });
  countEvent({ type: 'sweep', report: { entries: 1, objects: 2, bytes: 30, failed: [{ path: 'secret', code: 'x' }] } });

  expect(await told.points()).toEqual({
    'mooring.stale_writes{}': 1,
    'mooring.missing_objects{}': 1,
    'mooring.orphans{}': 1,
    'mooring.swept_entries{}': 1,
    'mooring.swept_objects{}': 2,
    'mooring.swept_bytes{}': 30,
  });
});
