import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Timer } from '../../../../src/async/deadline.ts';
import { gcsObjectStoreOf } from '../../../../src/object-store/gcs/store.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { all, objectOf } from '../../../contract/object-store.ts';
import { apiError, fakeBucket, withoutPauses, type FakeBucket, type GcsSent } from '../../../support/gcs-bucket.ts';

/** A client may never call back: 7.x does not where an answer breaks off in its middle. No call of the store hangs with it. */

const K = objectOf('k');
const X = Buffer.from('x');
const LARGE = Buffer.alloc(9 * 2 ** 20, 'abc');

let fake: FakeBucket;
let store: ObjectStore;
let waits: number[];

/** Lets the time for an answer pass in a moment. */
const hurried: Timer = (ms, fire) => {
  if (ms >= 10_000) waits.push(ms);
  const handle = setTimeout(fire, 200);
  return () => clearTimeout(handle);
};

beforeEach(() => {
  fake = fakeBucket();
  waits = [];
  store = gcsObjectStoreOf({ ...withoutPauses, timer: hurried }, { bucket: fake.bucket });
});

const is =
  (what: string, method: string) =>
  (sent: GcsSent): boolean =>
    sent.what === what && sent.method === method;

describe('an answer that never comes is asked for again', () => {
  it.each<[string, ReturnType<typeof is>, () => Promise<unknown>, unknown]>([
    ['a put', is('upload', 'POST'), () => store.put(K, X, { ifAbsent: true }), 'created'],
    ['what a put replaces', is('object', 'GET'), () => store.put(K, X, { ifAbsent: false }), 'created'],
    ['a session', is('session', 'POST'), () => store.put(K, LARGE, { ifAbsent: true }), 'created'],
    ['a part', is('session', 'PUT'), () => store.put(K, LARGE, { ifAbsent: true }), 'created'],
    ['a delete', is('object', 'DELETE'), () => store.delete([K]), []],
    ['a page', is('list', 'GET'), () => all(store.list('')), []],
    ['the rules', is('bucket', 'GET'), async () => store.rules?.(''), { deleting: [] }],
  ])('of %s', async (_what, match, act, expected) => {
    fake.next(match, { kind: 'hang' });

    await expect(act()).resolves.toEqual(expected);

    expect(fake.requests.filter(match).length).toBeGreaterThan(1);
  });

  it('and in the end is an error, with the time for a body that goes with it', async () => {
    fake.next(() => true, { kind: 'hang' }, 99);

    await expect(store.put(K, X, { ifAbsent: true })).rejects.toMatchObject({ name: 'GcsError', code: 'ETIMEDOUT' });
    await expect(store.put(K, LARGE.subarray(0, 8 * 2 ** 20), { ifAbsent: true })).rejects.toMatchObject({ code: 'ETIMEDOUT' });

    expect(waits.map(Math.round)).toEqual([...Array<number>(4).fill(10_000), ...Array<number>(4).fill(74_000)]);
  });
});

describe('an address that nobody answers at, while the client tries on by itself', () => {
  const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

  it.each<[string, ReturnType<typeof is>, () => Promise<unknown>]>([
    ['a read', is('media', 'GET'), () => store.get(K)],
    ['a stream', is('media', 'GET'), () => store.getStream(K)],
    ['a listing', is('list', 'GET'), () => all(store.list(''))],
  ])('is the reason why %s fails', async (_what, match, act) => {
    // An answer has all its time.
    const timer: Timer = (ms, fire) => (ms >= 10_000 ? () => undefined : hurried(ms, fire));
    store = gcsObjectStoreOf({ ...withoutPauses, timer }, { bucket: fake.bucket });
    fake.next(match, { kind: 'hang' }, 99);
    fake.next(is('object', 'GET'), { kind: 'fail', error: refused }, 99);

    await expect(act()).rejects.toMatchObject({ name: 'GcsError', code: 'ECONNREFUSED' });

    // The client cannot be stopped, so nothing more is asked of it.
    expect(fake.requests.filter(match)).toHaveLength(1);
    expect(fake.requests.filter(is('object', 'GET'))).toHaveLength(4);
  });

  it.each([
    ['a refusal', apiError(403, 'forbidden')],
    ['a missing object', apiError(404, 'notFound')],
    ['an error of the server', apiError(503, 'backendError')],
  ])('is not one that answers with %s', async (_what, error) => {
    fake.next(is('list', 'GET'), { kind: 'hang' });
    fake.next(is('object', 'GET'), { kind: 'fail', error }, 99);

    await expect(all(store.list(''))).resolves.toEqual([]);

    expect(fake.requests.filter(is('object', 'GET'))).not.toHaveLength(0);
  });
});
