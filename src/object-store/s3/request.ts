import type {
  AbortMultipartUploadCommandInput,
  CompleteMultipartUploadCommandInput,
  CreateMultipartUploadCommandInput,
  CreateMultipartUploadCommandOutput,
  DeleteObjectsCommandInput,
  DeleteObjectsCommandOutput,
  GetBucketLifecycleConfigurationCommandInput,
  GetBucketLifecycleConfigurationCommandOutput,
  GetObjectCommandInput,
  GetObjectCommandOutput,
  HeadBucketCommandInput,
  HeadObjectCommandInput,
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  ListObjectsV2CommandInput,
  ListObjectsV2CommandOutput,
  PutObjectCommandInput,
  UploadPartCommandInput,
  UploadPartCommandOutput,
} from '@aws-sdk/client-s3';
import { untilAborted, type Timer } from '../../async/deadline.ts';
import type { Clock } from '../../async/clock.ts';
import type { Random } from '../../async/random.ts';

import { answerOf, S3Error } from './errors.ts';
import type { ResolvedS3Options } from './options.ts';

/** One request to S3: the command of the user's own package, sent by the user's client, and one kind of error. */

/** What is asked of S3, and what it answers. */
export interface S3Operations {
  PutObject: { input: PutObjectCommandInput; output: unknown };
  GetObject: { input: GetObjectCommandInput; output: GetObjectCommandOutput };
  HeadObject: { input: HeadObjectCommandInput; output: HeadObjectCommandOutput };
  HeadBucket: { input: HeadBucketCommandInput; output: unknown };
  DeleteObjects: { input: DeleteObjectsCommandInput; output: DeleteObjectsCommandOutput };
  ListObjectsV2: { input: ListObjectsV2CommandInput; output: ListObjectsV2CommandOutput };
  CreateMultipartUpload: { input: CreateMultipartUploadCommandInput; output: CreateMultipartUploadCommandOutput };
  UploadPart: { input: UploadPartCommandInput; output: UploadPartCommandOutput };
  CompleteMultipartUpload: { input: CompleteMultipartUploadCommandInput; output: unknown };
  AbortMultipartUpload: { input: AbortMultipartUploadCommandInput; output: unknown };
  ListMultipartUploads: { input: ListMultipartUploadsCommandInput; output: ListMultipartUploadsCommandOutput };
  GetBucketLifecycleConfiguration: {
    input: GetBucketLifecycleConfigurationCommandInput;
    output: GetBucketLifecycleConfigurationCommandOutput;
  };
}

/** Never text, and never with a `Content-Encoding`: nobody on the way may change or decode the bytes. */
export const CONTENT_TYPE = 'application/octet-stream';

/** The classes of `@aws-sdk/client-s3` whose instances its client sends. */
export type S3Commands = {
  readonly [Name in keyof S3Operations]: new (input: S3Operations[Name]['input']) => object;
};

/** What a store is made of. */
export interface S3Parts {
  commands: S3Commands;
  clock: Clock;
  random: Random;
  timer: Timer;
}

/** A store: its options, its parts, and what it has learnt of its server. */
export interface S3Store extends ResolvedS3Options, S3Parts {
  /** Whether the server takes `If-None-Match`; one that does not says so at the first try. */
  conditional: boolean;
}

/**
 * Sends a request to the store's bucket.
 *
 * @param name - The object's name in the bucket, or the beginning of names, for errors.
 * @throws {@link S3Error}, or the signal's reason.
 */
export async function send<Name extends keyof S3Operations>(
  { client, bucket, commands }: S3Store,
  operation: Name,
  name: string,
  input: Omit<S3Operations[Name]['input'], 'Bucket'>,
  signal: AbortSignal | undefined,
): Promise<S3Operations[Name]['output']> {
  signal?.throwIfAborted();
  const command = new commands[operation]({ ...input, Bucket: bucket });
  try {
    const answer = client.send(command as never, signal && { abortSignal: signal });
    return (await untilAborted(answer, signal)) as S3Operations[Name]['output'];
  } catch (error) {
    signal?.throwIfAborted();
    throw new S3Error({ operation, bucket, name }, answerOf(error));
  }
}
