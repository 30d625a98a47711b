import type { GcsBucket } from '../../object-store/gcs/options.ts';
import type { S3Client } from '../../object-store/s3/options.ts';
import type { GcsSdk, S3Sdk } from './packages.ts';

/** Clients of buckets, from the options of a connection. For what these leave out, the client's own chain decides. */

/** The parts of the environment that decide what the client of S3 would do by itself. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * A client of S3. For a server other than Amazon's it names the bucket in the path and sends no checksums of its own, which many
 * such servers refuse. Objects are verified by their SHA-256 in any case.
 */
export function createS3(sdk: S3Sdk, options: object, env: Environment): { client: S3Client; close(): void } {
  const elsewhere = 'endpoint' in options || env['AWS_ENDPOINT_URL_S3'] !== undefined || env['AWS_ENDPOINT_URL'] !== undefined;
  const regionKnown = env['AWS_REGION'] !== undefined || env['AWS_PROFILE'] !== undefined;
  const client = new sdk.S3Client({
    ...(elsewhere && {
      forcePathStyle: true,
      ...(!regionKnown && { region: 'us-east-1' }),
      ...(env['AWS_REQUEST_CHECKSUM_CALCULATION'] === undefined && { requestChecksumCalculation: 'WHEN_REQUIRED' }),
      ...(env['AWS_RESPONSE_CHECKSUM_VALIDATION'] === undefined && { responseChecksumValidation: 'WHEN_REQUIRED' }),
    }),
    ...options,
  });
  return { client, close: () => client.destroy() };
}

/** Buckets of Google Cloud Storage. The client keeps no socket that would hold a process. */
export function createGcs(sdk: GcsSdk, options: object): { bucket(name: string): GcsBucket } {
  return new sdk.Storage({ ...options });
}
