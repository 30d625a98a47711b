import { beforeEach, describe, expect, it } from '@jest/globals';
import { inspect } from 'node:util';
import { crc32c } from '../../../../src/format/crc32c.ts';
import type { GcsBucket, GcsFile } from '../../../../src/object-store/gcs/options.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { objectOf } from '../../../contract/object-store.ts';
import { apiError, fakeBucket, withoutPauses, type FakeBucket, type GcsFate, type GcsSent } from '../../../support/gcs-bucket.ts';
import { until } from '../../../support/until.ts';

const PART = 8 * 2 ** 20;
const K = objectOf('k');
const X = Buffer.from('x');
const busy = apiError(503, 'backendError');
const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

let fake: FakeBucket;
let store: ObjectStore;

const opened = (bucket: GcsBucket): ObjectStore => gcsObjectStoreOf(withoutPauses, { bucket });

beforeEach(() => {
  fake = fakeBucket();
  store = opened(fake.bucket);
});

const is =
  (what: string, method: string) =>
  (sent: GcsSent): boolean =>
    sent.what === what && sent.method === method;
const sent = (what: string, method: string): GcsSent[] => fake.requests.filter(is(what, method));
const patterned = (length: number): Buffer => Buffer.alloc(length, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
const holds = (): Buffer | undefined => fake.objects.get(K)?.bytes;

async function* inChunks(body: Buffer, size = 1_000_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < body.length; at += size) yield Promise.resolve(body.subarray(at, at + size));
}

describe('O2 every put says what it replaces', () => {
  it.each([
    ['small', X, 'upload'],
    ['of a part', patterned(PART), 'upload'],
    ['large', patterned(PART + 1), 'session'],
  ])('%s: nothing, or the very object that is there', async (_name, body, what) => {
    await expect(store.put(K, body, { ifAbsent: true })).resolves.toBe('created');
    const { generation } = fake.objects.get(K) as { generation: number };
    await expect(store.put(K, body, { ifAbsent: true })).resolves.toBe('exists');
    await expect(store.put(K, body, { ifAbsent: false })).resolves.toBe('created');

    expect(sent(what, 'POST').map(({ qs }) => String(qs['ifGenerationMatch']))).toEqual(['0', '0', String(generation)]);
  });

  it('also where there is nothing to replace', async () => {
    fake.next(is('upload', 'POST'), { kind: 'fail', error: apiError(412, 'conditionNotMet') }, 2);

    await expect(store.put(K, X, { ifAbsent: false })).resolves.toBe('created');
    expect(sent('upload', 'POST').map(({ qs }) => qs['ifGenerationMatch'])).toEqual([0, 0, 0]);
  });

  it('also where others replace it at the same time', async () => {
    fake.next(is('upload', 'POST'), { kind: 'fail', error: apiError(412, 'conditionNotMet') }, 100);
    await expect(store.put(K, X, { ifAbsent: false })).rejects.toMatchObject({ status: 412 });
  });
});

describe('an object', () => {
  it.each([
    ['small', X],
    ['large', patterned(PART + 1)],
  ])('%s is bytes with a checksum for the server', async (_name, body) => {
    await store.put(K, body, { ifAbsent: true, expiresAt: new Date('2027-01-02T03:04:05.678Z') });

    const sum = Buffer.alloc(4);
    sum.writeUInt32BE(crc32c(body));

    expect(fake.objects.get(K)?.metadata).toEqual({
      contentType: 'application/octet-stream',
      customTime: '2027-01-02T03:04:05.678Z',
      crc32c: sum.toString('base64'),
    });
  });

  it('says nothing of an end that it does not have', async () => {
    await store.put(K, X, { ifAbsent: true });

    expect(Object.keys(fake.objects.get(K)?.metadata ?? {})).toEqual(['contentType', 'crc32c']);
  });
});

