import { describe, expect, it } from '@jest/globals';
import type { Context } from '@temporalio/activity';
import { ExternalStorage, type StorageDriver } from '@temporalio/common';
import { heartbeatsOf } from '../../../adapters/temporal/activity/heartbeat.ts';
import { externalStorageDriver } from '../../../adapters/temporal/external-storage/index.ts';
import { LARGEST_DETAILS, largestDetails } from '../../../adapters/temporal/activity/largest-details.ts';
import type { JobReport } from '../../../src/adapter-kit.ts';
import { InvalidValueError } from '../../../src/index.ts';
import { memoryObjectStore } from '../../../src/testing.ts';
import { until } from '../../support/until.ts';

/** As far as it is used of a context. */
function contextOf(said: unknown[], heartbeatDetails?: unknown): Context {
  return { info: { heartbeatDetails }, heartbeat: (details: unknown) => void said.push(details) } as unknown as Context;
}

describe('details of a heartbeat', () => {
  it.each([['a'.repeat(2 ** 20)], [{ at: 'é'.repeat(2 ** 19) }], [new Uint8Array(2 ** 20 + 1)]])(
    'above 1 MiB are refused without becoming what ours repeat',
    async (details) => {
      const said: unknown[] = [];
      const context = contextOf(said);
      const { start, stop } = heartbeatsOf(context, LARGEST_DETAILS, 1);
      context.heartbeat('small');

      expect(() => context.heartbeat(details)).toThrow(InvalidValueError);
      start();
      await until(() => said.length >= 3);
      stop();
      expect(new Set(said)).toEqual(new Set(['small']));
    },
  );

  it.each([['a'.repeat(2 ** 20 - 2)], [undefined], [1n]])('up to that, or of no JSON, go to the SDK', (details) => {
    const said: unknown[] = [];
    const context = contextOf(said);
    heartbeatsOf(context, LARGEST_DETAILS);
    context.heartbeat(details);

    expect(said).toEqual([details]);
  });
});

describe('external jobs in the details', () => {
  const REPORT: JobReport = {
    name: 'transcode',
    externalIdKey: 'external_job_id',
    item: undefined,
    submission: 1,
    externalId: 'job-1',
    url: 'https://farm.example/1',
    state: 'active',
    progress: 40,
  };
  const ENTRY = { state: 'active', progress: 40, externalId: 'job-1', url: 'https://farm.example/1' };

  it('are said when they change', () => {
    const said: unknown[] = [];
    const { report } = heartbeatsOf(contextOf(said), LARGEST_DETAILS);

    for (const progress of [40, 40, 41]) report({ ...REPORT, progress });

    expect(said).toEqual([{ mooring: { transcode: ENTRY } }, { mooring: { transcode: { ...ENTRY, progress: 41 } } }]);
  });

  it('are added to those of the attempt before', () => {
    const said: unknown[] = [];
    const context = contextOf(said, { mooring: { index: { state: 'succeeded' } } });

    heartbeatsOf(context, LARGEST_DETAILS).report(REPORT);

    expect(said).toEqual([{ mooring: { index: { state: 'succeeded' }, transcode: ENTRY } }]);
  });

  it.each([
    ['in this attempt', undefined, 'page 3'],
    ['in the attempt before', { page: 3 }, undefined],
  ])('never take the place of what the user’s code said %s', (_when, before, now) => {
    const said: unknown[] = [];
    const context = contextOf(said, before);
    const { report } = heartbeatsOf(context, LARGEST_DETAILS);
    if (now !== undefined) context.heartbeat(now);

    report(REPORT);

    expect(said).toEqual(now === undefined ? [] : [now]);
  });

  it('are at most twenty', () => {
    const said: { mooring: object }[] = [];
    const { report } = heartbeatsOf(contextOf(said), LARGEST_DETAILS);

    for (let item = 0; item < 21; item += 1) report({ ...REPORT, item });

    expect(Object.keys(said.at(-1)?.mooring ?? {})).toHaveLength(20);
    expect(said.at(-1)?.mooring).toHaveProperty(['transcode[20]']);
  });

  it('are not said of an activity that has ended', () => {
    const said: unknown[] = [];
    const { report, stop } = heartbeatsOf(contextOf(said), LARGEST_DETAILS);
    stop();

    report(REPORT);

    expect(said).toEqual([]);
  });
});

describe('the largest details', () => {
  const limit = (...drivers: StorageDriver[]): number =>
    largestDetails({
      externalStorage: new ExternalStorage({ drivers, driverSelector: () => null, payloadSizeThreshold: 4_096 }),
    });
  const ours = externalStorageDriver({ objectStore: memoryObjectStore() });
  const failing = externalStorageDriver({ objectStore: memoryObjectStore(), whenUnavailable: 'fail', name: 'failing' });
  const published = externalStorageDriver({ objectStore: memoryObjectStore(), keys: 'temporal-v0', bucket: 'b' });

  it('are those that a message holds, where no driver can fail for them', () => {
    expect([largestDetails(), largestDetails({}), limit(ours)]).toEqual([2 ** 20, 2 ** 20, 2 ** 20]);
  });

  it('are below what a driver would be asked to store that may fail: an error there would end the worker', () => {
    for (const driver of [failing, published, { ...failing, name: 'of somebody else' }]) expect(limit(ours, driver)).toBe(3_584);
  });
});
