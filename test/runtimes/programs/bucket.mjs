import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { openStateStore } from 'mooring/config';
import process from 'node:process';

/** Writes a value into a bucket, by the codec snappy; says which requests came, and whether snappy is native. */

const MISSING = '<Error><Code>NoSuchKey</Code></Error>';
const EMPTY = '<ListBucketResult><KeyCount>0</KeyCount><IsTruncated>false</IsTruncated></ListBucketResult>';

async function main() {
  const seen = new Set();
  const server = createServer((request, response) => {
    seen.add(request.method);
    const isMissing = request.method === 'GET' && !request.url.includes('list-type=');
    response.writeHead(isMissing ? 404 : 200, { 'content-type': 'application/xml' });
    request.resume().on('end', () => response.end(request.method === 'GET' ? (isMissing ? MISSING : EMPTY) : ''));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint = `http://127.0.0.1:${server.address().port}`;
  const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
  const shared = {
    redis: process.env.REDIS_URL,
    connections: { own: { endpoint, region: 'us-east-1', credentials }, other: { apiEndpoint: endpoint, projectId: 'p' } },
    codec: 'snappy',
    offloadThreshold: 0,
  };
  for (const path of ['gs://other@bucket/', 's3://own@bucket/']) {
    let store;
    try {
      store = await openStateStore({ ...shared, path });
      if (path.startsWith('s3:')) await store.asset({ name: 'bucket' }).set('text', 'text '.repeat(50_000));
      process.stdout.write(`${path} is open\n`);
    } catch (error) {
      process.stdout.write(`${error.message}${error.cause ? `: ${error.cause.message}` : ''}\n`);
    } finally {
      await store?.close();
    }
  }
  const native = readFileSync('/proc/self/maps', 'utf8').includes('snappy');
  process.stdout.write(`${seen.has('PUT') ? 'put' : 'nothing put'}, ${native ? 'native' : 'no native'} snappy\n`);
  server.close();
  server.closeAllConnections();
}

void main();
