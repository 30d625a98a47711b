import { afterAll, beforeAll } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import type { Parts } from '../contract/state-store-parts.ts';
import { stateStoreContract } from '../contract/state-store.ts';
import { startVersityGateway, type S3Server } from '../support/versitygw.ts';

/** On the server whose conditional writes are not atomic: state must not rest on them. */

let server: S3Server;
let bucket: string;

beforeAll(async () => {
  server = await startVersityGateway();
  bucket = await server.bucket();
});
afterAll(() => server?.stop());

async function parts(): Promise<Parts> {
  const client = server.client();
  const prefix = randomBytes(6).toString('hex');
  return {
    metastore: memoryMetastore(),
    objectStore: s3ObjectStore({ client, bucket, prefix: `${prefix}/objects` }),
    otherObjectStore: s3ObjectStore({ client, bucket, prefix: `${prefix}/other` }),
    namespace: 'test',
  };
}

stateStoreContract('memory and S3', parts);
