import { beforeEach, describe, expect, it } from '@jest/globals';
import { systemClock } from '../../../../src/async/clock.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { all, describeObjectStore, objectOf, type OpenedObjectStore } from '../../../contract/object-store.ts';
import { apiError, fakeBucket, withoutPauses, type FakeBucket, type GcsSent } from '../../../support/gcs-bucket.ts';
import { until } from '../../../support/until.ts';

const AT = Date.UTC(2026, 10, 22);
const PART = 8 * 2 ** 20;
const K = objectOf('k');
const busy = apiError(503, 'backendError');
const reset = Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });

let fake: FakeBucket;
let store: ObjectStore;

beforeEach(() => {
  fake = fakeBucket();
  store = gcsObjectStoreOf(withoutPauses, { bucket: fake.bucket });
});

const media = ({ what }: GcsSent): boolean => what === 'media';
const sent = (what: string): GcsSent[] => fake.requests.filter((request) => request.what === what);
const patterned = (length: number): Buffer => Buffer.alloc(length, Buffer.from(Array.from({ length: 251 }, (_, index) => index)));
const stored = (name: string, bytes: Buffer, generation = 7): void =>
  void fake.objects.set(name, { bytes, generation, metadata: {}, at: AT });

describe('the object store of a bucket in memory', () => {
  const open = (): OpenedObjectStore => {
    const { bucket } = fakeBucket();
    return { store: gcsObjectStoreOf(withoutPauses, { bucket, prefix: 'a/b' }) };
  };
  describeObjectStore({ open });
});

describe('a store', () => {
  it('names bucket with prefix in its own alias', async () => {
    const { bucket } = fake;
    const below = gcsObjectStoreOf(withoutPauses, { bucket, prefix: 'job/state' });

    expect([store.alias, below.alias]).toEqual(['gs:vault/', 'gs:vault/job/state/']);
  });

  it('keeps below its prefix', async () => {
    const { bucket } = fake;
    const below = gcsObjectStoreOf(withoutPauses, { bucket, prefix: 'job/state' });
    stored(`job/state/${K}`, Buffer.from('mine'));
    stored(`job/state/no/key`, Buffer.from('of another'));
    stored(K, Buffer.from('not mine'));

    await expect(below.get(K)).resolves.toEqual(Buffer.from('mine'));
    await expect(all(below.list(''))).resolves.toEqual([{ key: K, size: 4, modifiedAt: new Date(AT) }]);
    await expect(below.delete([K])).resolves.toEqual([]);
    expect([...fake.objects.keys()].sort()).toEqual([K, 'job/state/no/key']);
  });
});

