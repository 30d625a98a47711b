import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { all, objectOf } from '../contract/object-store.ts';
import { S3_SERVERS, startS3Rig, type S3Rig } from '../support/s3-servers.ts';

/** Uploads in parts on real servers, and what is left when they fail. */

const MEBIBYTE = 2 ** 20;
const KEY = objectOf('film', '000000000000000000000007-0000000001-a23456789abcdefg-1795363995114.bin');
const CREATE = { ifAbsent: true };

/** Bytes that are not the same in any two parts. */
function film(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4_096) bytes.writeUInt32LE(at, at);
  return bytes;
}

async function* inChunks(bytes: Uint8Array, size = 777_777): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield Promise.resolve(bytes.subarray(at, at + size));
}

describe.each(S3_SERVERS)('on $name', ({ start }) => {
  let rig: S3Rig;

  beforeAll(async () => {
    rig = await startS3Rig(start);
  });
  afterAll(() => rig?.stop());

  it.each([
    ['bytes', (body: Buffer) => body],
    ['a stream', (body: Buffer) => inChunks(body)],
  ])('%s of more than a part comes back whole, in ranges too', async (_what, made) => {
    const store = rig.store({ partSize: 5 * MEBIBYTE });
    const body = film(12 * MEBIBYTE + 345);

    const requests = await rig.requestsOf(() => store.put(KEY, made(body), CREATE));

    expect(requests.toSorted()).toEqual(['POST ?uploadId', 'POST ?uploads', ...Array<string>(3).fill('PUT ?uploadId')]);
    expect(Buffer.compare((await store.get(KEY)) as Uint8Array, body)).toBe(0);
    const range = { start: 5 * MEBIBYTE - 7, end: 10 * MEBIBYTE + 7 };
    const part = Buffer.concat(await all((await store.getStream(KEY, range)) as AsyncIterable<Uint8Array>));
    expect(Buffer.compare(part, body.subarray(range.start, range.end))).toBe(0);
    await expect(store.put(KEY, made(body), CREATE)).resolves.toBe('exists');
    await expect(rig.uploads(store)).resolves.toEqual([]);
  });

  it('of just one part goes up in one request', async () => {
    const store = rig.store({ partSize: 5 * MEBIBYTE });
    const body = film(5 * MEBIBYTE);

    await expect(rig.requestsOf(() => store.put(KEY, inChunks(body), CREATE))).resolves.toEqual(['PUT']);
    await expect(rig.requestsOf(() => store.put(objectOf('k'), body, CREATE))).resolves.toEqual(['PUT']);

    expect(Buffer.compare((await store.get(KEY)) as Uint8Array, body)).toBe(0);
  });

  describe('leaves neither an object nor an upload', () => {
    const body = film(17 * MEBIBYTE);
    const leavesNothing = async (store: ReturnType<S3Rig['store']>): Promise<void> => {
      await expect(store.get(KEY)).resolves.toBeUndefined();
      await expect(rig.uploads(store)).resolves.toEqual([]);
    };

    it('when the source breaks', async () => {
      const store = rig.store({ partSize: 5 * MEBIBYTE });
      async function* broken(): AsyncGenerator<Uint8Array> {
        yield* inChunks(body);
        throw new Error('the source broke');
      }

      await expect(store.put(KEY, broken(), CREATE)).rejects.toThrow('the source broke');

      await leavesNothing(store);
    });

    it('when the signal aborts while parts are on their way', async () => {
      const store = rig.store({ partSize: 5 * MEBIBYTE });
      const controller = new AbortController();
      rig.proxy.next(
        ({ method, path }) => {
          const third = method === 'PUT' && path.includes('partNumber=3');
          if (third) controller.abort(new Error('enough'));
          return third;
        },
        { kind: 'hang' },
      );

      await expect(store.put(KEY, inChunks(body), { ...CREATE, signal: controller.signal })).rejects.toThrow('enough');

      await leavesNothing(store);
    });

    it.each([
      ['is refused', { kind: 'answer', status: 403, code: 'AccessDenied' } as const],
      ['fails again and again', { kind: 'answer', status: 503, code: 'SlowDown' } as const],
      ['gets no answer again and again', { kind: 'reset' } as const],
    ])('when a part %s', async (_what, fate) => {
      const store = rig.store({ partSize: 5 * MEBIBYTE });
      const put = (): Promise<unknown> => store.put(KEY, inChunks(body), CREATE);

      const losing = rig.losing('PUT', 'partNumber=2', fate, put);

      await expect(losing).rejects.toMatchObject({ name: 'S3Error', operation: 'UploadPart' });

      await leavesNothing(store);
    });

    it('when its beginning got no answer', async () => {
      const store = rig.store({ partSize: 5 * MEBIBYTE });
      const put = (): Promise<unknown> => store.put(KEY, inChunks(body), CREATE);

      const losing = rig.losing('POST', 'uploads', { kind: 'lose-reply' }, put);

      await expect(losing).rejects.toMatchObject({ operation: 'CreateMultipartUpload' });

      await leavesNothing(store);
    });
  });

  it.each([1, 99])('is done where the answer to its end was lost, up to %i times', async (times) => {
    const body = film(11 * MEBIBYTE);
    const store = rig.store({ partSize: 5 * MEBIBYTE });
    const put = (): Promise<unknown> => store.put(KEY, inChunks(body), CREATE);

    await expect(rig.losing('POST', 'uploadId', { kind: 'lose-reply' }, put, times)).resolves.toBe('created');

    expect(Buffer.compare((await store.get(KEY)) as Uint8Array, body)).toBe(0);
    await expect(rig.uploads(store)).resolves.toEqual([]);
  });

  it('that a crash left behind is ended once it is old enough', async () => {
    const store = rig.store({ partSize: 5 * MEBIBYTE });
    const refused = { kind: 'answer', status: 400, code: 'InvalidRequest' } as const;
    // As of a process that dies: it neither goes on nor ends anything.
    const put = (): Promise<unknown> => store.put(KEY, film(6 * MEBIBYTE), CREATE);
    const dying = rig.losing('DELETE', 'uploadId', refused, () => rig.losing('PUT', 'partNumber', refused, put));
    await expect(dying).rejects.toMatchObject({ status: 400 });
    await expect(rig.uploads(store)).resolves.toHaveLength(1);
    const find = async (before: number, remove: boolean): Promise<string[]> =>
      (await all(store.unfinished(new Date(before), { prefix: 'default/', remove }))).map(({ key }) => key);

    await expect(find(Date.now() - 60_000, true)).resolves.toEqual([]);
    await expect(find(Date.now() + 60_000, false)).resolves.toEqual([KEY]);
    await expect(find(Date.now() + 60_000, true)).resolves.toEqual([KEY]);

    await expect(rig.uploads(store)).resolves.toEqual([]);
  });

  it('of 300 MiB holds a few parts of it at a time, on the way up and down', async () => {
    const store = rig.store();
    const chunk = film(MEBIBYTE);
    const sent = createHash('sha256');
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const look = (): void => {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
    };
    async function* stream(): AsyncGenerator<Uint8Array> {
      for (let index = 0; index < 300; index += 1) {
        look();
        chunk.writeUInt32LE(index);
        sent.update(chunk);
        yield Promise.resolve(chunk);
      }
    }

    await store.put(KEY, stream(), CREATE);
    const held = most;
    most = 0;
    const received = createHash('sha256');
    for await (const part of (await store.getStream(KEY)) as AsyncIterable<Uint8Array>) {
      look();
      received.update(part);
    }

    expect(received.digest('hex')).toBe(sent.digest('hex'));
    expect(held).toBeLessThan(80 * MEBIBYTE);
    expect(most).toBeLessThan(80 * MEBIBYTE);
    await store.delete([KEY]);
  });
});

