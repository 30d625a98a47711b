import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { inAnyOrder } from '../../../../src/object-store/listing-order.ts';
import { S3Error } from '../../../../src/object-store/s3/errors.ts';
import { all, objectOf } from '../../../contract/object-store.ts';
import { fakeS3, sdkError } from '../../../support/fake-s3.ts';

const KEY = objectOf('k');
const NAME = `job-state/${KEY}`;

/** What each operation rejects with, where the client rejects with this. */
async function refused(operation: string, error: unknown): Promise<S3Error> {
  const { store } = fakeS3(() => {
    throw error;
  });
  const acts: Record<string, () => Promise<unknown>> = {
    PutObject: () => store.put(KEY, Buffer.from('x'), { ifAbsent: true }),
    GetObject: () => store.get(KEY),
    'GetObject as a stream': () => store.getStream(KEY),
    'GetObject of an empty range': () => store.getStream(KEY, { start: 2, end: 2 }),
    DeleteObjects: async () => {
      throw (await store.delete([KEY]))[0]?.error;
    },
    ListObjectsV2: () => all(store.list('default/')),
    ListMultipartUploads: () => all(store.unfinished(new Date(), { prefix: 'default/', remove: false })),
    CreateMultipartUpload: () => store.put(KEY, new Uint8Array(8 * 2 ** 20 + 1), { ifAbsent: false }),
  };
  const thrown = await acts[operation]?.().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(thrown).toBeInstanceOf(S3Error);
  return thrown as S3Error;
}

