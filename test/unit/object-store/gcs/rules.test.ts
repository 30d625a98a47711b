import { expect, test } from '@jest/globals';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import { apiError, fakeBucket, withoutPauses, type FakeBucket } from '../../../support/gcs-bucket.ts';

/** What the rules of a bucket do to the objects of a namespace; `job-state/` is the store's prefix. */

const lifecycle = (...rules: readonly object[]): object => ({ lifecycle: { rule: rules } });
const remove = (condition: object): object => ({ action: { type: 'Delete' }, condition });

function opened(metadata: object): { fake: FakeBucket; rules: NonNullable<ObjectStore['rules']> } {
  const fake = fakeBucket();
  fake.metadata = metadata;
  const store = gcsObjectStoreOf(withoutPauses, { bucket: fake.bucket, prefix: 'job-state' });
  return { fake, rules: store.rules as NonNullable<ObjectStore['rules']> };
}

test.each<[string, object, string[]]>([
  ['none', {}, []],
  ['for the whole bucket', lifecycle(remove({ age: 30 })), ['Delete, age 30']],
  ['above', lifecycle(remove({ age: 30, matchesPrefix: ['logs/', 'job'] })), ['Delete, age 30, matchesPrefix logs/,job']],
  [
    'below',
    lifecycle(remove({ createdBefore: '2026-11-01', matchesPrefix: ['job-state/prod/flow/'] })),
    ['Delete, createdBefore 2026-11-01, matchesPrefix job-state/prod/flow/'],
  ],
  ['of live objects', lifecycle(remove({ age: 30, isLive: true })), ['Delete, age 30, isLive true']],
  ['for another prefix', lifecycle(remove({ age: 30, matchesPrefix: ['job-state/test/', 'logs/'] })), []],
  ['by the end of the value', lifecycle(remove({ age: 1, daysSinceCustomTime: 8 })), []],
  ['that only tidy versions', lifecycle(remove({ daysSinceNoncurrentTime: 7 }), remove({ age: 7, isLive: false })), []],
  ['that only move objects', lifecycle({ action: { type: 'SetStorageClass' }, condition: { age: 1 } }), []],
])('rules %s', async (_what, metadata, deleting) => {
  const { fake, rules } = opened(metadata);

  expect(await rules('prod/')).toEqual({ deleting });
  expect(fake.requests).toEqual([expect.objectContaining({ method: 'GET', what: 'bucket', qs: { fields: 'lifecycle' } })]);
});

test('a missing right is named', async () => {
  const { fake, rules } = opened({});
  fake.next(({ what }) => what === 'bucket', { kind: 'fail', error: apiError(403, 'forbidden') });

  await expect(rules('prod/')).rejects.toThrow(/storage\.buckets\.get/);
});

test('a missing bucket is no bucket without rules', async () => {
  const { fake, rules } = opened({});
  fake.exists = false;

  await expect(rules('prod/')).rejects.toMatchObject({ code: 'bucketNotFound' });
});
