import { afterAll, beforeAll, describe } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import * as oldest from 'aws-sdk-client-s3-oldest';
import { systemTimer } from '../../src/async/deadline.ts';
import { systemClock } from '../../src/async/clock.ts';
import type { S3Client } from '../../src/object-store/s3/options.ts';
import type { S3Commands } from '../../src/object-store/s3/request.ts';
import { s3ObjectStoreOf } from '../../src/object-store/s3/store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { systemRandom } from '../../src/async/random.ts';
import { describeObjectStore, OF_A_SERVER, type OpenedObjectStore } from '../contract/object-store.ts';
import { startMinio } from '../support/minio.ts';
import { givenS3 } from '../support/given-server.ts';
import { S3_CREDENTIALS, S3_REGION, type S3Place } from '../support/s3-server.ts';
import { startVersityGateway } from '../support/versitygw.ts';

/**
 * The contract on both servers, and with both ends of the clients; or on a server that the run was given. Each test has a prefix of
 * its own in one bucket: making a bucket takes longer than a test.
 */

interface Tested {
  name: string;
  start: () => Promise<S3Place>;
  limits: { atomicCreate?: boolean };
  clients: readonly ('newest' | 'oldest')[];
}

const given = givenS3();
const SERVERS: readonly Tested[] = given
  ? [{ ...given, clients: ['newest'] }]
  : [
      { name: 'MinIO', start: startMinio, limits: {}, clients: ['newest'] },
      // Looks for the object first and writes it then, without a lock.
      { name: 'versitygw', start: startVersityGateway, limits: { atomicCreate: false }, clients: ['newest', 'oldest'] },
    ];

describe.each(SERVERS)('on $name', ({ start, limits, clients }) => {
  let server: S3Place;
  let bucket: string;
  let old: oldest.S3Client;

  beforeAll(async () => {
    server = await start();
    bucket = await server.bucket();
    old = new oldest.S3Client({
      endpoint: server.endpoint,
      region: S3_REGION,
      credentials: S3_CREDENTIALS,
      forcePathStyle: true,
    });
  });
  afterAll(async () => {
    old?.destroy();
    await server?.stop();
  });

  const opened = (client: S3Client, commands?: S3Commands): OpenedObjectStore => {
    const options = { client, bucket, prefix: randomBytes(6).toString('hex') };
    const parts = { clock: systemClock, random: systemRandom, timer: systemTimer };
    const store = commands ? s3ObjectStoreOf({ commands: async () => commands, ...parts }, options) : s3ObjectStore(options);
    return { store };
  };

  describe.each(clients)('the S3 object store with the %s client', (client) => {
    const open = (): OpenedObjectStore =>
      client === 'newest' ? opened(server.client()) : opened(old, oldest as unknown as S3Commands);
    describeObjectStore({ open, ...OF_A_SERVER, ...limits });
  });
});