describe('a refusal', () => {
  it.each([
    ['PutObject', 's3:PutObject'],
    ['GetObject', 's3:GetObject on the object, and s3:ListBucket'],
    ['GetObject as a stream', 's3:GetObject on the object, and s3:ListBucket'],
    ['GetObject of an empty range', 's3:GetObject on the object, and s3:ListBucket'],
    ['DeleteObjects', 's3:DeleteObject'],
    ['ListObjectsV2', 's3:ListBucket'],
    ['ListMultipartUploads', 's3:ListBucketMultipartUploads'],
    ['CreateMultipartUpload', 's3:PutObject'],
  ])('of %s is no missing object: it names the bucket, the object and the permission %s', async (operation, permission) => {
    const error = await refused(operation, sdkError('AccessDenied', 403));

    expect(error).toMatchObject({
      name: 'S3Error',
      code: 'AccessDenied',
      status: 403,
      bucket: 'reports',
      requestId: 'request-1',
    });
    expect(error.message).toContain('s3://reports/job-state/default/');
    expect(error.message).toContain(`The credentials need ${permission}`);
  });

  it.each([
    ['GetObject', 'NoSuchBucket', 404, /Check the name of the bucket/],
    ['PutObject', 'NoSuchBucket', 404, /Check the name of the bucket/],
    ['ListObjectsV2', 'NoSuchBucket', 404, /Check the name of the bucket/],
    ['DeleteObjects', 'NoSuchBucket', 404, /Check the name of the bucket/],
    ['GetObject', 'PermanentRedirect', 301, /Check the region/],
    ['GetObject', 'SignatureDoesNotMatch', 403, /Check the credentials/],
    ['GetObject', 'RequestTimeTooSkewed', 403, /Set the clock/],
    ['GetObject', 'InvalidObjectState', 403, /Restore the object/],
    ['GetObject', 'Forbidden', 403, /The credentials need s3:GetObject/],
  ])('of %s with %s (%i) says what to check', async (operation, code, status, remedy) => {
    const error = await refused(operation, sdkError(code, status));

    expect(error).toMatchObject({ code, status });
    expect(error.message).toMatch(remedy);
  });

  it.each([
    ['CreateMultipartUpload', 'NotImplemented', 501, 'A header you provided implies functionality that is not implemented'],
    ['CreateMultipartUpload', 'InvalidArgument', 400, "Unsupported header 'x-amz-sdk-checksum-algorithm' received for this call"],
    ['PutObject', 'InvalidRequest', 403, 'x-amz-content-sha256 STREAMING-UNSIGNED-PAYLOAD-TRAILER is unknown'],
  ])('of %s for the checksums of the client (%s) names the setting', async (operation, code, status, words) => {
    const error = await refused(operation, sdkError(code, status, words));

    expect(error.message).toContain(`${words}. If the server is not of Amazon`);
    expect(error.message).toMatch(/give the client requestChecksumCalculation: 'WHEN_REQUIRED'$/);
  });

  it.each([
    [sdkError('UnknownError', 502), 'HTTP 502', 502],
    [sdkError('403', 403), 'HTTP 403', 403],
    [Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9000'), { code: 'ECONNREFUSED' }), 'ECONNREFUSED', undefined],
    [Object.assign(new Error('late'), { name: 'TimeoutError' }), 'TimeoutError', undefined],
    ['a text', 'no answer', undefined],
    [undefined, 'no answer', undefined],
  ])('without a code of S3 has the next best: %p', async (thrown, code, status) => {
    await expect(refused('GetObject', thrown)).resolves.toMatchObject({ code, status });
  });

  it('shows nothing of what the client sent, however deep one looks', async () => {
    const token = 'FwoGZXIvYXdzEBYaDKq0secrettoken0123456789012345678901234567890';
    const error = await refused('PutObject', sdkError('SignatureDoesNotMatch', 403, `it was\n${token}, and more`));

    const shown = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(error);

    expect(shown).not.toMatch(/secret/);
    expect(error.cause).toBeUndefined();
    expect(error.message).toBe(
      `PutObject of s3://reports/${NAME} failed: SignatureDoesNotMatch (HTTP 403). it was …, and more. Check the credentials of the client`,
    );
  });
});

describe('a missing object', () => {
  it.each([
    ['NoSuchKey', []],
    ['NotFound', ['HeadBucket']],
  ])('by the word %s is undefined', async (code, then) => {
    const { store, sent } = fakeS3(({ operation }) => {
      if (operation === 'HeadBucket') return {};
      throw sdkError(code, 404);
    });

    await expect(store.get(KEY)).resolves.toBeUndefined();
    await expect(store.getStream(KEY, { start: 3, end: 3 })).resolves.toBeUndefined();
    expect(sent.map(({ operation }) => operation)).toEqual(['GetObject', ...then, 'GetObject', ...then]);
  });

  it.each(['NotFound', 'NoSuchWebsite', 'UnknownError'])(
    'is not what a 404 says that is %s, of whatever listens there',
    async (code) => {
      await expect(refused('GetObject', sdkError(code, 404))).resolves.toMatchObject({ status: 404 });
    },
  );
});

describe('keys that could not be deleted', () => {
  it('are reported one by one', async () => {
    const [first, second, third] = [objectOf('a'), objectOf('b'), objectOf('c')];
    const { store } = fakeS3(() => ({
      Errors: [
        { Key: `job-state/${first}`, Code: 'AccessDenied', Message: 'no' },
        { Key: `job-state/${second}`, Code: 'NoSuchKey' },
        { Key: `job-state/${third}`, Code: 'InternalError' },
      ],
    }));

    const failed = await store.delete([first, second, third]);

    expect(failed).toMatchObject([
      { key: first, error: { code: 'AccessDenied', message: expect.stringMatching(/s3:DeleteObject/) } },
      { key: third, error: { code: 'InternalError', objectName: `job-state/${third}` } },
    ]);
  });

  it('are just those of the request that failed', async () => {
    const keys = Array.from({ length: 2_500 }, (_, index) => objectOf('k', `${index}.json`));
    let requests = 0;
    const { store, sent } = fakeS3(() => {
      if ((requests += 1) === 2) throw sdkError('SlowDown', 503);
      return {};
    });

    const failed = await store.delete(keys);

    expect(failed.map(({ key }) => key)).toEqual(keys.slice(1_000, 2_000));
    expect(sent.map(({ input }) => (input['Delete'] as { Objects: object[] }).Objects.length)).toEqual([1_000, 1_000, 500]);
  });
});

describe('a listing that is not to be trusted fails whole', () => {
  const page = (keys: string[], more: object = {}): object => ({
    Contents: keys.map((key) => ({ Key: `job-state/${key}`, Size: 1, LastModified: new Date(0) })),
    ...more,
  });

  it('where it is out of order', async () => {
    const { store } = fakeS3(() => page([objectOf('b'), objectOf('a')]));

    await expect(all(store.list(''))).rejects.toMatchObject({ code: 'Unordered' });
  });

  it('where it is out of order over pages, also for one who sorts it', async () => {
    const pages = [page([objectOf('b')], { IsTruncated: true, NextContinuationToken: '2' }), page([objectOf('a')])];
    const { store } = fakeS3(() => pages.shift());

    await expect(all(store.list('', inAnyOrder({})))).rejects.toMatchObject({ code: 'Unordered' });
  });

  it('but not a single page for one who sorts it', async () => {
    const { store } = fakeS3(() => page([objectOf('b'), objectOf('a')]));

    await expect(all(store.list('', inAnyOrder({})))).resolves.toMatchObject([{ key: objectOf('b') }, { key: objectOf('a') }]);
  });

  it('where it goes on without saying how', async () => {
    const { store } = fakeS3(() => page([objectOf('a')], { IsTruncated: true }));

    await expect(all(store.list(''))).rejects.toMatchObject({ code: 'Truncated' });
  });

  it('and one of many pages passes over what is not ours', async () => {
    const pages = [
      page([objectOf('a'), 'default/note.txt'], { IsTruncated: true, NextContinuationToken: '2' }),
      page([objectOf('b')]),
    ];
    const { store, sent } = fakeS3(() => pages.shift());

    await expect(all(store.list('default/'))).resolves.toMatchObject([{ key: objectOf('a') }, { key: objectOf('b') }]);
    expect(sent.map(({ input }) => input)).toEqual([
      { Bucket: 'reports', Prefix: 'job-state/default/' },
      { Bucket: 'reports', Prefix: 'job-state/default/', ContinuationToken: '2' },
    ]);
  });
});
