import { systemTimer } from '../../async/deadline.ts';
import { systemClock } from '../../async/clock.ts';
import { systemRandom } from '../../async/random.ts';
import type { ObjectStore } from '../object-store.ts';
import { S3_COMMANDS } from './commands.ts';
import type { S3ObjectStoreOptions } from './options.ts';
import { s3ObjectStoreOf } from './store.ts';

export { S3Error } from './errors.ts';
export type { S3Client, S3ObjectStoreOptions, ServerSideEncryption } from './options.ts';

/** `mooring/s3`. Needs `@aws-sdk/client-s3`, of which your client is. */

/**
 * An object store in a bucket of S3, or of a server that speaks its language. Sends nothing before its first use.
 *
 * For an endpoint of your own give the client `requestChecksumCalculation: 'WHEN_REQUIRED'` and
 * `responseChecksumValidation: 'WHEN_REQUIRED'`: some servers do not know the checksums that it sends else. Every value is verified
 * by a digest of its own all the same.
 *
 * @throws `ConfigError` for an option that cannot be meant.
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  return s3ObjectStoreOf({ commands: S3_COMMANDS, clock: systemClock, random: systemRandom, timer: systemTimer }, options);
}
