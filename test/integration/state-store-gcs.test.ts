import { afterAll, beforeAll } from '@jest/globals';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { gcsObjectStore } from '../../src/gcs.ts';
import type { Parts } from '../contract/state-store-parts.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { startFakeGcs, type GcsServer } from '../support/fake-gcs.ts';

let server: GcsServer;
beforeAll(async () => {
  server = await startFakeGcs();
});
afterAll(() => server.stop());

async function parts(): Promise<Parts> {
  const bucket = await server.bucket();
  return {
    metastore: memoryMetastore(),
    objectStore: gcsObjectStore({ bucket, prefix: 'state' }),
    otherObjectStore: gcsObjectStore({ bucket, prefix: 'other' }),
    namespace: 'test',
  };
}

stateStoreContract('memory and Google Cloud Storage', parts);
