import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Bucket } from '@google-cloud/storage';
import { fileObjectStore } from '../../src/file.ts';
import { gcsObjectStore } from '../../src/gcs.ts';
import { s3ObjectStore } from '../../src/s3.ts';
import { startFakeGcs, type GcsServer } from '../support/fake-gcs.ts';
import { startLossyHttp, type LossyHttp } from '../support/lossy-http.ts';
import { startMinio, type S3Server } from '../support/minio.ts';
import { until } from '../support/until.ts';
import { useSetSteps, type Step } from './set-steps.ts';

/**
 * A process is killed in each step of a write, between two real servers. Then others come: one reads the old value or the new
 * one, and one writes. The leftovers of the dead one are removed when they are old enough, and nothing else.
 */

const PART = 5 * 2 ** 20;

describe('I1 I4 between Redis and MinIO, a process that is killed', () => {
  let server: S3Server;
  let lossy: LossyHttp;
  let bucket = '';
  const bench = useSetSteps('s3');

  const part = (path: string): number => Number(/[?&]partNumber=(\d+)/.exec(path)?.[1] ?? 0);
  const arrived = (match: (request: LossyHttp['requests'][number]) => boolean): Promise<void> =>
    until(() => lossy.requests.some(match));
  const partIsStored = (): Promise<void> => arrived(({ path, status }) => part(path) === 1 && status === 200);
  const completes = ({ method, path }: { method: string; path: string }): boolean =>
    method === 'POST' && path.includes('uploadId=');
  const steps: readonly Step[] = [
    ...bench.steps,
    {
      name: 'between two parts of the upload',
      before: () => lossy.next(({ path }) => part(path) === 2, { kind: 'hang' }, 99),
      until: async () => {
        await partIsStored();
        await arrived(({ path }) => part(path) === 2);
      },
      unfinished: 1,
    },
    {
      name: 'before the upload is completed',
      before: () => lossy.next(completes, { kind: 'hang' }, 99),
      until: () => arrived(completes),
      unfinished: 1,
    },
  ];

  beforeAll(async () => {
    server = await startMinio();
    bucket = await server.bucket();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    lossy = await startLossyHttp(server.port);
    const prefix = bench.namespace;
    bench.use(s3ObjectStore({ client: server.client(), bucket, prefix, partSize: PART }), {
      kind: 's3',
      port: lossy.port,
      bucket,
      prefix,
      partSize: PART,
    });
  });
  afterEach(() => lossy.stop());

  test.each(steps)('in a set, $name', (step) => bench.survives('set', step));
  test.each<Step>([...steps, { name: 'while the body hangs', stop: 'body', until: partIsStored, unfinished: 1 }])(
    'in a setStream, $name',
    (step) => bench.survives('setStream', step),
  );
});

describe('I1 I4 between Redis and Google Cloud Storage, a process that is killed', () => {
  let server: GcsServer;
  let lossy: LossyHttp;
  let bucket: Bucket;
  const bench = useSetSteps('gcs');

  /** Parts of the session that arrived. */
  let parts = 0;
  const isPartFrom =
    (first: number) =>
    ({ method }: { method: string }): boolean =>
      method === 'PUT' && (parts += 1) >= first;
  const isStored = (count: number): Promise<void> =>
    until(() => lossy.requests.filter(({ method, status }) => method === 'PUT' && status === 308).length === count);
  /** A session is no object, and ends by itself. */
  const stopsAt = (part: number, name: string): Step => ({
    name,
    before: () => lossy.next(isPartFrom(part), { kind: 'hang' }, 99),
    until: async () => {
      await isStored(part - 1);
      await until(() => parts === part);
    },
  });
  const steps = [...bench.steps, stopsAt(2, 'between two parts of the session'), stopsAt(3, 'before the last part')];

  beforeAll(async () => {
    server = await startFakeGcs();
    bucket = await server.bucket();
  });
  afterAll(() => server?.stop());
  beforeEach(async () => {
    lossy = await startLossyHttp(server.port);
    parts = 0;
    const prefix = bench.namespace;
    bench.use(gcsObjectStore({ bucket, prefix }), { kind: 'gcs', port: lossy.port, bucket: bucket.name, prefix });
  });
  afterEach(() => lossy.stop());

  test.each(steps)('in a set, $name', (step) => bench.survives('set', step));
  test.each<Step>([...steps, { name: 'while the body hangs', stop: 'body', until: () => isStored(1) }])(
    'in a setStream, $name',
    (step) => bench.survives('setStream', step),
  );
});

describe('I1 I4 between Redis and files, a process that is killed', () => {
  let directory = '';
  const bench = useSetSteps('file');

  const files = async (): Promise<string[]> => {
    const found = await readdir(directory, { recursive: true, withFileTypes: true });
    return found.flatMap((one) => (one.isFile() ? [join(one.parentPath, one.name)] : []));
  };
  const isBegun = async (): Promise<boolean> => {
    const unfinished = (await files()).filter((file) => file.includes('+'));
    const sizes = await Promise.all(unfinished.map(async (file) => (await stat(file)).size));
    return sizes.some((size) => size > 0);
  };
  const steps: readonly Step[] = [
    ...bench.steps,
    { name: 'before the file gets its name', stop: 'link', unfinished: 1 },
    { name: 'when the file has its name, beside that of before', stop: 'unlink', objects: 1, unfinished: 1 },
  ];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'mooring-set-steps-'));
    bench.use(fileObjectStore({ directory, alias: 'files' }), { kind: 'file', directory, alias: 'files' });
  });
  afterEach(() => rm(directory, { recursive: true, force: true, maxRetries: 10 }));

  const survives = async (operation: 'set' | 'setStream', step: Step): Promise<void> => {
    await bench.survives(operation, step);
    expect((await files()).filter((file) => file.includes('+'))).toEqual([]);
  };

  test.each(steps)('in a set, $name', (step) => survives('set', step));
  test.each<Step>([...steps, { name: 'while the body hangs', stop: 'body', until: () => until(isBegun), unfinished: 1 }])(
    'in a setStream, $name',
    (step) => survives('setStream', step),
  );
});
