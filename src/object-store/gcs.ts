import { systemTimer } from '../call.ts';
import { systemRandom } from '../random.ts';
import type { GcsObjectStoreOptions } from './gcs-options.ts';
import { gcsObjectStoreOf } from './gcs-store.ts';
import type { ObjectStore } from './object-store.ts';

export { GcsError } from './gcs-errors.ts';
export type { GcsBucket, GcsFile, GcsObjectStoreOptions, GcsRequestOptions } from './gcs-options.ts';

/** `mooring/gcs`. Loads no client: a bucket of yours is all that it calls. */

/**
 * An object store in a bucket of Google Cloud Storage. Sends nothing before its first use. Objects are encrypted as the bucket says.
 *
 * @throws `ConfigError` for an option that cannot be meant.
 */
export function gcsObjectStore(options: GcsObjectStoreOptions): ObjectStore {
  return gcsObjectStoreOf({ timer: systemTimer, random: systemRandom }, options);
}
