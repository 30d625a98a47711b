import { describe, expect, it } from '@jest/globals';
import { objectOf } from '../../../contract/object-store.ts';
import { fakeS3, sdkError, type FakeS3, type SentRequest } from '../../../support/fake-s3.ts';

const [A, B, C] = [objectOf('a'), objectOf('b'), objectOf('c')];

/** A server that answers `DeleteObjects` with this error, and any other request as it is told. */
function refusing(error: Error, others: (request: SentRequest) => unknown = () => ({})): FakeS3 {
  return fakeS3((request) => {
    if (request.operation === 'DeleteObjects') throw error;
    return others(request);
  });
}

const sentTo = ({ sent }: FakeS3): string[] =>
  sent.map(({ operation, input: { Key } }) =>
    typeof Key === 'string' ? `${operation} ${Key.replace('job-state/', '')}` : operation,
  );

describe('a server that refuses DeleteObjects', () => {
  it.each([
    ['MissingContentMD5', 400],
    ['InvalidRequest', 400],
    ['MethodNotAllowed', 405],
    ['MissingContentLength', 411],
    ['NotImplemented', 501],
  ])('(%s) is asked to delete one object at a time from then on', async (code, status) => {
    const fake = refusing(sdkError(code, status));

    await expect(fake.store.delete([A, B])).resolves.toEqual([]);
    await expect(fake.store.delete([C])).resolves.toEqual([]);

    expect(sentTo(fake)).toEqual(['DeleteObjects', `DeleteObject ${A}`, `DeleteObject ${B}`, `DeleteObject ${C}`]);
  });

  it('keeps the objects that it names', async () => {
    const fake = refusing(sdkError('NotImplemented', 501), ({ input }) => {
      if (input['Key'] === `job-state/${B}`) throw sdkError('InternalError', 500);
      return {};
    });

    await expect(fake.store.delete([A, B, C])).resolves.toMatchObject([
      { key: B, error: { operation: 'DeleteObject', code: 'InternalError' } },
    ]);
  });

  it('has deleted an object that is missing, if the bucket is there', async () => {
    let bucketIsThere = true;
    const fake = refusing(sdkError('NotImplemented', 501), ({ operation, input }) => {
      if (operation === 'HeadBucket' && bucketIsThere) return {};
      throw input['Key'] === `job-state/${A}` ? sdkError('NoSuchKey', 404) : sdkError('NotFound', 404);
    });

    await expect(fake.store.delete([A, B])).resolves.toEqual([]);
    bucketIsThere = false;
    await expect(fake.store.delete([A, B])).resolves.toMatchObject([{ key: B, error: { operation: 'HeadBucket' } }]);
  });

  it('ends with the signal', async () => {
    const controller = new AbortController();
    const fake = refusing(sdkError('NotImplemented', 501), () => controller.abort(new Error('enough')));

    await expect(fake.store.delete([A, B], { signal: controller.signal })).rejects.toThrow('enough');
  });
});

describe('a failure that is not about the request', () => {
  it.each([
    ['AccessDenied', 403],
    ['NoSuchBucket', 404],
    ['InternalError', 500],
    ['SlowDown', 503],
  ])('(%s) makes nobody delete one object at a time', async (code, status) => {
    const fake = refusing(sdkError(code, status));

    await expect(fake.store.delete([A, B])).resolves.toMatchObject([
      { key: A, error: { code } },
      { key: B, error: { code } },
    ]);

    expect(sentTo(fake)).toEqual(['DeleteObjects']);
  });

  it('is told as it was each time if one object cannot be deleted alone either', async () => {
    const expired = sdkError('ExpiredToken', 400);
    const fake = refusing(expired, () => {
      throw expired;
    });

    await expect(fake.store.delete([A, B])).resolves.toMatchObject([
      { key: A, error: { operation: 'DeleteObjects', code: 'ExpiredToken' } },
      { key: B, error: { operation: 'DeleteObjects', code: 'ExpiredToken' } },
    ]);
    await fake.store.delete([C]);

    expect(sentTo(fake)).toEqual(['DeleteObjects', `DeleteObject ${A}`, 'DeleteObjects', `DeleteObject ${C}`]);
  });

  it('is one of the connection too', async () => {
    const fake = refusing(Object.assign(new Error('refused'), { code: 'ECONNREFUSED' }));

    await expect(fake.store.delete([A])).resolves.toMatchObject([{ key: A, error: { code: 'ECONNREFUSED' } }]);

    expect(sentTo(fake)).toEqual(['DeleteObjects']);
  });
});
