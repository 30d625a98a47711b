import { S3Client } from '@aws-sdk/client-s3';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { externalStorageDriver } from '../../adapters/temporal/external-storage/index.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { S3_CREDENTIALS, S3_REGION } from '../support/s3-server.ts';

/** A proxy that ignores `Expect: 100-continue` and takes bodies at 10 Mbit/s: the client sends only after 6 seconds. */

const MIB = 2 ** 20;
/** Bytes in a millisecond. */
const LINE = 1_250;

let server: Server;
let client: S3Client;
let objects: Map<string, Buffer>;
let ignored: number;

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const key = request.url?.split('?')[0] ?? '';
  if (request.method === 'GET') {
    response.end(objects.get(key));
    return;
  }
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    await new Promise((resolve) => setTimeout(resolve, chunk.length / LINE));
  }
  objects.set(key, Buffer.concat(chunks));
  response.end();
}

beforeEach(async () => {
  objects = new Map();
  ignored = 0;
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
  server.on('checkContinue', (request, response) => {
    ignored += 1;
    void answer(request, response);
  });
  await once(server, 'listening');
  client = new S3Client({
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    forcePathStyle: true,
    region: S3_REGION,
    credentials: S3_CREDENTIALS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
});
afterEach(async () => {
  client.destroy();
  server.closeAllConnections();
  server.close();
  await once(server, 'close');
});

describe('a payload of Temporal', () => {
  it('arrives, after a wait that is longer than the base', async () => {
    const driver = externalStorageDriver({ objectStore: s3ObjectStore({ client, bucket: 'films' }) });
    const payload = { metadata: { encoding: Buffer.from('binary/encrypted') }, data: Buffer.alloc(3 * MIB, 7) };

    const [claim] = await driver.store({}, [payload]);

    expect(claim?.claimData).toHaveProperty('key');
    expect([...objects.values()].map(({ length }) => Math.floor(length / MIB))).toEqual([3]);
    expect(ignored).toBe(1);
  });
});
