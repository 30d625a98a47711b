import type { Timer } from '../../async/deadline.ts';
import type { Random } from '../../async/random.ts';
import { gcsDelete, gcsList } from './list.ts';
import { resolveGcsOptions, type GcsObjectStoreOptions } from './options.ts';
import { gcsPut } from './put.ts';
import { gcsGet, gcsGetStream } from './read.ts';
import type { GcsStore } from './request.ts';
import { gcsRules } from './rules.ts';
import type { ObjectStore } from '../object-store.ts';

/**
 * An object store in a bucket, with a given way to wait.
 *
 * @throws {@link ConfigError} for an option that cannot be meant.
 */
export function gcsObjectStoreOf(parts: { timer: Timer; random: Random }, options: GcsObjectStoreOptions): ObjectStore {
  const { alias, bucket, prefix } = resolveGcsOptions(options);
  const store: GcsStore = { bucket, prefix, ...parts };
  return {
    alias,
    put: gcsPut(store),
    get: gcsGet(store),
    getStream: gcsGetStream(store),
    delete: gcsDelete(store),
    list: gcsList(store),
    rules: gcsRules(store),
  };
}
