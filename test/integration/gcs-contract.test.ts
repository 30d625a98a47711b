import { afterAll, beforeAll, describe } from '@jest/globals';
import { gcsObjectStore } from '../../src/gcs.ts';
import { describeObjectStore, OF_A_SERVER, type OpenedObjectStore } from '../contract/object-store.ts';
import { startFakeGcs, type GcsClient, type GcsServer } from '../support/fake-gcs.ts';

let server: GcsServer;
beforeAll(async () => {
  server = await startFakeGcs();
});
afterAll(() => server.stop());

describe.each<GcsClient>(['7-oldest', '7', '8'])('the object store of Google Cloud Storage, client %s', (major) => {
  const open = async (): Promise<OpenedObjectStore> => ({
    store: gcsObjectStore({ bucket: await server.bucket(major), prefix: 'job-state' }),
  });

  describeObjectStore({ open, ...OF_A_SERVER });
});
