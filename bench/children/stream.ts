/** One measurement of `npm run bench -- resident`: does what its argument says, and prints how much the process grew. */
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { pathToFileURL } from 'node:url';
import { S3Client } from '@aws-sdk/client-s3';
import { Redis } from 'ioredis';
import type * as core from '../../src/index.ts';
import type * as redisModule from '../../src/redis.ts';
import type * as s3Module from '../../src/s3.ts';

interface Task {
  kind: 'in' | 'out' | 'open';
  size: number;
  open: number;
  /** How long the streams stay open, in milliseconds. */
  readAhead: number;
  folder: string;
  redis: number;
  endpoint: string;
  bucket: string;
  credentials: { accessKeyId: string; secretAccessKey: string };
}

const { kind, size, open, readAhead, folder, redis, endpoint, bucket, credentials } = JSON.parse(process.argv[2] ?? '') as Task;
const load = <Module>(path: string): Promise<Module> => import(pathToFileURL(join(folder, path)).href) as Promise<Module>;
const { createStateStore } = await load<typeof core>('src/index.js');
const { redisMetastore } = await load<typeof redisModule>('src/redis.js');
const { s3ObjectStore } = await load<typeof s3Module>('src/s3.js');

const client = new S3Client({ endpoint, region: 'us-east-1', credentials, forcePathStyle: true });
const connection = new Redis(redis, '127.0.0.1');
// Another prefix for each build: both may be measured in one run.
const prefix = createHash('sha256').update(folder).digest('hex').slice(0, 8);
const store = createStateStore({
  metastore: redisMetastore({ client: connection }),
  namespace: prefix,
  objectStore: s3ObjectStore({ client, bucket, prefix }),
  maxValueBytes: 2 * size,
  codec: 'none',
});
const state = store.task({ flow: 'bench', run: '1', task: 'stream' });

async function* body(length: number): AsyncGenerator<Uint8Array> {
  const chunk = globalThis.crypto.getRandomValues(new Uint8Array(65_536));
  for (let at = 0; at < length; at += chunk.length) yield Buffer.from(chunk.subarray(0, Math.min(chunk.length, length - at)));
}

const WORK: Readonly<Record<Task['kind'], () => Promise<() => unknown>>> = {
  async in() {
    await state.setStream('film', body(size));
    return () => undefined;
  },
  async out() {
    for await (const _chunk of (await state.getStream('film')) ?? []);
    return () => undefined;
  },
  async open() {
    const streams = await Promise.all(Array.from({ length: open }, () => state.getStream('clip')));
    // Whatever they read ahead has come by then.
    await new Promise((resolve) => setTimeout(resolve, readAhead));
    return () => streams.forEach((stream) => stream?.destroy());
  },
};

// Connections, and the code of all layers, are there already.
await state.setStream('first', body(100_000));
for await (const _chunk of (await state.getStream('first')) ?? []);
if (kind === 'open') await state.setStream('clip', body(size / 16));

const before = process.memoryUsage.rss();
let most = before;
const watch = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
const start = performance.now();
const end = await WORK[kind]();
const time = performance.now() - start;
most = Math.max(most, process.memoryUsage.rss());
clearInterval(watch);
end();
console.log(JSON.stringify({ resident: (most - before) / 2 ** 20, ...(kind !== 'open' && { speed: size / time / 1_000 }) }));
await store.close();
connection.disconnect();
client.destroy();
