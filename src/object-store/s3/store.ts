import { systemClock } from '../../async/clock.ts';
import { systemTimer } from '../../async/deadline.ts';
import { systemRandom } from '../../async/random.ts';
import { checkedObjectStore } from '../checked.ts';
import type { ObjectStore } from '../object-store.ts';
import { s3Commands } from './commands.ts';
import { s3Remedy } from './errors.ts';
import { s3Delete } from './delete.ts';
import { s3List } from './list.ts';
import { resolveS3Options, type S3ObjectStoreOptions } from './options.ts';
import { s3Put } from './put.ts';
import { s3Get, s3GetStream } from './read.ts';
import type { S3Parts, S3Store } from './request.ts';
import { s3Rules } from './rules.ts';
import { s3Unfinished } from './unfinished.ts';

/** `mooring/s3`. Needs `@aws-sdk/client-s3`, the package of your client. */

/**
 * An object store in a bucket of S3, or of a server that speaks its language. Sends nothing before its first use.
 *
 * For an endpoint of your own give the client `requestChecksumCalculation: 'WHEN_REQUIRED'` and
 * `responseChecksumValidation: 'WHEN_REQUIRED'`: some servers do not know the checksums that it sends otherwise. Every value is
 * still verified by a digest of its own.
 *
 * @throws `ConfigError` for an invalid option.
 */
export function s3ObjectStore(options: S3ObjectStoreOptions): ObjectStore {
  return s3ObjectStoreOf({ commands: s3Commands(), clock: systemClock, random: systemRandom, timer: systemTimer }, options);
}

/**
 * An object store in a bucket, made of given parts.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function s3ObjectStoreOf(parts: S3Parts, options: S3ObjectStoreOptions): Required<ObjectStore> {
  const resolved = resolveS3Options(options);
  const store: S3Store = { ...resolved, ...parts, conditional: true, deletesMany: true };
  return checkedObjectStore({
    alias: resolved.alias,
    put: s3Put(store),
    get: s3Get(store),
    getStream: s3GetStream(store),
    delete: s3Delete(store),
    list: s3List(store),
    unfinished: s3Unfinished(store),
    rules: s3Rules(store),
    remedy: s3Remedy,
  });
}
