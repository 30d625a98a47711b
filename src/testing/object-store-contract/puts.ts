import assert from 'node:assert/strict';
import { systemClock } from '../../async/clock.ts';
import { retry } from '../../async/retry.ts';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { all, bytes, filled, keys, objectOf, put, read, type Trial } from './case.ts';

/** Putting an object: whole or not at all, and once. */

const K = objectOf('k');
const BODIES: readonly (readonly [string, Uint8Array])[] = [
  ['an empty object', new Uint8Array()],
  ['an object of every byte', Uint8Array.from({ length: 256 }, (_, index) => index)],
  ['an object of 3 MiB and a byte', filled(3 * 2 ** 20 + 1, 7)],
];

/** The cases. */
export function puts({ atomicCreate }: { atomicCreate: boolean }): readonly Trial[] {
  return [
    ...BODIES.map(([name, body]): Trial => [
      `${name} comes back as it was put`,
      async (store) => {
        assert.equal(await put(store, K, body), 'created');
        const found = await store.get(K);
        assert.ok(found instanceof Uint8Array);
        assert.equal(Buffer.compare(found, body), 0);
      },
    ]),
    ['an object is a copy: what the writer and the readers do to their bytes does not reach it', isACopy],
    [
      'an object is put in chunks',
      async (store) => {
        await put(store, K, chunks('a', '', 'bc'));
        assert.equal(await read(store, K), 'abc');
      },
    ],
    [
      'an object is replaced whole if that is asked for',
      async (store) => {
        await put(store, K, 'a long one');
        assert.equal(await store.put(K, bytes('short'), { ifAbsent: false }), 'created');
        assert.equal(await read(store, K), 'short');
      },
    ],
    ['readers see an object old or new while it is replaced, never a part of it', seenWhole],
    [
      'an object that must be absent stays unchanged if it exists',
      async (store) => {
        await put(store, K, 'first');
        assert.equal(await put(store, K, 'second'), 'exists');
        assert.equal(await read(store, K), 'first');
      },
    ],
    ['one of many that make the same object wins', (store) => oneWinner(store, atomicCreate)],
    [
      'a put leaves nothing when the source of the bytes fails',
      async (store) => {
        await assert.rejects(put(store, K, broken()), /the source broke/);
        assert.equal(await store.get(K), undefined);
        assert.deepEqual(await keys(store), []);
      },
    ],
    ['a put leaves nothing when it is aborted while the source hangs, and tells the source to stop', aborted],
  ];
}

async function* chunks(...texts: string[]): AsyncGenerator<Uint8Array> {
  for (const text of texts) yield Promise.resolve(bytes(text));
}

async function* broken(): AsyncGenerator<Uint8Array> {
  yield* chunks('part');
  throw new Error('the source broke');
}

async function isACopy(store: ObjectStore): Promise<void> {
  const body = bytes('abc');
  await put(store, K, body);
  body.fill(0);
  (await store.get(K))?.fill(1);
  assert.equal(await read(store, K), 'abc');
}

async function seenWhole(store: ObjectStore): Promise<void> {
  const objects = Array.from({ length: 11 }, (_, round) => Buffer.from(filled(2 ** 20, round)));
  await put(store, K, objects[0] as Buffer);
  let writing = true;
  const reader = async (): Promise<void> => {
    while (writing) {
      const found = (await store.get(K)) ?? new Uint8Array();
      assert.ok(objects[found[0] ?? 0]?.equals(found), 'a reader saw parts of two objects');
    }
  };
  const readers = Promise.all([reader(), reader()]);
  try {
    for (const object of objects.slice(1)) await store.put(K, object, { ifAbsent: false });
  } finally {
    writing = false;
    await readers;
  }
}

async function oneWinner(store: ObjectStore, atomicCreate: boolean): Promise<void> {
  const writers = Array.from({ length: 20 }, (_, writer) => `of ${writer}`);
  const outcomes = await Promise.all(writers.map((text) => put(store, K, text)));
  const winners = writers.filter((_, writer) => outcomes[writer] === 'created');
  if (atomicCreate) assert.equal(winners.length, 1);
  // A server that refuses a put before it has read the body may take the rest of it for the next request of the connection.
  const asked = <T>(ask: () => Promise<T>): Promise<T> =>
    retry({ clock: systemClock, pause: { first: 10 }, tries: atomicCreate ? 1 : 10, passes: () => true }, ask);
  const text = await asked(() => read(store, K));
  assert.ok(winners.some((winner) => winner === text));
  assert.deepEqual(await asked(() => keys(store)), [K]);
}

async function aborted(store: ObjectStore): Promise<void> {
  const controller = new AbortController();
  let asked = 0;
  let stopped = false;
  let hangs = (): void => undefined;
  const hanging = new Promise<void>((resolve) => {
    hangs = resolve;
  });
  const source: AsyncIterable<Uint8Array> = {
    [Symbol.asyncIterator]: () => ({
      next() {
        asked += 1;
        if (asked === 1) return Promise.resolve({ value: bytes('part'), done: false });
        hangs();
        return new Promise<never>(() => undefined);
      },
      return() {
        stopped = true;
        return Promise.resolve({ value: undefined, done: true });
      },
    }),
  };
  const rejected = assert.rejects(store.put(K, source, { ifAbsent: true, signal: controller.signal }), /enough/);
  await Promise.race([hanging, rejected]);
  controller.abort(new Error('enough'));
  await rejected;
  assert.ok(stopped, 'the source was not told to stop');
  assert.deepEqual(await all(store.list('')), []);
}
