import { afterAll } from '@jest/globals';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { fileObjectStore } from '../../src/file.ts';
import type { Parts } from '../contract/state-store-parts.ts';
import { stateStoreContract } from '../contract/state-store.ts';

const folders: string[] = [];

afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true, maxRetries: 10 }))));

async function parts(): Promise<Parts> {
  const folder = await mkdtemp(join(tmpdir(), 'mooring-state-store-'));
  folders.push(folder);
  return {
    metastore: memoryMetastore(),
    objectStore: fileObjectStore({ directory: join(folder, 'objects') }),
    otherObjectStore: fileObjectStore({ directory: join(folder, 'other') }),
    namespace: 'test',
  };
}

// Streams meet files in `state-store-redis.test.ts`.
stateStoreContract('memory and file', parts, { streams: false });
