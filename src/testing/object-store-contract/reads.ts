import assert from 'node:assert/strict';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { all, bytes, filled, keys, objectOf, put, read, type Trial } from './case.ts';

/** Reading an object: whole, as a stream, and in part. Only a missing object is `undefined`. */

const K = objectOf('k');
const LIMITS: readonly (readonly [end: number, text: string])[] = [
  [0, ''],
  [2, 'ab'],
  [3, 'abc'],
  [99, 'abc'],
];
const RANGES: readonly (readonly [range: { start?: number; end?: number }, text: string])[] = [
  [{ start: 2 }, 'cdefghij'],
  [{ end: 2 }, 'ab'],
  [{ start: 2, end: 5 }, 'cde'],
  [{ start: 9, end: 10 }, 'j'],
  [{ start: 3, end: 3 }, ''],
  [{ start: 8, end: 99 }, 'ij'],
  [{ start: 10 }, ''],
  [{ start: 99 }, ''],
];
const NO_RANGES: readonly (readonly [range: { start?: number; end?: number }, option: string])[] = [
  [{ start: -1 }, 'start'],
  [{ start: 1.5 }, 'start'],
  [{ start: Number.NaN }, 'start'],
  [{ start: 3, end: 2 }, 'end'],
  [{ end: Number.POSITIVE_INFINITY }, 'end'],
];

/** The cases. */
export const READS: readonly Trial[] = [
  ['a missing object is undefined, and so is one below an object or above one', missing],
  ...LIMITS.map(([end, text]): Trial => [
    `an object of which the bytes from ${end} on are not wanted is read up to there`,
    async (store) => {
      await put(store, K, 'abc');
      assert.equal(new TextDecoder().decode(await store.get(K, { end })), text);
      assert.equal(await store.get(objectOf('missing'), { end }), undefined);
    },
  ]),
  [
    'a stream yields the whole object',
    async (store) => {
      const body = Uint8Array.from({ length: 200_001 }, (_, index) => index % 251);
      await put(store, K, body);
      assert.equal(Buffer.compare(await streamed(store), body), 0);
    },
  ],
  ...RANGES.map(([range, text]): Trial => [
    `a stream of the range ${JSON.stringify(range)} yields '${text}'`,
    async (store) => {
      await put(store, K, 'abcdefghij');
      assert.equal(String(await streamed(store, range)), text);
    },
  ]),
  ...NO_RANGES.map(([range, option]): Trial => [
    `a stream refuses the range from ${range.start} to ${range.end} by the name of the option`,
    async (store) => {
      await put(store, K, 'abc');
      await assert.rejects(store.getStream(K, range), { code: 'mooring.config', option });
    },
  ]),
  ['a stream that is left early lets the object be deleted', leftEarly],
  ['a stream ends when the signal aborts', stopped],
];

async function streamed(store: ObjectStore, range: { start?: number; end?: number } = {}): Promise<Buffer> {
  const stream = await store.getStream(K, range);
  assert.ok(stream, 'the object is missing');
  return Buffer.concat(await all(stream));
}

async function missing(store: ObjectStore): Promise<void> {
  await put(store, K, bytes('abc'));
  for (const key of [objectOf('k', '2.json'), objectOf('other'), 'default/films/2026-11-22/transcode/-1']) {
    assert.equal(await store.get(key), undefined);
    assert.equal(await store.getStream(key), undefined);
  }
  assert.equal(await read(store, K), 'abc');
}

async function leftEarly(store: ObjectStore): Promise<void> {
  await put(store, K, filled(300_000, 1));
  for await (const chunk of (await store.getStream(K)) ?? []) {
    assert.ok(chunk.length > 0);
    break;
  }
  assert.deepEqual(await store.delete([K]), []);
  assert.deepEqual(await keys(store), []);
}

async function stopped(store: ObjectStore): Promise<void> {
  const controller = new AbortController();
  await put(store, K, filled(300_000, 1));
  const stream = (await store.getStream(K, { signal: controller.signal })) as AsyncIterable<Uint8Array>;
  controller.abort(new Error('enough'));
  await assert.rejects(all(stream), /enough/);
}