describe('encryption at rest', () => {
  let rig: S3Rig;

  beforeAll(async () => {
    rig = await startS3Rig((S3_SERVERS[0] as (typeof S3_SERVERS)[number]).start);
  });
  afterAll(() => rig?.stop());

  it.each([
    [{ kind: 'AES256' } as const, { ServerSideEncryption: 'AES256' }],
    [{ kind: 'aws:kms', keyId: 'mooring-test' } as const, { ServerSideEncryption: 'aws:kms' }],
  ])('%j is of an object and of an upload', async (serverSideEncryption, expected) => {
    const store = rig.store({ prefix: serverSideEncryption.kind.slice(0, 3), partSize: 5 * MEBIBYTE, serverSideEncryption });
    for (const [name, body] of [
      ['small', film(10)],
      ['large', film(6 * MEBIBYTE)],
    ] as const) {
      await expect(store.put(objectOf(name), body, CREATE)).resolves.toBe('created');

      const Key = `${serverSideEncryption.kind.slice(0, 3)}/${objectOf(name)}`;
      await expect(rig.client.send(new HeadObjectCommand({ Bucket: rig.bucket, Key }))).resolves.toMatchObject(expected);
      expect(Buffer.compare((await store.get(objectOf(name))) as Uint8Array, body)).toBe(0);
    }
  });
});
