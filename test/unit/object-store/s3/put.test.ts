import { S3Client } from '@aws-sdk/client-s3';
import { describe, expect, it } from '@jest/globals';
import { objectOf } from '../../../contract/object-store.ts';
import { fakeS3, sdkError, type S3Behaviour } from '../../../support/fake-s3.ts';
import { s3ObjectStore, type S3ObjectStoreOptions } from '../../../../src/s3.ts';
import type { PutOptions } from '../../../../src/object-store/object-store.ts';

const KEY = objectOf('k');
const NAME = `job-state/${KEY}`;
const X = Buffer.from('x');
const CREATE = { ifAbsent: true };

const SHA256_OF_X = '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881';

/** The headers of a put, as the real client sends them. */
async function headersOf(options: PutOptions): Promise<Record<string, string>> {
  let headers: Record<string, string> = {};
  const client = new S3Client({
    region: 'eu-central-1',
    credentials: { accessKeyId: 'id', secretAccessKey: 'secret' },
    requestHandler: {
      handle: async (request: { headers: Record<string, string> }) => {
        ({ headers } = request);
        return { response: { statusCode: 200, headers: {} } };
      },
    },
  });
  await s3ObjectStore({ client, bucket: 'reports' }).put(KEY, X, options);
  return headers;
}

