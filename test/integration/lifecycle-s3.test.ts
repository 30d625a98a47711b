import { afterAll, beforeAll, expect, test } from '@jest/globals';
import {
  GetBucketLifecycleConfigurationCommand,
  PutBucketLifecycleConfigurationCommand,
  type BucketLifecycleConfiguration,
} from '@aws-sdk/client-s3';
import { s3ObjectStore } from '../../src/s3.ts';
import { runCommand } from '../support/command.ts';
import { startMinio, type S3Server } from '../support/minio.ts';

/** The rules that `mooring lifecycle s3` prints are rules that a server takes, and has afterwards. */

let minio: S3Server;

beforeAll(async () => {
  minio = await startMinio();
});

afterAll(() => minio?.stop());

async function rules(...flags: string[]): Promise<BucketLifecycleConfiguration> {
  const { stdout } = await runCommand(['lifecycle', 's3', '--path', 's3://bucket/state/', '--json', ...flags]);
  return JSON.parse(stdout) as BucketLifecycleConfiguration;
}

async function applied(given: BucketLifecycleConfiguration, bucket?: string): Promise<BucketLifecycleConfiguration> {
  const Bucket = bucket ?? (await minio.bucket());
  const client = minio.client();
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket, LifecycleConfiguration: given }));
  const { Rules } = await client.send(new GetBucketLifecycleConfigurationCommand({ Bucket }));
  return { Rules };
}

test('MinIO takes the rules without ages', async () => {
  const given = await rules();

  const found = await applied(given);

  expect(found.Rules).toHaveLength(1);
  expect(found.Rules?.[0]).toMatchObject({
    Status: 'Enabled',
    Filter: { Prefix: 'state/default/' },
    Expiration: { ExpiredObjectDeleteMarker: true },
    NoncurrentVersionExpiration: { NoncurrentDays: 7 },
  });
});

test('MinIO takes the rules by age', async () => {
  const given = await rules('--longest-retention', '30d', '--flow', 'bull:transcode');

  const found = await applied(given);

  expect(found.Rules).toHaveLength(2);
  expect(found.Rules).toContainEqual(
    expect.objectContaining({
      Filter: { Prefix: 'state/default/bull%3Atranscode/' },
      Expiration: expect.objectContaining({ Days: 39 }),
    }),
  );
});

test('MinIO says of its rules what doctor looks at', async () => {
  const Bucket = await minio.bucket();
  const store = s3ObjectStore({ client: minio.client(), bucket: Bucket, prefix: 'state/' });
  expect(await store.rules?.('default/')).toEqual({ endsUploads: false, deleting: [] });

  const given = await rules('--longest-retention', '30d', '--flow', 'a');
  const kept = await applied(given, Bucket);

  expect(given.Rules?.map((rule) => rule.AbortIncompleteMultipartUpload)).toEqual([{ DaysAfterInitiation: 2 }, undefined]);
  expect(kept.Rules?.map((rule) => rule.AbortIncompleteMultipartUpload)).toEqual([undefined, undefined]);
  expect(await store.rules?.('default/')).toEqual({ endsUploads: false, deleting: ['mooring default: expire a'] });
  expect(await store.rules?.('other/')).toEqual({ endsUploads: false, deleting: [] });
});
