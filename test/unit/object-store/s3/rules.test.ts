import { expect, test } from '@jest/globals';
import { fakeS3, sdkError } from '../../../support/fake-s3.ts';

/** What the rules of a bucket do to the objects of a namespace; `job-state/` is the store's prefix. */

const ENABLED = { Status: 'Enabled' };
const abort = { AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 } };
const expire = { Expiration: { Days: 30 } };

test.each<[string, readonly object[], { endsUploads: boolean; deleting: string[] }]>([
  ['none', [], { endsUploads: false, deleting: [] }],
  ['for the whole bucket', [{ ID: 'all', Filter: {}, ...abort, ...expire }], { endsUploads: true, deleting: ['all'] }],
  ['of the old form', [{ ID: 'old', Prefix: 'job-state/', ...abort, ...expire }], { endsUploads: true, deleting: ['old'] }],
  ['above', [{ ID: 'up', Filter: { Prefix: 'job' }, ...abort, ...expire }], { endsUploads: true, deleting: ['up'] }],
  [
    'below: uploads elsewhere in the namespace stay',
    [{ ID: 'down', Filter: { Prefix: 'job-state/prod/flow/' }, ...abort, ...expire }],
    { endsUploads: false, deleting: ['down'] },
  ],
  [
    'with a size',
    [{ ID: 'big', Filter: { And: { Prefix: 'job-state/prod/', ObjectSizeGreaterThan: 1 } }, ...expire }],
    { endsUploads: false, deleting: ['big'] },
  ],
  [
    'for another prefix',
    [{ ID: 'other', Filter: { Prefix: 'job-state/test/' }, ...abort, ...expire }],
    { endsUploads: false, deleting: [] },
  ],
  ['for tags', [{ ID: 'tags', Filter: { Tag: { Key: 'a', Value: 'b' } }, ...expire }], { endsUploads: false, deleting: [] }],
  [
    'that only tidy versions',
    [{ ID: 'marker', Filter: { Prefix: '' }, Expiration: { ExpiredObjectDeleteMarker: true } }],
    { endsUploads: false, deleting: [] },
  ],
])('rules %s', async (_what, rules, told) => {
  const { store, sent } = fakeS3(() => ({ Rules: rules.map((rule) => ({ ...ENABLED, ...rule })) }));

  expect(await store.rules('prod/')).toEqual(told);
  expect(sent).toMatchObject([{ operation: 'GetBucketLifecycleConfiguration', input: { Bucket: 'reports' } }]);
});

test('a rule that is switched off does nothing', async () => {
  const { store } = fakeS3(() => ({ Rules: [{ ID: 'off', Status: 'Disabled', Filter: {}, ...abort, ...expire }] }));

  expect(await store.rules('prod/')).toEqual({ endsUploads: false, deleting: [] });
});

test('a bucket that never had rules has none', async () => {
  const { store } = fakeS3(() => Promise.reject(sdkError('NoSuchLifecycleConfiguration', 404)));

  expect(await store.rules('prod/')).toEqual({ endsUploads: false, deleting: [] });
});

test('a missing right is named', async () => {
  const { store } = fakeS3(() => Promise.reject(sdkError('AccessDenied', 403)));

  await expect(store.rules('prod/')).rejects.toThrow(/s3:GetLifecycleConfiguration on the bucket/);
});