describe('reading', () => {
  it.each([0, 1, PART - 1, PART, PART + 1, 5 * PART + 3])('%d bytes asks for each part once', async (length) => {
    stored(K, patterned(length));

    const found = (await store.get(K)) as Uint8Array;

    expect(Buffer.compare(found, patterned(length))).toBe(0);
    expect(sent('media')).toHaveLength(Math.max(1, Math.ceil(length / PART)));
  });

  it.each([
    [{}, 4],
    [{ start: 5, end: PART }, 1],
    [{ start: 5, end: 5 + PART }, 1],
    [{ start: PART - 1, end: 2 * PART + 4 }, 2],
    [{ start: 3 * PART + 1, end: 9 * PART }, 1],
  ])('a stream of the range %j takes %d requests', async (range: { start?: number; end?: number }, requests) => {
    const body = patterned(3 * PART + 3);
    stored(K, body);

    const chunks = await all((await store.getStream(K, range)) as AsyncIterable<Uint8Array>);

    expect(Buffer.compare(Buffer.concat(chunks), body.subarray(range.start, range.end))).toBe(0);
    expect(sent('media')).toHaveLength(requests);
  });

  it('a stream asks for the next part only when it is wanted', async () => {
    stored(K, patterned(3 * PART));
    const chunks = (await store.getStream(K)) as AsyncIterable<Uint8Array>;

    for await (const chunk of chunks) {
      expect(chunk.length).toBe(PART);
      break;
    }

    expect(sent('media')).toHaveLength(1);
  });

  it.each([
    ['was busy', { kind: 'fail', error: busy }],
    ['hung up', { kind: 'fail', error: reset }],
    ['hung up in the middle', { kind: 'lose', error: reset }],
    ['sent too little', { kind: 'keep', bytes: 3 }],
  ] as const)('is tried again when the server %s, three times', async (_what, fate) => {
    stored(K, Buffer.from('abcdef'));
    fake.next(media, fate, 3);
    await expect(store.get(K)).resolves.toEqual(Buffer.from('abcdef'));

    fake.next(media, fate, 4);
    await expect(store.get(K)).rejects.toMatchObject({ name: 'GcsError', operation: 'objects.get' });
    expect(sent('media')).toHaveLength(8);
  });

  it.each([400, 401, 403, 409])('is not tried again after a refusal (%d)', async (status) => {
    stored(K, Buffer.from('abc'));
    fake.next(media, { kind: 'fail', error: apiError(status, 'refused') });

    await expect(store.get(K)).rejects.toMatchObject({ name: 'GcsError', status });
    expect(sent('media')).toHaveLength(1);
  });

  it('an object that is replaced meanwhile fails: its parts would be of two', async () => {
    stored(K, patterned(2 * PART));
    const chunks = ((await store.getStream(K)) as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    await chunks.next();
    stored(K, patterned(2 * PART), 8);

    await expect(chunks.next()).rejects.toThrow('changed while it was read');
  });

  it('does not wait for a pause when the signal aborts', async () => {
    const controller = new AbortController();
    const slow = gcsObjectStoreOf({ ...withoutPauses, clock: systemClock }, { bucket: fake.bucket });
    fake.next(media, { kind: 'fail', error: busy });
    const found = expect(slow.get(K, { signal: controller.signal })).rejects.toThrow('enough');
    await until(() => fake.requests.length === 1);
    controller.abort(new Error('enough'));

    await found;

    expect(fake.requests).toHaveLength(1);
  });
});

describe('a bucket that is not there', () => {
  beforeEach(() => {
    fake.exists = false;
  });

  it.each<[string, () => Promise<unknown>]>([
    ['get', () => store.get(K)],
    ['getStream', () => store.getStream(K)],
    ['put', () => store.put(K, Buffer.from('x'), { ifAbsent: true })],
    ['a replacing put', () => store.put(K, Buffer.from('x'), { ifAbsent: false })],
    ['a large put', () => store.put(K, patterned(PART + 1), { ifAbsent: true })],
    ['list', () => all(store.list(''))],
  ])('is not a missing object (%s)', async (_what, act) => {
    await expect(act()).rejects.toThrow(/bucketNotFound.*Check the name of the bucket/);
  });

  it('is the reason why nothing is deleted', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => objectOf(`k${index}`));

    const failed = await store.delete(keys);

    expect(failed.map(({ key }) => key)).toEqual(keys);
    expect(failed[0]?.error).toMatchObject({ name: 'GcsError', code: 'bucketNotFound', status: 404 });
    expect(sent('list')).toHaveLength(1);
  });

  it('or that nobody may ask for, is no missing object', async () => {
    fake.exists = true;
    fake.next(({ what }) => what === 'list', { kind: 'fail', error: apiError(403, 'forbidden') });

    await expect(store.get(K)).rejects.toThrow('storage.objects.list');
  });
});

describe('deleting', () => {
  it('asks whether the bucket is there once for all objects that were missing', async () => {
    await expect(store.delete(Array.from({ length: 40 }, (_, index) => objectOf(`k${index}`)))).resolves.toEqual([]);

    expect(sent('object')).toHaveLength(40);
    expect(sent('list')).toHaveLength(1);
  });

  it('sends 16 requests at a time', async () => {
    const keys = Array.from({ length: 40 }, (_, index) => objectOf(`k${index}`));
    const controller = new AbortController();
    fake.next(() => true, { kind: 'hang' }, 40);
    const deleted = expect(store.delete(keys, { signal: controller.signal })).rejects.toThrow('enough');
    await until(() => fake.requests.length >= 16);
    controller.abort(new Error('enough'));
    await deleted;

    expect(fake.requests).toHaveLength(16);
  });

  it('names the keys that still failed after the tries', async () => {
    const keys = ['a', 'b', 'c'].map((name) => objectOf(name));
    for (const key of keys) stored(key, Buffer.from('x'));
    fake.next(({ name }) => name === keys[0], { kind: 'lose', error: reset }, 1);
    fake.next(({ name }) => name === keys[1], { kind: 'fail', error: busy }, 4);

    const failed = await store.delete(keys);

    expect(failed).toEqual([{ key: keys[1], error: expect.objectContaining({ code: 'backendError', status: 503 }) }]);
    expect([...fake.objects.keys()]).toEqual([keys[1]]);
  });
});

describe('a listing', () => {
  it('fails whole when a page of it fails', async () => {
    for (let index = 0; index < 1_001; index += 1) stored(objectOf('k', `${index}.json`), Buffer.from('x'));
    fake.next(({ qs }) => qs['pageToken'] !== '', { kind: 'fail', error: apiError(403, 'forbidden') });

    await expect(all(store.list(''))).rejects.toMatchObject({ name: 'GcsError', operation: 'objects.list' });
    expect(sent('list')).toHaveLength(2);
  });
});
