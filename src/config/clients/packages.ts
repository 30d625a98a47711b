import { notLoaded } from '../../model/errors/not-loaded.ts';
import type { GcsBucket } from '../../object-store/gcs/options.ts';
import type { S3Client } from '../../object-store/s3/options.ts';
import type { RedisClient } from '../../metastore/redis/store.ts';

/** The packages that clients come from. Each is loaded when an address needs it, never before. */

/** A client of ioredis that is ours to close. */
export interface OwnRedis extends RedisClient {
  readonly status: string;
  readonly options: object;
  /** The socket of a single server. */
  readonly stream?: { readonly connecting?: boolean } | null;
  on(event: 'error' | 'node error' | 'ready' | 'close', listener: (error: unknown) => void): unknown;
  quit(): Promise<unknown>;
  disconnect(): void;
}

/** The parts of ioredis that are used. */
export interface Ioredis {
  Redis: new (options: object) => OwnRedis;
  Cluster: new (nodes: readonly object[], options: object) => OwnRedis;
}

/** The parts of `@aws-sdk/client-s3` that are used. */
export interface S3Sdk {
  S3Client: new (options: object) => S3Client & { destroy(): void };
}

/** The parts of `@google-cloud/storage` that are used. */
export interface GcsSdk {
  Storage: new (options: object) => { bucket(name: string): GcsBucket };
}

/**
 * How each package is loaded, so that a test can do without one. `option` says what needs it. Each rejects with a `ConfigError`
 * that says what to install.
 */
export interface Packages {
  ioredis(option: string): Promise<Ioredis>;
  '@aws-sdk/client-s3'(option: string): Promise<S3Sdk>;
  '@google-cloud/storage'(option: string): Promise<GcsSdk>;
}

/**
 * The packages as they are installed. Each has its name in an `import()` inside a `try`: then esbuild, rollup and webpack take a
 * package into a bundle if it is there, and leave it to the run if not.
 */
export const installed: Packages = {
  async ioredis(option) {
    try {
      return (await import('ioredis')) as unknown as Ioredis;
    } catch (error) {
      throw notLoaded(error, 'ioredis', option);
    }
  },
  async '@aws-sdk/client-s3'(option) {
    try {
      return await import('@aws-sdk/client-s3');
    } catch (error) {
      throw notLoaded(error, '@aws-sdk/client-s3', option);
    }
  },
  async '@google-cloud/storage'(option) {
    try {
      return await import('@google-cloud/storage');
    } catch (error) {
      throw notLoaded(error, '@google-cloud/storage', option);
    }
  },
};
