import { Storage, type Bucket } from '@google-cloud/storage';
import type { Bucket as Bucket8 } from 'google-cloud-storage-8';
import type { Bucket as OldestBucket } from 'google-cloud-storage-oldest';
import { Redis, type Cluster } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { expectTypeOf } from 'expect-type';
import { gcsObjectStore, type GcsBucket } from 'mooring/gcs';
import { redisMetastore, type RedisClient } from 'mooring/redis';

// The part of a client that is called is there in both majors, alone and as a cluster.
expectTypeOf<Redis>().toExtend<RedisClient>();
expectTypeOf<Cluster>().toExtend<RedisClient>();
expectTypeOf<Redis5>().toExtend<RedisClient>();
expectTypeOf<Cluster5>().toExtend<RedisClient>();
redisMetastore({ client: new Redis() });
redisMetastore({ client: new Cluster5([{ host: '127.0.0.1' }]), durability: { kind: 'replicas', count: 1, timeout: '1s' } });
redisMetastore({ client: new Redis5(), durability: { kind: 'append-only-file', replicas: 0, timeout: '1s' } });
// @ts-expect-error: how many?
redisMetastore({ client: new Redis(), durability: { kind: 'replicas', timeout: '1s' } });
// @ts-expect-error: a client is taken ready, never a URL
redisMetastore({ client: 'redis://127.0.0.1' });

// The part of a bucket that is called is there from 7.7 to 8.
expectTypeOf<OldestBucket>().toExtend<GcsBucket>();
expectTypeOf<Bucket>().toExtend<GcsBucket>();
expectTypeOf<Bucket8>().toExtend<GcsBucket>();
gcsObjectStore({ bucket: new Storage().bucket('vault') });
gcsObjectStore({ bucket: new Storage().bucket('vault'), prefix: 'job-state/', alias: 'archive' });
// @ts-expect-error: a bucket is taken ready, never by its name
gcsObjectStore({ bucket: 'vault' });
// @ts-expect-error: the client has no bucket of its own
gcsObjectStore({ bucket: new Storage() });
