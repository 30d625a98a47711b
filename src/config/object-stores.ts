import { ConfigError } from '../model/errors/store.ts';
import { fileObjectStore } from '../object-store/file/store.ts';
import type { ObjectStore } from '../object-store/object-store.ts';
import type { S3ObjectStoreOptions } from '../object-store/s3/options.ts';
import { createGcs, createS3, type Environment } from './clients/buckets.ts';
import { normalId, optionsOf, type Connections } from './connections.ts';
import type { BucketLocation, Location } from './location.ts';
import type { Packages } from './clients/packages.ts';
import { renamed } from './renamed.ts';
import type { StorePath } from './store-paths.ts';

/** Object stores from paths: one client for each connection, however many paths it serves. */

/** What the stores are made with. */
export interface Workshop {
  connections: Connections;
  packages: Packages;
  env: Environment;
  /** Called with the function that closes a client as soon as there is one: a later step may fail. */
  owned(close: () => void): void;
}

/**
 * The stores of the paths, in their order.
 *
 * @throws {@link ConfigError}
 */
export async function createObjectStores(paths: readonly StorePath[], workshop: Workshop): Promise<readonly ObjectStore[]> {
  const stores: ObjectStore[] = [];
  const makeBucket = bucketMaker(workshop);
  for (const path of paths) {
    const { option, location, alias } = path;
    const named = alias === undefined ? {} : { alias };
    const store = await made(option, location, () =>
      location.kind === 'file'
        ? fileObjectStore({ directory: location.directory, ...named })
        : makeBucket(option, location, named),
    );
    const other = paths[stores.findIndex(({ alias: known }) => known === store.alias)];
    if (other) {
      const rule = `must not be recorded as ${other.option} is: give the newer one another prefix, or one of them a name in aliases`;
      throw new ConfigError(option, rule);
    }
    stores.push(store);
  }
  return stores;
}

/** Makes a store. An error names the path, or the connection's option. */
async function made(option: string, location: Location, make: () => ObjectStore | Promise<ObjectStore>): Promise<ObjectStore> {
  try {
    return await make();
  } catch (error) {
    const connection = location.kind === 'file' ? undefined : location.connection;
    throw renamed(error, (name) => {
      const own = OF_THE_STORE.some((known) => name === known || name.startsWith(`${known}.`));
      if (own) return `connections.${connection}.${name}`;
      return OF_A_PATH.includes(name) ? option : undefined;
    });
  }
}

/** Options of a connection that are the store's, not the client's. */
const OF_THE_STORE = ['serverSideEncryption', 'partSize'] as const;
/** Options of a store that a path says. */
const OF_A_PATH: readonly string[] = ['directory', 'bucket', 'prefix', 'alias'];
type OfTheStore = Pick<S3ObjectStoreOptions, (typeof OF_THE_STORE)[number]>;

function bucketMaker({ connections, packages, env, owned }: Workshop) {
  const clients = new Map<string, unknown>();
  /** The client of a connection, made when it is first needed. */
  const once = <Client>(location: BucketLocation, make: () => Client): Client => {
    const name = JSON.stringify([location.kind, normalId(location.connection ?? '')]);
    if (!clients.has(name)) clients.set(name, make());
    return clients.get(name) as Client;
  };
  return async (option: string, location: BucketLocation, named: { alias?: string }): Promise<ObjectStore> => {
    const { kind, connection, bucket, prefix } = location;
    const options = optionsOf(option, connection, connections);
    if (kind === 'gs') {
      const sdk = await packages['@google-cloud/storage'](option);
      const { gcsObjectStore } = await import('../object-store/gcs/store.ts');
      const storage = once(location, () => createGcs(sdk, options));
      return gcsObjectStore({ bucket: storage.bucket(bucket), prefix, ...named });
    }
    const sdk = await packages['@aws-sdk/client-s3'](option);
    const { s3ObjectStore } = await import('../object-store/s3/store.ts');
    const { serverSideEncryption, partSize, ...more } = options as OfTheStore;
    const client = once(location, () => {
      const made = createS3(sdk, more, env);
      owned(made.close);
      return made.client;
    });
    return s3ObjectStore({
      client,
      bucket,
      prefix,
      ...named,
      ...(serverSideEncryption !== undefined && { serverSideEncryption }),
      ...(partSize !== undefined && { partSize }),
    });
  };
}
