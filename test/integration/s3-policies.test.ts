import { PutBucketPolicyCommand, S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { doctor } from '../../src/maintenance/doctor/doctor.ts';
import { reconcile } from '../../src/maintenance/reconcile/reconcile.ts';
import { recover } from '../../src/maintenance/recover/recover.ts';
import { sweep } from '../../src/maintenance/sweep/sweep.ts';
import { memoryMetastore } from '../../src/metastore/memory/store.ts';
import type { Metastore } from '../../src/metastore/metastore.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { createStateStore } from '../../src/state-store/create-state-store.ts';
import type { StateStore } from '../../src/state-store/state-store.ts';
import { fakeClock, type FakeClock } from '../../src/testing/fake-clock.ts';
import { all } from '../contract/object-store.ts';
import { startMinio, type S3Server } from '../support/minio.ts';

/** The policies of docs/operations.md let each role do its work. As a bucket's policy, for a client that signs nothing. */

const TASK = { flow: 'media', run: '1', task: 'encode' };
const TEXT = 'x'.repeat(2_000);

interface Policy {
  Statement: { Action: string[]; Principal?: string }[];
}

async function policyOf(role: string, bucket: string): Promise<Policy> {
  const page = await readFile(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
  const block = new RegExp(`<!-- policy: ${role} -->\\n\`\`\`json\\n([\\s\\S]*?)\`\`\``).exec(page)?.[1];
  if (block === undefined) throw new Error(`docs/operations.md has no policy ${role}`);
  return JSON.parse(block.replaceAll('BUCKET', bucket).replaceAll('PREFIX', 'job-state')) as Policy;
}

let server: S3Server;
let bucket: string;
let anonymous: S3Client;
let objectStore: ObjectStore;
let metastore: Metastore;
let clock: FakeClock;

beforeAll(async () => {
  server = await startMinio();
  anonymous = new S3Client({
    endpoint: server.endpoint,
    region: 'us-east-1',
    forcePathStyle: true,
    credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' },
    signer: { sign: (request) => Promise.resolve(request) },
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
});

afterAll(async () => {
  anonymous?.destroy();
  await server?.stop();
});

beforeEach(async () => {
  bucket = await server.bucket();
  objectStore = s3ObjectStore({ client: anonymous, bucket, prefix: 'job-state' });
  metastore = memoryMetastore();
  clock = fakeClock();
});

async function allow(role: string, change: (actions: string[]) => string[] = (actions) => actions): Promise<void> {
  const policy = await policyOf(role, bucket);
  const statements = policy.Statement.map((statement) => ({ ...statement, Principal: '*', Action: change(statement.Action) }));
  const Policy = JSON.stringify({ ...policy, Statement: statements.filter(({ Action }) => Action.length > 0) });
  await server.client().send(new PutBucketPolicyCommand({ Bucket: bucket, Policy }));
}

const open = (): StateStore => createStateStore({ metastore, objectStore, clock, codec: 'none', offloadThreshold: 1_000 });

async function* pieces(): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < 10; at += 1) yield new Uint8Array(2 ** 20).fill(at);
}

describe('the policy of a worker', () => {
  test('lets it do the work of a state store', async () => {
    await allow('worker');
    await using store = open();
    const state = store.task(TASK);

    await store.ready();
    await state.set('report', TEXT);
    await state.setStream('film', pieces());
    expect(await state.get('report')).toBe(TEXT);
    const film = Buffer.concat(((await (await state.getStream('film'))?.toArray()) ?? []) as Uint8Array[]);
    expect(film.equals(Buffer.concat(await all(pieces())))).toBe(true);
    await expect(state.setStream('broken', failing())).rejects.toThrow('the source broke');
    expect(await unfinished()).toBe(0);
  });

  test('needs s3:ListBucket, without which nothing can be told from a refusal', async () => {
    await allow('worker', (actions) => actions.filter((action) => action !== 's3:ListBucket'));
    await using store = open();

    await expect(store.task(TASK).set('report', TEXT)).rejects.toMatchObject({ code: 'mooring.store-unavailable' });
  });

  test('needs s3:AbortMultipartUpload, without which parts of what broke stay', async () => {
    await allow('worker', (actions) => actions.filter((action) => action !== 's3:AbortMultipartUpload'));
    await using store = open();

    await expect(store.task(TASK).setStream('broken', failing())).rejects.toThrow('the source broke');
    expect(await unfinished()).toBe(1);
  });

  test('does not let it delete', async () => {
    await allow('worker');
    await using store = open();
    await store.task(TASK).set('report', TEXT);
    await store.task(TASK).clear();
    clock.advance('26h');

    expect(await sweep(store)).toMatchObject({ objects: 0, failed: [expect.objectContaining({ code: expect.any(String) })] });
  });
});

test('the policy of an operator lets it sweep, reconcile, recover and look', async () => {
  await allow('operator');
  await using store = open();
  const state = store.task(TASK);
  await state.set('report', TEXT);
  await state.set('report', `${TEXT}2`);
  clock.advance('26h');

  expect(await sweep(store)).toMatchObject({ objects: 1, failed: [] });
  expect(await reconcile(store, { apply: true })).toMatchObject({ objects: 0, failed: [] });
  expect((await doctor(store)).filter(({ level }) => level === 'error')).toEqual([]);
  metastore = memoryMetastore();
  await using emptied = open();
  expect(await recover(emptied, { apply: true })).toMatchObject({ entries: 1 });
  expect(await emptied.task(TASK).get('report')).toBe(`${TEXT}2`);
});

/** How many uploads were begun, and neither completed nor ended. */
async function unfinished(): Promise<number> {
  let count = 0;
  const uploads = objectStore.unfinished?.(new Date(Date.now() + 60_000), { prefix: 'default/', remove: false }) ?? [];
  for await (const _upload of uploads) count += 1;
  return count;
}

async function* failing(): AsyncGenerator<Uint8Array> {
  yield* pieces();
  throw new Error('the source broke');
}
