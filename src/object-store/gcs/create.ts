import { systemTimer } from '../../async/deadline.ts';
import { systemRandom } from '../../async/random.ts';
import type { GcsObjectStoreOptions } from './options.ts';
import { gcsObjectStoreOf } from './store.ts';
import type { ObjectStore } from '../object-store.ts';

export { GcsError } from './errors.ts';
export type { GcsBucket, GcsFile, GcsObjectStoreOptions, GcsRequestOptions } from './options.ts';

/** `mooring/gcs`. Loads no client: a bucket of yours is all that it calls. */

/**
 * An object store in a bucket of Google Cloud Storage. Sends nothing before its first use. Objects are encrypted as the bucket says.
 *
 * @throws `ConfigError` for an option that cannot be meant.
 */
export function gcsObjectStore(options: GcsObjectStoreOptions): ObjectStore {
  return gcsObjectStoreOf({ timer: systemTimer, random: systemRandom }, options);
}
