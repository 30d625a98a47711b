import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Redis } from 'ioredis';
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { gunzipSync } from 'node:zlib';
import { startRedis, type RedisServer } from '../../../scripts/redis/server.ts';
import { createStateStore, dnsLabelKey, externalJob, hexKey, uuidKey } from '../../../src/index.ts';
import type { AssetScope, TaskScope } from '../../../src/index.ts';
import { beginAttempt } from '../../../src/adapter-kit.ts';
import type { Reference } from '../../../src/format/entry.ts';
import { submissionKey } from '../../../src/format/idempotency-key.ts';
import { redisMetastore } from '../../../src/redis.ts';
import { memoryObjectStore } from '../../../src/object-store/memory.ts';
import { keyName, scopePath } from '../../../src/format/path.ts';

/** The examples of `docs/storage-format.md` are what the code writes. */

const CREATED_AT = 1_795_363_200_000;
const JOB: TaskScope = { flow: 'bull:reports', run: `17@${CREATED_AT}`, task: 'month' };
const EXPORT: TaskScope = { flow: 'billing', run: '2026-11', task: 'export' };
const EXPORT_KEY = 'mooring:{prod:41}:billing/2026-11/export/-1';

let page: string;
let redis: RedisServer;
let client: Redis;

beforeAll(async () => {
  page = await readFile(join(import.meta.dirname, '../../../docs/storage-format.md'), 'utf8');
  redis = await startRedis();
  client = new Redis(redis.port, '127.0.0.1');
});

afterAll(async () => {
  client?.disconnect();
  await redis?.stop();
});

