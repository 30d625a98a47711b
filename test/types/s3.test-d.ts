import { type S3, S3Client } from '@aws-sdk/client-s3';
import { type S3 as OldestS3, S3Client as OldestS3Client } from 'aws-sdk-client-s3-oldest';
import { expectTypeOf } from 'expect-type';
import type { ObjectStore } from 'mooring';
import { s3ObjectStore, type S3Client as S3ClientPart, type S3Error } from 'mooring/s3';

// The part of a client that is called is there in the oldest and the newest, bare and with all its methods.
expectTypeOf<S3Client>().toExtend<S3ClientPart>();
expectTypeOf<S3>().toExtend<S3ClientPart>();
expectTypeOf<OldestS3Client>().toExtend<S3ClientPart>();
expectTypeOf<OldestS3>().toExtend<S3ClientPart>();

const client = new S3Client();
expectTypeOf(s3ObjectStore({ client, bucket: 'reports' })).toEqualTypeOf<ObjectStore>();
s3ObjectStore({ client: new OldestS3Client({}), bucket: 'reports', prefix: 'job-state/', alias: 'old', partSize: 16 * 2 ** 20 });
s3ObjectStore({ client, bucket: 'reports', serverSideEncryption: { kind: 'AES256' } });
s3ObjectStore({ client, bucket: 'reports', serverSideEncryption: { kind: 'aws:kms' } });
s3ObjectStore({ client, bucket: 'reports', serverSideEncryption: { kind: 'aws:kms', keyId: 'alias/state' } });
// @ts-expect-error: S3's own keys have no ID
s3ObjectStore({ client, bucket: 'reports', serverSideEncryption: { kind: 'AES256', keyId: 'alias/state' } });
// @ts-expect-error: a client is taken ready, never its configuration
s3ObjectStore({ client: { region: 'eu-central-1' }, bucket: 'reports' });
// @ts-expect-error: the bucket has a name
s3ObjectStore({ client });

expectTypeOf<S3Error>().toExtend<Error>();
expectTypeOf<S3Error['code']>().toEqualTypeOf<string>();
expectTypeOf<S3Error['status']>().toEqualTypeOf<number | undefined>();
