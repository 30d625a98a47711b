import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { StorageOptions } from '@google-cloud/storage';
import { expectTypeOf } from 'expect-type';
import type { RedisOptions } from 'ioredis';
import { sweep, type StateStore } from 'mooring';
import { configFromEnv, openStateStore, type StoreConfig } from 'mooring/config';

// The settings of the environment can be given on, with more of them.
await using store = await openStateStore({
  ...configFromEnv(),
  formerPaths: ['s3://reports@old-bucket/state/'],
  codec: 'snappy',
});
expectTypeOf(store).toEqualTypeOf<StateStore>();
await sweep(store, { signal: AbortSignal.timeout(60_000) });
expectTypeOf(configFromEnv({ MOORING_REDIS: 'redis://localhost' })).toEqualTypeOf<StoreConfig>();

// Options of the clients' own types fit.
declare const s3: S3ClientConfig;
declare const gcs: StorageOptions;
declare const redisOptions: RedisOptions;
await openStateStore({ redis: 'redis://localhost', redisOptions, connections: { s3, gcs } });

// @ts-expect-error: where is Redis?
await openStateStore({ path: 's3://bucket/' });
// @ts-expect-error: addresses in place of ready stores
await openStateStore({ redis: 'redis://localhost', objectStore: undefined });