/** The lines of a marked example. */
function example(name: string): string[] {
  const block = new RegExp(`<!-- example: ${name} -->\n\`\`\`text\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`docs/storage-format.md has no example ${name}`);
  return block.trimEnd().split('\n');
}

/** Takes out what differs from run to run: times, what is random, and what another version of a codec makes. */
function steady(line: string): string {
  return line
    .replace(/\b0{8}\d{16}\b/g, (fence) => (/^0+$/.test(fence) ? fence : 'FENCE'))
    .replace(/\b[at][0-9a-hjkmnp-tv-z]{15}\b/g, (nonce) => `${nonce[0]}NONCE`)
    .replace(/\b1\d{12}\b/g, (time) => (time === String(CREATED_AT) ? time : 'TIME'))
    .replace(/host \S+, process \d+, since \S+$/, 'HOLDER')
    .replace(/"storedSize":\d+(?:,"sha256":"[0-9a-f]{64}")?/, 'STORED');
}

async function hash(key: string): Promise<string[]> {
  const fields = await client.hgetall(key);
  return Object.entries(fields)
    .map(([field, text]) => `${field} = ${text.replaceAll('\n', String.raw`\n`)}`)
    .toSorted();
}

describe('docs/storage-format.md', () => {
  test('shows the paths that scopes have', () => {
    const rows = [...page.matchAll(/^\| `(\{.*\})` \| `(.*)` \|$/gm)];

    expect(rows).toHaveLength(8);
    for (const [, scope = '', path] of rows) expect(scopePath(JSON.parse(scope) as TaskScope | AssetScope)).toBe(path);
  });

  test('shows the names that keys have', () => {
    const names = [...page.matchAll(/`([^`\s]+)` is `([^`\s]+)`/g)].slice(0, 3);

    expect(names).toHaveLength(3);
    for (const [, key = '', name] of names) expect(keyName(key)).toBe(name);
  });

  test('shows what writes leave in Redis', async () => {
    const objectStore = memoryObjectStore({ alias: 'reports' });
    await using store = createStateStore({ metastore: redisMetastore({ client }), namespace: 'prod', objectStore });
    const state = store.task(EXPORT);

    await state.set('cursor', 42);
    await state.set('a/b', { page: 1 });
    await state.set('old', 1);
    await state.delete('old');
    await state.set('manifest', 'x'.repeat(65_534));

    const fields = await hash(EXPORT_KEY);

    expect(fields.map(steady)).toEqual(example('values').map(steady));
    expect((await client.keys('mooring:*')).filter((key) => key.startsWith('mooring:{prod:41}')).toSorted()).toEqual([
      EXPORT_KEY,
      'mooring:{prod:41}:birth',
      'mooring:{prod:41}:due',
    ]);
    expect(await client.keys('mooring:{prod:??}:birth')).toHaveLength(256);
  });

  test('shows how an overwrite supersedes an object', async () => {
    const objectStore = memoryObjectStore({ alias: 'reports' });
    await using store = createStateStore({ metastore: redisMetastore({ client }), namespace: 'prod', objectStore });
    const scope = { ...EXPORT, run: '2026-12' };

    for (const letter of ['x', 'y']) await store.task(scope).set('manifest', letter.repeat(65_534));

    const [key = ''] = await client.keys('mooring:{prod:??}:billing/2026-12/*');
    const superseded = (await hash(key)).filter((line) => line.startsWith('s:'));
    expect(superseded.map(steady)).toEqual(example('superseded').map(steady));
    const [path = '', due] = await client.zrange(`${key.slice(0, key.indexOf('}'))}}:due`, '0', '-1', 'WITHSCORES');
    expect(key.endsWith(path)).toBe(true);
    expect(Number(due)).toBe(Number(/ = (\d{13}) /.exec(superseded[0] ?? '')?.[1]) + 86_400_000);
  });

  test('shows the entry of a stream, whose object is made of frames as it says', async () => {
    const objectStore = memoryObjectStore({ alias: 'reports' });
    await using store = createStateStore({ metastore: redisMetastore({ client }), namespace: 'prod', objectStore });
    const scope = { ...EXPORT, task: 'stream' };
    const value = Buffer.alloc(1_572_864, 'v');

    await store.task(scope).setStream('video', Readable.from([value], { objectMode: true }));

    const [key = ''] = await client.keys('mooring:{prod:??}:billing/2026-11/stream/-1');
    const fields = await hash(key);
    expect(fields.map(steady)).toEqual(example('stream').map(steady));
    const { ref } = JSON.parse((fields[0] as string).slice((fields[0] as string).indexOf('{'))) as { ref: Reference };
    const object = Buffer.from((await objectStore.get(ref.object)) as Uint8Array);
    const pieces: Buffer[] = [];
    for (let at = 0; at < object.length;) {
      const length = object.readUInt32BE(at);
      expect(length).toBeLessThan(2 ** 31);
      pieces.push(gunzipSync(object.subarray(at + 4, at + 4 + length)));
      at += 4 + length;
    }
    expect(pieces.map((piece) => piece.length)).toEqual([ref.frames, 524_288]);
    expect(Buffer.concat(pieces).equals(value)).toBe(true);
    expect([object.length, createHash('sha256').update(object).digest('hex')]).toEqual([ref.storedSize, ref.sha256]);
  });

  test('shows the record of a finished external job', async () => {
    await using store = createStateStore({ metastore: redisMetastore({ client }), namespace: 'prod' });
    const job = externalJob({
      submit: (_month: string) => Promise.resolve('batch-9'),
      idempotentFor: '24h',
      getStatus: () => Promise.resolve({ state: 'succeeded' }),
      getResult: () => Promise.resolve({ rows: 120 }),
    });

    await using attempt = beginAttempt(store, {
      scope: JOB,
      attempt: 1,
      first: true,
      createdAt: new Date(CREATED_AT),
      jobId: `17@${CREATED_AT}`,
      fence: { kind: 'drawn', prove: () => Promise.resolve(true) },
    });
    await attempt.context.run(job, '2026-11');

    const [key = ''] = await client.keys('mooring:{prod:??}:bull*');
    const fields = await hash(key);

    expect(fields.map(steady)).toEqual(example('record').map(steady));
  });

  test('derives the idempotency key as it says', () => {
    const [identity = '', key] = example('key');
    const [namespace, path, name, submission, createdAt] = JSON.parse(identity) as [string, string, string, number, number];

    expect(scopePath(JOB)).toBe(path);
    expect(submissionKey({ namespace, path, name, submission, createdAt, fingerprint: undefined })).toBe(key);
  });

  test('shows the shapes that a key may have', () => {
    const [, key = ''] = example('key');

    expect(example('key shapes').map((line) => line.split(/\s+(?=\S+$)/)[1])).toEqual([
      uuidKey(key),
      hexKey(key),
      dnsLabelKey(key, 'report'),
    ]);
  });
});
