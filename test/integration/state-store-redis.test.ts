import { afterAll, beforeAll } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { redisMetastore } from '../../src/metastore/redis.ts';
import { fileObjectStore } from '../../src/object-store/file.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import { stateStoreContract } from '../contract/state-store.ts';

let server: RedisServer;
let client: Redis;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-state-store-'));
  server = await startRedis();
  client = new Redis(server.port, '127.0.0.1');
}, 60_000);

afterAll(async () => {
  client?.disconnect();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
});

stateStoreContract('Redis and memory', () =>
  Promise.resolve({
    metastore: redisMetastore({ client }),
    objectStore: memoryObjectStore(),
    otherObjectStore: memoryObjectStore({ alias: 'other' }),
    namespace: randomUUID(),
  }),
);

stateStoreContract('Redis and file', () => {
  const namespace = randomUUID();
  return Promise.resolve({
    metastore: redisMetastore({ client }),
    objectStore: fileObjectStore({ directory: join(folder, namespace, 'objects') }),
    otherObjectStore: fileObjectStore({ directory: join(folder, namespace, 'other') }),
    namespace,
  });
});
