import { describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { answerOf, GcsError, isTransient } from '../../../../src/object-store/gcs/errors.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import { objectOf } from '../../../contract/object-store.ts';
import { apiError, fakeBucket, withoutPauses } from '../../../support/gcs-bucket.ts';

const TOKEN = 'ya29.a0AfH6SMBSECRETSECRETSECRET';
const SESSION = 'upload_id=ADPycdSECRETSECRET';

/** What the clients' errors carry around. */
const request = {
  config: { headers: { Authorization: `Bearer ${TOKEN}` }, url: `https://storage.googleapis.com/upload?${SESSION}` },
  response: { config: { headers: { Authorization: `Bearer ${TOKEN}` } }, request: { headers: { authorization: TOKEN } } },
};

const THROWN: readonly [string, unknown, { code: string; status?: number }, boolean][] = [
  ['of the API', apiError(403, 'forbidden', request), { code: 'forbidden', status: 403 }, false],
  ['of the API without a reason', apiError(403, '', request), { code: 'HTTP 403', status: 403 }, false],
  [
    'of an upload session, no Error at all',
    { code: 412, message: 'x', errors: [{ reason: 'conditionNotMet' }] },
    { code: 'conditionNotMet', status: 412 },
    false,
  ],
  ['of the API that passes', apiError(503, 'backendError', request), { code: 'backendError', status: 503 }, true],
  ['of a limit', apiError(429, 'rateLimitExceeded', request), { code: 'rateLimitExceeded', status: 429 }, true],
  ['of an older limit', apiError(403, 'rateLimitExceeded', request), { code: 'rateLimitExceeded', status: 403 }, true],
  [
    'of the transport, with a status',
    Object.assign(new Error('Request failed'), request, { status: 404 }),
    { code: 'HTTP 404', status: 404 },
    false,
  ],
  [
    'of the transport, with a status in its code',
    Object.assign(new Error('Request failed'), request, { code: '502' }),
    { code: 'HTTP 502', status: 502 },
    true,
  ],
  [
    'of the connection',
    Object.assign(new Error(`request to https://x/?${SESSION} failed`), request, { code: 'ECONNRESET' }),
    { code: 'ECONNRESET' },
    true,
  ],
  [
    'of a time that is over',
    Object.assign(new Error(`network timeout at: https://x/?${SESSION}`), { type: 'request-timeout' }),
    { code: 'ETIMEDOUT' },
    true,
  ],
  [
    'of an answer that broke off, though its status was that of success',
    Object.assign(new Error(`Invalid response body while trying to fetch https://x/?${SESSION}: aborted`), request, {
      status: 200,
    }),
    { code: 'cut short' },
    true,
  ],
  ['of missing credentials', new Error('Could not load the default credentials. Browse to …'), { code: 'noCredentials' }, false],
  [
    'of a key file that is none',
    new SyntaxError(`Unexpected token '-', "-----BEGIN ${TOKEN}" is not valid JSON`),
    { code: 'no answer' },
    false,
  ],
  ['of nothing', undefined, { code: 'no answer' }, false],
];

describe('an error', () => {
  it.each(THROWN)('%s keeps its code without a credential', (_what, thrown, expected, passes) => {
    const answer = answerOf(thrown);
    const error = new GcsError({ operation: 'objects.get', bucket: 'vault', name: 'a/b' }, answer);

    expect(error).toMatchObject({ ...expected, operation: 'objects.get', bucket: 'vault', objectName: 'a/b' });
    expect(isTransient(answer)).toBe(passes);
    expect(error.message).toContain('objects.get of gs://vault/a/b failed: ');
    expect(inspect(error, { depth: Infinity, showHidden: true })).not.toMatch(/SECRET|Authorization/);
  });

  it('says what the server said, shortened to one line', () => {
    const message = `x@y.iam.gserviceaccount.com does not have storage.objects.get access\nto ${'k'.repeat(60)} at https://a/b?${SESSION} now.`;
    const error = new GcsError(
      { operation: 'objects.get', bucket: 'vault', name: 'a' },
      { code: 'forbidden', status: 403, message },
    );

    expect(error.message).toContain(
      'x@y.iam.gserviceaccount.com does not have storage.objects.get access to … at https://a/b?… now. The',
    );
  });
});

describe('a request that is refused names the permission', () => {
  const refused = (act: (store: ReturnType<typeof gcsObjectStoreOf>) => Promise<unknown>): Promise<unknown> => {
    const fake = fakeBucket();
    fake.next(() => true, { kind: 'fail', error: apiError(403, 'forbidden', request) });
    return act(gcsObjectStoreOf(withoutPauses, { bucket: fake.bucket }));
  };

  it.each([
    ['get', /storage\.objects\.get, and storage\.objects\.list/],
    ['getStream', /storage\.objects\.get, and storage\.objects\.list/],
  ] as const)('%s', async (call, permission) => {
    await expect(refused((store) => store[call](objectOf('k')))).rejects.toThrow(permission);
  });

  it('put', async () => {
    await expect(refused((store) => store.put(objectOf('k'), Buffer.from('x'), { ifAbsent: true }))).rejects.toThrow(
      /failed: forbidden \(HTTP 403\).*The credentials need storage\.objects\.create/,
    );
  });

  it('list', async () => {
    await expect(refused((store) => store.list('')[Symbol.asyncIterator]().next())).rejects.toThrow('storage.objects.list');
  });

  it('delete, with the key', async () => {
    await expect(refused((store) => store.delete([objectOf('k')]))).resolves.toEqual([
      { key: objectOf('k'), error: expect.objectContaining({ message: expect.stringContaining('storage.objects.delete') }) },
    ]);
  });

  it('or the credentials, where it does not know them', async () => {
    const fake = fakeBucket();
    fake.next(() => true, { kind: 'fail', error: apiError(401, 'authError') });
    const store = gcsObjectStoreOf(withoutPauses, { bucket: fake.bucket });

    await expect(store.get(objectOf('k'))).rejects.toThrow('Check the credentials of the client');
  });
});
