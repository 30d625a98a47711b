import { afterAll, beforeAll, describe } from '@jest/globals';
import { gcsObjectStore } from '../../src/gcs.ts';
import { describeObjectStore, OF_A_SERVER, type OpenedObjectStore } from '../contract/object-store.ts';
import { startFakeGcs, type GcsClient, type GcsPlace } from '../support/fake-gcs.ts';
import { givenGcs } from '../support/given-server.ts';

/** The contract with all clients on one server, or with one on a server that the run was given. */

const given = givenGcs();
let server: GcsPlace;
beforeAll(async () => {
  server = await (given?.start ?? startFakeGcs)();
});
afterAll(() => server?.stop());

describe.each<GcsClient>(given ? ['7'] : ['7-oldest', '7', '8'])(
  'the object store of Google Cloud Storage, client %s',
  (major) => {
    const open = async (): Promise<OpenedObjectStore> => ({
      store: gcsObjectStore({ bucket: await server.bucket(major), prefix: 'job-state' }),
    });

    describeObjectStore({ open, ...OF_A_SERVER, ...given?.limits });
  },
);
