import { ConfigError, wrongKind } from '../../model/errors/store.ts';
import { requireKnownNames, type OptionNames } from '../../model/check-options.ts';
import { text } from '../../model/checks.ts';
import { resolvePrefix } from '../prefix.ts';

/** Options of `s3ObjectStore()`, checked when the store is made. */

/** A ready client of `@aws-sdk/client-s3` 3.700 or later: the part of it that is called. It stays the user's to destroy. */
export interface S3Client {
  /** Sends a command. */
  send(command: never, options?: { abortSignal?: AbortSignal }): Promise<unknown>;
}

/** How S3 encrypts at rest. */
export type ServerSideEncryption =
  | { kind: 'AES256' }
  | {
      kind: 'aws:kms';
      /** @defaultValue the key of the bucket, or the account's own for S3 */
      keyId?: string;
    };

/** Options of `s3ObjectStore()`. */
export interface S3ObjectStoreOptions {
  /** The client stays yours to destroy. Its retries, timeouts, region, endpoint and checksums are those that you gave it. */
  client: S3Client;
  /** The name of the bucket, or the ARN of an access point. */
  bucket: string;
  /**
   * What every object's name begins with, as in `s3://bucket/prefix/`; the `/` at the end may be left out. At most 124 bytes.
   * @defaultValue `''`
   */
  prefix?: string;
  /**
   * What references record.
   * @defaultValue `'s3:<bucket>/<prefix>'`
   */
  alias?: string;
  /**
   * Bytes. A larger body is uploaded in parts of this size, at most 10,000 of them: the largest body has 10,000 times as many
   * bytes. Up to five parts are held in memory. 5 MiB to 1 GiB.
   * @defaultValue 8 MiB
   */
  partSize?: number;
  /**
   * How objects are encrypted at rest.
   * @defaultValue as the bucket says
   */
  serverSideEncryption?: ServerSideEncryption;
}

/** What the encryption adds to the request that makes an object. */
export interface EncryptionInput {
  ServerSideEncryption?: 'AES256' | 'aws:kms';
  SSEKMSKeyId?: string;
  BucketKeyEnabled?: boolean;
}

/** The options, complete and checked. The prefix is empty, or has a `/` at the end. */
export interface ResolvedS3Options extends Readonly<Required<Omit<S3ObjectStoreOptions, 'serverSideEncryption'>>> {
  readonly encryption: EncryptionInput;
}

const MEBIBYTE = 2 ** 20;
/** S3 takes a smaller part only as the last: https://docs.aws.amazon.com/AmazonS3/latest/userguide/qfacts.html */
const SMALLEST_PART = 5 * MEBIBYTE;
const LARGEST_PART = 1_024 * MEBIBYTE;
const BUCKET = /^(?:[A-Za-z0-9][A-Za-z0-9._-]{1,254}|arn:[A-Za-z0-9:/._-]{1,500})$/;

const OPTIONS: OptionNames<S3ObjectStoreOptions> = {
  client: true,
  bucket: true,
  prefix: true,
  alias: true,
  partSize: true,
  serverSideEncryption: true,
};

/**
 * Checks every option and fills in what is left out.
 *
 * @throws {@link ConfigError} that names the option, the rule and what was received.
 */
export function resolveS3Options(options: S3ObjectStoreOptions): ResolvedS3Options {
  requireKnownNames('options', options, OPTIONS);
  const { client, bucket, partSize = 8 * MEBIBYTE } = options;
  if (typeof client?.send !== 'function') throw wrongKind('client', 'must be an S3Client of @aws-sdk/client-s3', client);
  if (typeof bucket !== 'string' || !BUCKET.test(bucket)) {
    throw new ConfigError('bucket', 'must be the name of a bucket alone, or the ARN of an access point', bucket);
  }
  if (!Number.isSafeInteger(partSize) || partSize < SMALLEST_PART || partSize > LARGEST_PART) {
    throw new ConfigError('partSize', 'must be a whole number of bytes from 5 MiB to 1 GiB', partSize);
  }
  const prefix = resolvePrefix(options.prefix);
  const { alias = `s3:${bucket}/${prefix}` } = options;
  text(alias, 'alias');
  return { client, bucket, prefix, alias, partSize, encryption: encryptionInput(options.serverSideEncryption) };
}

function encryptionInput(given: ServerSideEncryption | undefined): EncryptionInput {
  if (given === undefined) return {};
  const option = 'serverSideEncryption';
  requireKnownNames(option, given, given?.kind === 'aws:kms' ? { kind: true, keyId: true } : { kind: true });
  if (given.kind === 'AES256') return { ServerSideEncryption: 'AES256' };
  if (given.kind !== 'aws:kms') {
    throw new ConfigError(`${option}.kind`, "must be 'AES256' or 'aws:kms'", (given as { kind: unknown }).kind);
  }
  const { keyId } = given;
  if (keyId !== undefined) text(keyId, `${option}.keyId`);
  // The bucket's key: one call of KMS for many objects in place of one for each.
  return { ServerSideEncryption: 'aws:kms', BucketKeyEnabled: true, ...(keyId !== undefined && { SSEKMSKeyId: keyId }) };
}