describe('a put in one request', () => {
  it.each([busy, reset, apiError(429, 'rateLimitExceeded')])('is sent again after %p, three times', async (error) => {
    fake.next(is('upload', 'POST'), { kind: 'fail', error }, 3);
    await expect(store.put(K, X, { ifAbsent: true })).resolves.toBe('created');

    fake.next(is('upload', 'POST'), { kind: 'fail', error }, 4);
    await expect(store.put(objectOf('other'), X, { ifAbsent: true })).rejects.toMatchObject({ name: 'GcsError' });
    expect(sent('upload', 'POST')).toHaveLength(8);
  });

  it.each([400, 401, 403])('is not sent again after a refusal (%d)', async (status) => {
    fake.next(is('upload', 'POST'), { kind: 'fail', error: apiError(status, 'refused') });

    await expect(store.put(K, X, { ifAbsent: true })).rejects.toMatchObject({ name: 'GcsError', status });
    expect(fake.requests).toHaveLength(1);
  });

  it.each([
    ['small', X, 'upload', 'POST'],
    ['large', patterned(PART + 1), 'session', 'PUT'],
  ])(
    'says that the object exists where the right to replace it is all that is missing: %s',
    async (_name, body, what, method) => {
      const refused = (right: string): Error => {
        const message = `worker@films.iam.gserviceaccount.com does not have ${right} access to the Google Cloud Storage object.`;
        return apiError(403, 'forbidden', { message });
      };
      fake.next(is(what, method), { kind: 'fail', error: refused('storage.objects.delete') });
      await expect(store.put(K, body, { ifAbsent: true })).resolves.toBe('exists');

      fake.next(is(what, method), { kind: 'fail', error: refused('storage.objects.create') });
      await expect(store.put(K, body, { ifAbsent: true })).rejects.toMatchObject({ status: 403 });
      fake.next(is(what, method), { kind: 'fail', error: refused('storage.objects.delete') });
      await expect(store.put(K, body, { ifAbsent: false })).rejects.toMatchObject({ status: 403 });
    },
  );

  it('O4 whose answer was lost says that the object exists: who put it compares', async () => {
    fake.next(is('upload', 'POST'), { kind: 'lose', error: reset });

    await expect(store.put(K, X, { ifAbsent: true })).resolves.toBe('exists');
    expect(holds()).toEqual(X);
  });

  it.each(['', '/upload/o?upload_id=SECRET', 'upload_id=SECRET'])(
    'whose session has the odd address %j fails without showing it',
    async (location) => {
      const file = (name: string): GcsFile => {
        const inner = fake.bucket.file(name);
        return {
          ...inner,
          request: (options, callback) =>
            inner.request(options, (error, body) => callback(error, body, { statusCode: 200, headers: { location } })),
        };
      };

      const error = await opened({ ...fake.bucket, file })
        .put(K, patterned(PART + 1), { ifAbsent: true })
        .catch((thrown: unknown) => thrown);

      expect(error).toMatchObject({ name: 'GcsError', code: 'no session' });
      expect(inspect(error, { depth: Infinity, showHidden: true })).not.toContain('SECRET');
    },
  );

  it('of a stream that fits into a part opens no session', async () => {
    await expect(store.put(K, inChunks(patterned(PART)), { ifAbsent: true })).resolves.toBe('created');

    expect(fake.requests.map(({ what }) => what)).toEqual(['upload']);
  });
});

