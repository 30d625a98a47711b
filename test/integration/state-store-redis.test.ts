import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { startRedis, type RedisServer } from '../../scripts/redis/server.ts';
import { redisMetastore } from '../../src/redis.ts';
import { fileObjectStore } from '../../src/file.ts';
import { memoryObjectStore } from '../../src/object-store/memory.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import { objectsOf, TASK } from '../contract/state-store-parts.ts';
import { stateStoreContract } from '../contract/state-store.ts';

let server: RedisServer;
let client: Redis;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mooring-state-store-'));
  server = await startRedis();
  client = new Redis(server.port, '127.0.0.1');
});

afterAll(async () => {
  client?.disconnect();
  await server?.stop();
  await rm(folder, { recursive: true, force: true, maxRetries: 10 });
});

stateStoreContract(
  'Redis and file',
  () => {
    const namespace = randomUUID();
    return Promise.resolve({
      metastore: redisMetastore({ client }),
      objectStore: fileObjectStore({ directory: join(folder, namespace, 'objects') }),
      otherObjectStore: fileObjectStore({ directory: join(folder, namespace, 'other') }),
      namespace,
    });
  },
  { own: true },
);

describe('state store on Redis', () => {
  it('C34 C61 C66 C71 I4 I5 lists every object that an entry no longer refers to', async () => {
    const objectStore = memoryObjectStore();
    const namespace = randomUUID();
    const state = createStateStore({ metastore: redisMetastore({ client }), objectStore, namespace, offloadThreshold: 10 }).task(
      TASK,
    );
    const superseded = async (): Promise<string[]> => {
      const [key] = (await client.keys(`mooring:{${namespace}:*`)).filter((name) => name.endsWith('/transcode/-1'));
      const fields = await client.hkeys(key as string);
      return fields.flatMap((field) => (field.startsWith('s:') ? [field.slice(2)] : [])).sort();
    };
    await state.setMany({ smaller: 'overwritten by a small one', larger: 'overwritten by a large one' });
    await state.setMany({ gone: 'that is deleted', wiped: 'that is cleared' });
    const first = await objectsOf(objectStore);

    expect(await superseded()).toEqual([]);

    await state.set('smaller', 1);
    await state.set('larger', 'the large one that overwrites');
    await state.delete('gone');

    expect(await superseded()).toEqual(first.filter((object) => !object.includes('/wiped/')));

    const all = await objectsOf(objectStore);
    await state.clear();
    expect(await superseded()).toEqual(all);
    expect(await objectsOf(objectStore)).toEqual(all);
  });
});
