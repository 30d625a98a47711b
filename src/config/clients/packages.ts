import { ConfigError } from '../../model/errors/store.ts';
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

/** How each package is loaded, so that a test can do without one. */
export interface Packages {
  ioredis(): Promise<{
    Redis: new (options: object) => OwnRedis;
    Cluster: new (nodes: readonly object[], options: object) => OwnRedis;
  }>;
  '@aws-sdk/client-s3'(): Promise<{ S3Client: new (options: object) => S3Client & { destroy(): void } }>;
  '@google-cloud/storage'(): Promise<{ Storage: new (options: object) => { bucket(name: string): GcsBucket } }>;
}

/** The packages as they are installed. */
export const installed: Packages = {
  ioredis: () => import('ioredis') as unknown as ReturnType<Packages['ioredis']>,
  '@aws-sdk/client-s3': () => import('@aws-sdk/client-s3'),
  '@google-cloud/storage': () => import('@google-cloud/storage'),
};

/**
 * Loads a package.
 *
 * @param option - What needs it.
 * @throws {@link ConfigError} that says what to install.
 */
export async function load<Name extends keyof Packages>(
  packages: Packages,
  name: Name,
  option: string,
): Promise<Awaited<ReturnType<Packages[Name]>>> {
  try {
    return (await packages[name]()) as Awaited<ReturnType<Packages[Name]>>;
  } catch (error) {
    throw notLoaded(error, name, option);
  }
}

/** What loaders say of a package that is not there: the second is the code of `require()`, and of Yarn Plug'n'Play. */
const NOT_FOUND: readonly (string | undefined)[] = ['ERR_MODULE_NOT_FOUND', 'MODULE_NOT_FOUND'];

/** How they name it. A package that is there, and lacks another, is named in other words. */
function namesMissing(message: string, name: string): boolean {
  return [`'${name}'`, `"${name}"`, `tried to access ${name} `, `tried to access ${name},`].some((words) =>
    message.includes(words),
  );
}

/** What is told about a package that cannot be loaded. */
export function notLoaded(error: unknown, name: string, option: string): ConfigError {
  const { code, message } = error as NodeJS.ErrnoException;
  const missing = NOT_FOUND.includes(code) && namesMissing(message, name);
  const why = missing ? 'which is not installed' : `which cannot be loaded (${code ?? message.split('\n')[0]})`;
  return new ConfigError(option, `needs the package ${name}, ${why}: npm install ${name}`);
}