describe('a put in a session', () => {
  const BODY = patterned(3 * PART + 5);
  const ranges = (): (string | undefined)[] => sent('session', 'PUT').map(({ headers }) => headers['Content-Range']);

  it('makes the object with the last of its parts of 8 MiB', async () => {
    await expect(store.put(K, inChunks(BODY), { ifAbsent: true })).resolves.toBe('created');

    const end = BODY.length;
    expect(ranges()).toEqual([
      `bytes 0-${PART - 1}/*`,
      `bytes ${PART}-${2 * PART - 1}/*`,
      `bytes ${2 * PART}-${3 * PART - 1}/*`,
      `bytes ${3 * PART}-${end - 1}/${end}`,
    ]);
    expect(holds()?.equals(BODY)).toBe(true);
  });

  it('of whole parts ends with a whole part', async () => {
    await store.put(K, inChunks(patterned(2 * PART)), { ifAbsent: true });

    expect(ranges()).toEqual([`bytes 0-${PART - 1}/*`, `bytes ${PART}-${2 * PART - 1}/${2 * PART}`]);
  });

  const fates: [string, GcsFate][] = [
    ['refused for now', { kind: 'fail', error: busy }],
    ['reset', { kind: 'fail', error: reset }],
    ['applied, and its answer lost', { kind: 'lose', error: reset }],
    ['kept in part', { kind: 'keep', bytes: 256 * 1024 }],
    ['not kept', { kind: 'keep', bytes: 0 }],
  ];
  it.each(fates.flatMap(([what, fate]) => [1, 2, 4].map((part) => [what, part, fate] as const)))(
    'goes on where a request was %s (part %d)',
    async (_what, part, fate) => {
      let at = 0;
      fake.next((one) => is('session', 'PUT')(one) && (at += 1) === part, fate);

      await expect(store.put(K, inChunks(BODY), { ifAbsent: true })).resolves.toBe('created');

      expect(holds()?.equals(BODY)).toBe(true);
    },
  );

  it('gives a server that keeps little at a time what is left', async () => {
    fake.next(is('session', 'PUT'), { kind: 'keep', bytes: 2 ** 20 }, 20);

    await expect(store.put(K, inChunks(BODY), { ifAbsent: true })).resolves.toBe('created');

    expect(holds()?.equals(BODY)).toBe(true);
    expect(sent('session', 'PUT')).toHaveLength(22);
  });

  it('that could not be opened is opened again', async () => {
    fake.next(is('session', 'POST'), { kind: 'fail', error: busy }, 3);

    await expect(store.put(K, BODY, { ifAbsent: true })).resolves.toBe('created');
  });

  it('whose object came to be unheard says that it exists', async () => {
    let first = 0;
    const last = (one: GcsSent): boolean => /\/\d+$/.test(one.headers['Content-Range'] ?? '');
    fake.next((one) => last(one) && (first += 1) === 1, { kind: 'lose', error: reset });
    fake.next(last, { kind: 'fail', error: apiError(410, 'gone') });

    await expect(store.put(K, BODY, { ifAbsent: true })).resolves.toBe('exists');
    expect(holds()?.equals(BODY)).toBe(true);
  });

  it('whose object did not come to be fails', async () => {
    let first = 0;
    const last = (one: GcsSent): boolean => /\/\d+$/.test(one.headers['Content-Range'] ?? '');
    fake.next((one) => last(one) && (first += 1) === 1, { kind: 'fail', error: reset });
    fake.next(last, { kind: 'fail', error: apiError(410, 'gone') });

    await expect(store.put(K, BODY, { ifAbsent: true })).rejects.toMatchObject({ status: 410 });
  });

  it.each([
    ['fails for good', { kind: 'fail', error: apiError(403, 'forbidden') }, 403],
    ['fails again and again', { kind: 'fail', error: busy }, 503],
  ] as const)('that %s leaves neither an object nor a session', async (_what, fate, status) => {
    fake.next(is('session', 'PUT'), fate, 100);

    await expect(store.put(K, inChunks(BODY), { ifAbsent: true })).rejects.toMatchObject({ name: 'GcsError', status });

    expect([fake.objects.size, fake.sessions.size]).toEqual([0, 0]);
  });

  it('whose source breaks leaves neither an object nor a session', async () => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield* inChunks(patterned(PART + 1));
      throw new Error('the source broke');
    }

    await expect(store.put(K, broken(), { ifAbsent: true })).rejects.toThrow('the source broke');

    expect([fake.objects.size, fake.sessions.size]).toEqual([0, 0]);
  });

  it('that is aborted between parts, or in the middle of one, leaves neither an object nor a session', async () => {
    for (const hang of [false, true]) {
      const controller = new AbortController();
      let stopped = false;
      const source = async function* (): AsyncGenerator<Uint8Array> {
        try {
          yield* inChunks(patterned(PART + 1));
          if (hang) yield* inChunks(patterned(PART));
          controller.abort(new Error('enough'));
          yield Promise.resolve(X);
        } finally {
          stopped = true;
        }
      };
      if (hang) fake.next(is('session', 'PUT'), { kind: 'lose', error: reset }, 2);
      const outcome = expect(store.put(K, source(), { ifAbsent: true, signal: controller.signal })).rejects.toThrow('enough');
      await outcome;
      await until(() => stopped);

      expect([fake.objects.size, fake.sessions.size]).toEqual([0, 0]);
    }
  });

  it('deletes an object that is not what was sent, that one only', async () => {
    const { bucket } = fake;
    const changed = (file: GcsFile): GcsFile => ({
      ...file,
      request: (options, callback) =>
        file.request(options, (error, body, response) =>
          callback(error, body !== undefined && options.method === 'PUT' ? { ...body, crc32c: 'AAAAAA==' } : body, response),
        ),
    });
    const damaging = opened({ ...bucket, file: (name, options) => changed(bucket.file(name, options)) });

    await expect(damaging.put(K, BODY, { ifAbsent: true })).rejects.toMatchObject({ code: 'checksum mismatch' });

    expect(sent('object', 'DELETE')).toMatchObject([{ qs: { ifGenerationMatch: expect.any(String) } }]);
    expect(fake.objects.size).toBe(0);
  });
});