/** Answers in turn, by operation; an error is thrown. The last answer is repeated. */
function script(answers: Record<string, readonly unknown[]>): S3Behaviour {
  const turns = new Map<string, number>();
  return ({ operation }) => {
    const turn = turns.get(operation) ?? 0;
    turns.set(operation, turn + 1);
    const given = answers[operation] ?? [{}];
    const answer = given[Math.min(turn, given.length - 1)];
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

describe('what goes out', () => {
  it('is bytes of a known length and of no type, under the prefix, only where nothing is', async () => {
    const { store, sent } = fakeS3(() => ({}));
    async function* stream(): AsyncGenerator<Uint8Array> {
      yield Promise.resolve(X);
    }

    await store.put(KEY, X, CREATE);
    await store.put(KEY, stream(), CREATE);
    await store.put(KEY, X, { ifAbsent: false });

    const input = {
      Bucket: 'reports',
      Key: NAME,
      Body: new Uint8Array(X),
      ContentLength: 1,
      ContentType: 'application/octet-stream',
    };

    expect(sent.map(({ operation }) => operation)).toEqual(['PutObject', 'PutObject', 'PutObject']);
    expect(sent.map((request) => ({ ...request.input, Body: new Uint8Array(request.input['Body'] as Uint8Array) }))).toEqual([
      { ...input, IfNoneMatch: '*' },
      { ...input, IfNoneMatch: '*' },
      input,
    ]);
    expect(sent.every(({ input: { Body } }) => Body instanceof Uint8Array)).toBe(true);
  });

  it('is signed with the digest that is known', async () => {
    const headers = await Promise.all([{ sha256: 'known' }, {}].map((known) => headersOf({ ...CREATE, ...known })));

    expect(headers.map((one) => one['x-amz-content-sha256'])).toEqual(['known', SHA256_OF_X]);
  });

  it.each<[S3ObjectStoreOptions['serverSideEncryption'], object]>([
    [{ kind: 'AES256' }, { ServerSideEncryption: 'AES256' }],
    [{ kind: 'aws:kms' }, { ServerSideEncryption: 'aws:kms', BucketKeyEnabled: true }],
    [
      { kind: 'aws:kms', keyId: 'alias/k' },
      { ServerSideEncryption: 'aws:kms', BucketKeyEnabled: true, SSEKMSKeyId: 'alias/k' },
    ],
  ])('asks for the encryption %j, of an object and of an upload', async (serverSideEncryption, expected) => {
    const { store, sent } = fakeS3(
      script({ CreateMultipartUpload: [{ UploadId: 'u' }] }),
      serverSideEncryption ? { serverSideEncryption } : {},
    );

    await store.put(KEY, X, CREATE);
    await store.put(KEY, new Uint8Array(8 * 2 ** 20 + 1), CREATE);

    const making = sent.filter(({ operation }) => operation === 'PutObject' || operation === 'CreateMultipartUpload');

    expect(making).toHaveLength(2);
    for (const { input } of making) expect(input).toMatchObject(expected);
    expect(Object.keys(sent.find(({ operation }) => operation === 'UploadPart')?.input ?? {})).toEqual(
      expect.not.arrayContaining(['ServerSideEncryption']),
    );
  });
});

describe('create-only', () => {
  it.each([
    ['PreconditionFailed', 412],
    ['Unknown', 304],
  ])('exists where the server answers %s, %i', async (code, status) => {
    const { store } = fakeS3(script({ PutObject: [sdkError(code, status)] }));

    await expect(store.put(KEY, X, CREATE)).resolves.toBe('exists');
  });

  it('takes a 304 that nobody made a condition for as a failure', async () => {
    const { store } = fakeS3(script({ PutObject: [sdkError('Unknown', 304)] }));

    await expect(store.put(KEY, X, { ifAbsent: false })).rejects.toMatchObject({ status: 304 });
  });

  it('tries again, later and later, where another request on the name was not decided yet', async () => {
    const conflict = sdkError('ConditionalRequestConflict', 409);
    const { store, sent, slept } = fakeS3(script({ PutObject: [conflict, conflict, conflict, {}] }));

    await expect(store.put(KEY, X, CREATE)).resolves.toBe('created');

    expect(sent).toHaveLength(4);
    // 50, 100 and 200 ms, three quarters of each.
    expect(slept()).toBeCloseTo(262.5);
  });

  it('gives up after eight conflicts', async () => {
    const { store, sent } = fakeS3(script({ PutObject: [sdkError('ConditionalRequestConflict', 409)] }));

    await expect(store.put(KEY, X, CREATE)).rejects.toMatchObject({ code: 'ConditionalRequestConflict' });

    expect(sent).toHaveLength(8);
  });

  it('does not wait for a conflict to end beyond the signal', async () => {
    const controller = new AbortController();
    const { store, sent } = fakeS3(() => {
      controller.abort(new Error('enough'));
      throw sdkError('ConditionalRequestConflict', 409);
    });

    await expect(store.put(KEY, X, { ...CREATE, signal: controller.signal })).rejects.toThrow('enough');

    expect(sent).toHaveLength(1);
  });

  describe('on a server that does not know the condition', () => {
    const unknown = sdkError('NotImplemented', 501);
    const missing = sdkError('NotFound', 404);

    it('looks for the object before it puts without it, from then on at once', async () => {
      const { store, sent } = fakeS3(script({ PutObject: [unknown, {}], HeadObject: [missing, missing, {}] }));

      await expect(store.put(KEY, X, CREATE)).resolves.toBe('created');
      await expect(store.put(KEY, X, CREATE)).resolves.toBe('created');
      await expect(store.put(KEY, X, CREATE)).resolves.toBe('exists');

      expect(sent.map(({ operation, input }) => operation + ('IfNoneMatch' in input ? ', conditional' : ''))).toEqual([
        'PutObject, conditional',
        'HeadObject',
        'PutObject',
        'HeadObject',
        'PutObject',
        'HeadObject',
      ]);
    });

    it('does not take a server that implements nothing for one', async () => {
      const { store, sent } = fakeS3(script({ PutObject: [unknown, unknown, {}], HeadObject: [missing] }));

      await expect(store.put(KEY, X, CREATE)).rejects.toMatchObject({ code: 'NotImplemented' });
      await expect(store.put(KEY, X, CREATE)).resolves.toBe('created');

      expect(sent.at(-1)?.input['IfNoneMatch']).toBe('*');
    });

    it('does not put where it may not look', async () => {
      const { store, sent } = fakeS3(script({ PutObject: [unknown, {}], HeadObject: [sdkError('Forbidden', 403)] }));

      await expect(store.put(KEY, X, CREATE)).rejects.toMatchObject({ status: 403, operation: 'HeadObject' });

      expect(sent.map(({ operation }) => operation)).toEqual(['PutObject', 'HeadObject']);
    });
  });
});
