import { describe, expect, test } from '@jest/globals';
import { gcsObjectStore } from '../../../../src/gcs.ts';
import { fakeBucket } from '../../../support/gcs-bucket.ts';
import { refusals, wrong } from '../../../support/refusals.ts';

const { bucket } = fakeBucket();

describe('gcsObjectStore(), given', () => {
  refusals([
    ['nothing', () => gcsObjectStore(wrong(undefined)), 'options', /must be an object, received undefined/],
    ['no bucket', () => gcsObjectStore(wrong({})), 'bucket', /must be a Bucket of @google-cloud\/storage, received undefined/],
    ['the name of a bucket', () => gcsObjectStore({ bucket: wrong('vault') }), 'bucket', /must be a Bucket .*received "vault"/],
    ['a client', () => gcsObjectStore({ bucket: wrong({ bucket: () => bucket }) }), 'bucket', /must be a Bucket/],
    ['a bucket of no client', () => gcsObjectStore({ bucket: wrong({ ...bucket, storage: {} }) }), 'bucket', /must be a Bucket/],
    ['a misspelt prefix', () => gcsObjectStore(wrong({ bucket, prefx: 'a' })), 'prefx', /not an option .*prefix/],
    ['an empty alias', () => gcsObjectStore({ bucket, alias: '' }), 'alias', /must be a text that is not empty, received ""/],
    ['an alias that is none', () => gcsObjectStore({ bucket, alias: wrong(7) }), 'alias', /received 7/],
    ...['/', '/a', 'a//b', '../a', 'a/./b', 'a b', 'é', 'a%2f', 'x'.repeat(124), 7].map(
      (prefix): [string, () => unknown, string, RegExp] => [
        `the prefix ${String(prefix).slice(0, 10)}`,
        () => gcsObjectStore({ bucket, prefix: wrong(prefix) }),
        'prefix',
        /must be segments of letters/,
      ],
    ),
  ]);

  test.each([
    [undefined, 'gs:vault/'],
    ['', 'gs:vault/'],
    ['a', 'gs:vault/a/'],
    ['a/', 'gs:vault/a/'],
    [`${'x'.repeat(123)}/`, `gs:vault/${'x'.repeat(123)}/`],
  ])('the prefix %p, its alias is %s', (prefix, alias) => {
    expect(gcsObjectStore({ bucket, ...(prefix !== undefined && { prefix }) }).alias).toBe(alias);
  });
});
