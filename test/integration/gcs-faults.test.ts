import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import type { Bucket } from '@google-cloud/storage';
import { createHash } from 'node:crypto';
import { inspect } from 'node:util';
import type { Timer } from '../../src/async/deadline.ts';
import type { GcsBucket } from '../../src/object-store/gcs/options.ts';
import { gcsObjectStoreOf } from '../../src/object-store/gcs/store.ts';
import type { ObjectStore } from '../../src/object-store/object-store.ts';
import { all, objectOf } from '../contract/object-store.ts';
import { withoutPauses } from '../support/gcs-bucket.ts';
import { startFakeGcs, type GcsClient, type GcsServer } from '../support/fake-gcs.ts';
import { startLossyHttp, type HttpRequest, type LossyHttp } from '../support/lossy-http.ts';
import { startToxiproxy, type Toxiproxy } from '../support/toxiproxy.ts';
import { until } from '../support/until.ts';

/** The real clients on a line that breaks, and what they must not do to each other. */

const MEBIBYTE = 2 ** 20;
const K = objectOf('k');
const X = Buffer.from('x');
const SECRET = 'ya29.SECRETSECRETSECRET';

const patterned = (length: number): Buffer => Buffer.alloc(length, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
const digest = (bytes: Uint8Array | undefined): string =>
  createHash('sha256')
    .update(bytes ?? '')
    .digest('hex');
const isUpload = ({ method, path }: HttpRequest): boolean => method === 'POST' && path.startsWith('/upload/');
const isPart = ({ method }: HttpRequest): boolean => method === 'PUT';
const isMedia = ({ path }: HttpRequest): boolean => path.includes('alt=media');
const isDelete = ({ method }: HttpRequest): boolean => method === 'DELETE';
const isList = ({ path }: HttpRequest): boolean =>
  /\/o\?/.test(path) && path.includes('prefix=') && !isMedia({ path } as HttpRequest);

/** The time for an answer is over in a moment. */
const hurried: Timer = (ms, fire) => {
  const handle = setTimeout(fire, ms / 20);
  return () => clearTimeout(handle);
};
const opened = (bucket: GcsBucket): ObjectStore => gcsObjectStoreOf(withoutPauses, { bucket });

async function* inChunks(body: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += 700_000) yield Promise.resolve(body.subarray(at, at + 700_000));
}

let server: GcsServer;
let toxiproxy: Toxiproxy;

beforeAll(async () => {
  [server, toxiproxy] = await Promise.all([startFakeGcs(), startToxiproxy()]);
});
afterAll(() => Promise.all([server?.stop(), toxiproxy?.stop()]));

