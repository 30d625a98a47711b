import { describe, expect, it } from '@jest/globals';
import { s3ObjectStore, type S3ObjectStoreOptions } from '../../../../src/s3.ts';
import { refusals, wrong, type Refusal } from '../../../support/refusals.ts';

const client = { send: () => Promise.reject(new Error('nothing is sent')) };
const make = (options: object) => () => s3ObjectStore(wrong({ client, bucket: 'reports', ...options }));
const encryption = (serverSideEncryption: unknown) => make({ serverSideEncryption });

describe('s3ObjectStore(), given', () => {
  const prefixes: Refusal[] = [
    '/state/',
    '//',
    'a//b',
    'a/./b',
    '..',
    '../',
    'a b',
    'ä',
    'a\\b',
    'a%2f',
    '%',
    'a'.repeat(124),
    7,
  ].map((prefix) => [
    `the prefix ${JSON.stringify(prefix)}`,
    make({ prefix }),
    'prefix',
    /must be segments of .* of at most 124 bytes/,
  ]);
  const buckets: Refusal[] = ['', 'a', '/reports', 's3://reports', 'reports/state', 'with space', undefined, 7].map((bucket) => [
    `the bucket ${JSON.stringify(bucket)}`,
    make({ bucket }),
    'bucket',
    /must be the name of a bucket alone/,
  ]);
  const partSizes: Refusal[] = [0, -1, 5 * 2 ** 20 - 1, 2 ** 30 + 1, 8.5 * 2 ** 20 + 0.5, Number.NaN, '8MiB'].map((partSize) => [
    `a partSize of ${partSize}`,
    make({ partSize }),
    'partSize',
    /must be a whole number of bytes from 5 MiB to 1 GiB/,
  ]);
  refusals([
    ['nothing', () => s3ObjectStore(wrong(undefined)), 'options', /must be an object, received undefined/],
    ['a misspelt prefix', make({ prefx: 'a' }), 'prefx', /not an option .*prefix/],
    ['no client', make({ client: undefined }), 'client', /must be an S3Client/],
    ['the configuration of a client', make({ client: { region: 'eu-central-1' } }), 'client', /must be an S3Client/],
    ['an empty alias', make({ alias: '' }), 'alias', /must be a text that is not empty/],
    ['an alias that is no text', make({ alias: 7 }), 'alias', /must be a text that is not empty/],
    ['an encryption that is a text', encryption('AES256'), 'serverSideEncryption', /must be an object/],
    ['no encryption by null', encryption(null), 'serverSideEncryption', /must be an object/],
    ['an encryption without a kind', encryption({}), 'serverSideEncryption.kind', /must be 'AES256' or 'aws:kms'/],
    ['an encryption of another kind', encryption({ kind: 'aws:kms:dsse' }), 'serverSideEncryption.kind', /'AES256' or 'aws:kms'/],
    ['a key where S3 has its own', encryption({ kind: 'AES256', keyId: 'k' }), 'serverSideEncryption.keyId', /not an option/],
    ['a misspelt key', encryption({ kind: 'aws:kms', key: 'k' }), 'serverSideEncryption.key', /not an option .*keyId/],
    [
      'an empty key',
      encryption({ kind: 'aws:kms', keyId: '' }),
      'serverSideEncryption.keyId',
      /must be a text that is not empty/,
    ],
    ...buckets,
    ...prefixes,
    ...partSizes,
  ]);

  it.each<[Partial<S3ObjectStoreOptions>, string]>([
    [{}, 's3:reports/'],
    [{ prefix: '' }, 's3:reports/'],
    [{ prefix: 'job-state' }, 's3:reports/job-state/'],
    [{ prefix: 'job-state/' }, 's3:reports/job-state/'],
    [{ prefix: 'a/b=c/d%20e/' }, 's3:reports/a/b=c/d%20e/'],
    [{ prefix: 'a'.repeat(123) }, `s3:reports/${'a'.repeat(123)}/`],
    [{ alias: 'old' }, 'old'],
    [
      { bucket: 'arn:aws:s3:eu-central-1:123456789012:accesspoint/state' },
      's3:arn:aws:s3:eu-central-1:123456789012:accesspoint/state/',
    ],
  ])('%j, has the alias %s', (options, alias) => {
    expect(s3ObjectStore({ client, bucket: 'reports', ...options }).alias).toBe(alias);
  });
});
