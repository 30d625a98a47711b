import { STORE_OPTIONS, type StateStoreOptions } from '../state-store/options.ts';

/** Options of `openStateStore()`: those of `createStateStore()`, with addresses in place of ready stores. */
export interface StoreConfig extends Omit<StateStoreOptions, 'metastore' | 'objectStore' | 'formerObjectStores'> {
  /**
   * `redis://[user[:password]@]host[:port][/database]`; `rediss://` with TLS; `redis+cluster://` and `rediss+cluster://` for a node of
   * a Cluster, which names the others.
   */
  redis: string;
  /**
   * More options for the client of ioredis: `{ tls: { ca } }`. They win over what the address and `redisCredentials` say.
   * @defaultValue `{}`
   */
  redisOptions?: object;
  /**
   * User and password, in place of those in the address. `configFromEnv()` puts them here, so that `redisOptions` can be added to
   * it.
   * @defaultValue those of the address
   */
  redisCredentials?: { username?: string; password?: string };
  /**
   * Where large values go: `s3://[connection@]bucket/prefix/`, `gs://[connection@]bucket/prefix/` or `file:///folder/`. The part before
   * the `@` is the ID of a connection, never a credential.
   * @defaultValue none: all values stay in Redis
   */
  path?: string;
  /**
   * Where large values went earlier: still read and swept, never written. One that `path` names again is left out.
   * @defaultValue `[]`
   */
  formerPaths?: readonly string[];
  /**
   * What references record for a path, by that name, if it is not what the path itself says: `{ archive: 's3://bucket/state/' }`
   * for objects that were written with `alias: 'archive'`, or that were copied from elsewhere.
   * @defaultValue `{}`
   */
  aliases?: Readonly<Record<string, string>>;
  /**
   * Options for the S3 or Google Cloud Storage client, by the ID of the connection: endpoint, region, credentials and whatever
   * else that client knows. For a path without a connection, and for what a connection leaves out, the client's own chain
   * decides.
   * @defaultValue `{}`
   */
  connections?: Readonly<Record<string, object>>;
}

const { metastore: _metastore, objectStore: _objectStore, formerObjectStores: _former, ...shared } = STORE_OPTIONS;

/** The names of the options. */
export const CONFIG_OPTIONS: Readonly<Record<keyof StoreConfig, unknown>> = {
  redis: true,
  redisOptions: true,
  redisCredentials: true,
  path: true,
  formerPaths: true,
  aliases: true,
  connections: true,
  ...shared,
};