describe.each<GcsClient>(['7', '7-oldest', '8'])('with the client %s', (major) => {
  let lossy: LossyHttp;
  let bucket: Bucket;
  let store: ObjectStore;

  beforeEach(async () => {
    lossy = await startLossyHttp(server.port);
    bucket = await server.bucket(major, `http://127.0.0.1:${lossy.port}`);
    // The client's own pauses take seconds; what is tried again without it is ours to show.
    bucket.storage.retryOptions.autoRetry = false;
    store = opened(bucket);
  });
  afterEach(() => lossy.stop());

  it.each<[string, Parameters<LossyHttp['next']>[1]]>([
    ['busy', { kind: 'answer', status: 503, code: 'backendError' }],
    ['asked too much', { kind: 'answer', status: 429, code: 'rateLimitExceeded' }],
    ['hanging up', { kind: 'reset' }],
  ])('everything is tried again where the server is %s', async (_what, fate) => {
    const again = async <T>(match: (request: HttpRequest) => boolean, act: () => Promise<T>): Promise<T> => {
      lossy.next(match, fate, 2);
      return act();
    };

    await expect(again(isUpload, () => store.put(K, X, { ifAbsent: true }))).resolves.toBe('created');
    await expect(again(isUpload, () => store.put(objectOf('big'), patterned(9 * MEBIBYTE), { ifAbsent: true }))).resolves.toBe(
      'created',
    );
    await expect(again(isPart, () => store.put(objectOf('part'), patterned(9 * MEBIBYTE), { ifAbsent: true }))).resolves.toBe(
      'created',
    );
    await expect(again(isMedia, () => store.get(K))).resolves.toEqual(X);
    await expect(again(isList, () => all(store.list('')))).resolves.toHaveLength(3);
    await expect(again(isDelete, () => store.delete([K]))).resolves.toEqual([]);
    expect(digest(await store.get(objectOf('part')))).toBe(digest(patterned(9 * MEBIBYTE)));
  });

  it('an answer that is lost is asked for again: a put says that the object exists, a delete that it is done', async () => {
    lossy.next(isUpload, { kind: 'lose-reply' });
    await expect(store.put(K, X, { ifAbsent: true })).resolves.toBe('exists');
    await expect(store.get(K)).resolves.toEqual(X);

    lossy.next(isDelete, { kind: 'lose-reply' });
    await expect(store.delete([K])).resolves.toEqual([]);

    const body = patterned(9 * MEBIBYTE);
    let parts = 0;
    lossy.next((request) => isPart(request) && (parts += 1) === 2, { kind: 'lose-reply' });
    await expect(store.put(K, inChunks(body), { ifAbsent: true })).resolves.toBe('exists');
    expect(digest(await store.get(K))).toBe(digest(body));
  });

  it('an answer that breaks off in its middle is asked for again, though older clients never call back', async () => {
    const inTime = gcsObjectStoreOf({ ...withoutPauses, timer: hurried }, { bucket });
    const breaking = async <T>(match: (request: HttpRequest) => boolean, act: () => Promise<T>): Promise<T> => {
      lossy.next(match, { kind: 'truncate', bytes: 5 });
      return act();
    };
    const body = patterned(9 * MEBIBYTE);
    const isLast = (request: HttpRequest): boolean =>
      isPart(request) && String(request.headers['content-range']).endsWith(`/${body.length}`);

    await expect(breaking(isUpload, () => inTime.put(K, X, { ifAbsent: true }))).resolves.toBe('exists');
    await expect(breaking(isLast, () => inTime.put(objectOf('big'), body, { ifAbsent: true }))).resolves.toBe('exists');
    await expect(breaking(isList, () => all(inTime.list('')))).resolves.toHaveLength(2);
    await expect(breaking(isDelete, () => inTime.delete([objectOf('missing')]))).resolves.toEqual([]);
    expect(digest(await inTime.get(objectOf('big')))).toBe(digest(body));
  });

  it('a body that ends too early is read again, though older clients do not see that it did', async () => {
    const body = patterned(3 * MEBIBYTE);
    await store.put(K, body, { ifAbsent: true });
    lossy.next(isMedia, { kind: 'truncate', bytes: MEBIBYTE });

    expect(digest(await store.get(K))).toBe(digest(body));
  });

  it('O2 the settings that the client shares are unchanged, whatever failed', async () => {
    const { retryOptions } = bucket.storage;
    retryOptions.autoRetry = true;
    retryOptions.maxRetries = 0;
    const before = { ...retryOptions };
    const keys = Array.from({ length: 20 }, (_, index) => objectOf(`k${index}`));
    const outcomes = (): Promise<unknown> =>
      Promise.allSettled([
        ...keys.map((key) => store.put(key, X, { ifAbsent: true })),
        ...keys.map((key) => store.put(key, X, { ifAbsent: false })),
        ...keys.slice(0, 3).map((key) => store.put(key, patterned(9 * MEBIBYTE), { ifAbsent: true })),
        ...keys.map((key) => store.get(key)),
        store.delete(keys),
        all(store.list('')),
      ]);

    lossy.next(() => true, { kind: 'answer', status: 400, code: 'invalid' }, 30);
    await outcomes();
    const users = bucket.file('of-the-user').delete({ ignoreNotFound: true });
    await Promise.all([users, outcomes()]);

    expect({ ...retryOptions }).toEqual(before);
  });

  it('a read that nobody waits for any more takes no connection away from others', async () => {
    const line = await toxiproxy.proxy(server.port);
    const slow = await startLossyHttp(line.port);

    try {
      const name = bucket.name;
      const through = (await server.bucket(major, `http://127.0.0.1:${slow.port}`)).storage.bucket(name);
      through.storage.retryOptions.autoRetry = false;
      const slowly = opened(through);
      const body = patterned(2 * MEBIBYTE);
      for (const key of ['a', 'b', 'c']) await store.put(objectOf(key), body, { ifAbsent: true });
      await line.toxic('bandwidth', { rate: 2_000 });
      const controller = new AbortController();
      const left = expect(slowly.get(objectOf('a'), { signal: controller.signal })).rejects.toThrow('enough');
      const others = [slowly.get(objectOf('b')), slowly.get(objectOf('c'))];
      const put = slowly.put(K, body, { ifAbsent: true });
      // Its answer has begun, and a body of 2 MiB is far from done.
      const begun = `/${encodeURIComponent(objectOf('a'))}?`;
      await until(() => slow.requests.some(({ path, status }) => path.includes(begun) && status !== undefined));
      controller.abort(new Error('enough'));
      await left;

      expect((await Promise.all(others)).map(digest)).toEqual([digest(body), digest(body)]);
      await expect(put).resolves.toBe('created');
      expect(slow.requests).toHaveLength(4);
    } finally {
      await slow.stop();
    }
  });

  it('an upload that did not come to its end leaves no object', async () => {
    const controller = new AbortController();
    async function* source(): AsyncGenerator<Uint8Array> {
      yield* inChunks(patterned(9 * MEBIBYTE));
      if (!controller.signal.aborted) controller.abort(new Error('enough'));
      throw new Error('the source broke');
    }

    await expect(store.put(K, source(), { ifAbsent: true, signal: controller.signal })).rejects.toThrow('enough');
    await expect(store.put(K, source(), { ifAbsent: true })).rejects.toThrow('the source broke');

    expect(lossy.requests.filter(({ method }) => method === 'DELETE').map(({ status }) => status)).toEqual([499, 499]);
    await expect(all(store.list(''))).resolves.toEqual([]);
  });

  it('the customTime of an object is the end of its value', async () => {
    const expiresAt = new Date('2027-01-02T03:04:05.678Z');
    for (const [key, body] of [
      [K, X],
      [objectOf('big'), patterned(9 * MEBIBYTE)],
    ] as const) {
      await store.put(key, body, { ifAbsent: true, expiresAt });

      const [metadata] = await bucket.file(key).getMetadata();

      expect(metadata).toMatchObject({ contentType: 'application/octet-stream', size: String(body.length) });
      expect(new Date(metadata.customTime ?? 0).getTime()).toBeGreaterThan(expiresAt.getTime() - 1_000);
      expect(metadata.contentEncoding).toBeUndefined();
    }
  });

  it('a bucket that is not there is no missing object', async () => {
    const lost = opened(bucket.storage.bucket('never-made'));
    const refused = expect.objectContaining({ code: 'bucketNotFound', status: 404 });

    await expect(lost.get(K)).rejects.toEqual(refused);
    await expect(lost.put(K, X, { ifAbsent: true })).rejects.toEqual(refused);
    await expect(lost.put(K, patterned(9 * MEBIBYTE), { ifAbsent: true })).rejects.toEqual(refused);
    await expect(all(lost.list(''))).rejects.toEqual(refused);
    await expect(lost.delete([K])).resolves.toEqual([{ key: K, error: refused }]);
  });

  it('no error holds what the client sent to be let in', async () => {
    bucket.storage.interceptors.push({
      request: (options) =>
        Object.assign(options, { headers: { ...options.headers, Authorization: `Bearer ${SECRET}` } }) as never,
    });
    const heard: string[] = [];
    const errors: unknown[] = [];
    const refuse = async (act: () => Promise<unknown>): Promise<void> => {
      for (const fate of [{ kind: 'answer', status: 403, code: 'forbidden' }, { kind: 'reset' }] as const) {
        lossy.next(({ headers }) => heard.push(headers.authorization ?? '') > 0, fate, 4);
        errors.push(await act().catch((error: unknown) => error));
      }
    };
    await refuse(() => store.get(K));
    await refuse(() => store.put(K, X, { ifAbsent: true }));
    await refuse(() => store.put(K, patterned(9 * MEBIBYTE), { ifAbsent: true }));
    await refuse(() => all(store.list('')));
    await refuse(() => store.delete([K]));

    expect(heard).toContain(`Bearer ${SECRET}`);
    expect(inspect(errors, { depth: Infinity, showHidden: true })).not.toMatch(/SECRET|Bearer|upload_id/);
    expect(errors).toHaveLength(10);
  });
});
