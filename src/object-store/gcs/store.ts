import { systemClock } from '../../async/clock.ts';
import { systemTimer } from '../../async/deadline.ts';
import { systemRandom } from '../../async/random.ts';
import { checkedObjectStore } from '../checked.ts';
import type { ObjectStore } from '../object-store.ts';
import { gcsDelete, gcsList } from './list.ts';
import { resolveGcsOptions, type GcsObjectStoreOptions } from './options.ts';
import { gcsPut } from './put.ts';
import { gcsGet, gcsGetStream } from './read.ts';
import type { GcsParts, GcsStore } from './request.ts';
import { gcsRules } from './rules.ts';

/** `mooring/gcs`. Loads no client: a bucket of yours is all that it calls. */

/**
 * An object store in a bucket of Google Cloud Storage. Sends nothing before its first use. Objects are encrypted as the bucket says.
 *
 * @throws `ConfigError` for an invalid option.
 */
export function gcsObjectStore(options: GcsObjectStoreOptions): ObjectStore {
  return gcsObjectStoreOf({ clock: systemClock, random: systemRandom, timer: systemTimer }, options);
}

/**
 * An object store in a bucket, made of given parts.
 *
 * @throws {@link ConfigError} for an invalid option.
 */
export function gcsObjectStoreOf(parts: GcsParts, options: GcsObjectStoreOptions): ObjectStore {
  const { alias, bucket, prefix } = resolveGcsOptions(options);
  const store: GcsStore = { bucket, prefix, ...parts };
  return checkedObjectStore({
    alias,
    put: gcsPut(store),
    get: gcsGet(store),
    getStream: gcsGetStream(store),
    delete: gcsDelete(store),
    list: gcsList(store),
    rules: gcsRules(store),
  });
}
