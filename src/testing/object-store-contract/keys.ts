import assert from 'node:assert/strict';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { all, bytes, codes, keys, objectOf, put, read, type Trial } from './case.ts';

/** Calls that a store must refuse: keys outside the grammar, and any call whose signal has aborted. */

const OTHER_FORMS = [
  "v0/d/sha256/0a!-_.*'()",
  'one',
  'v0/ns/a/wt/b/wi/..c/ri/null/d/sha256/0a',
  Array.from('abcdefghijklmnop').join('/'),
];
const REFUSED = [
  '',
  '..',
  '.',
  'v0/..',
  '..%2F/..',
  '~/../*',
  Array.from('abcdefghijklmnopq').join('/'),
  '../../../../etc/passwd',
  'a/b/../d/e',
  'a/b/./d/e',
  '/a/b/c/d/e',
  'a/b/c/d//e',
  'a/b/c/d/e/',
  'a/b/c/d/e\0',
  'a/b/c/d/e f',
  'a/b/c/d/%2f',
  'a/b/c/d/é',
  'a\\b/c/d/e/f',
  `a/b/c/d/${'x'.repeat(900)}`,
];

/** The cases. */
export const KEY_CASES: readonly Trial[] = [
  ...OTHER_FORMS.map((key): Trial => [
    `an object of another form is kept under ${key}, and listed among no values`,
    async (store) => {
      assert.equal(await put(store, key, 'x'), 'created');
      assert.equal(await put(store, key, 'y'), 'exists');
      assert.equal(await read(store, key), 'x');
      assert.deepEqual(await keys(store), []);
      assert.deepEqual(await store.delete([key]), []);
      assert.equal(await store.get(key), undefined);
    },
  ]),
  ...REFUSED.map((key): Trial => [
    `the key ${JSON.stringify(key.slice(0, 40))} (${key.length}), which the grammar does not make, is refused`,
    async (store) => {
      const refusal = { code: 'mooring.invalid-key' };
      await assert.rejects(put(store, key, 'x'), refusal);
      await assert.rejects(store.get(key), refusal);
      await assert.rejects(store.getStream(key), refusal);
      assert.deepEqual(codes(await store.delete([key])), [[key, refusal.code]]);
      assert.deepEqual(await keys(store), []);
    },
  ]),
  ['nothing is done under a signal that has aborted', tooLate],
];

async function tooLate(store: ObjectStore): Promise<void> {
  const K = objectOf('k');
  await put(store, K, 'abc');
  const signal = AbortSignal.abort(new Error('too late'));
  const acts: readonly (() => Promise<unknown>)[] = [
    () => store.put(objectOf('new'), bytes('x'), { ifAbsent: true, signal }),
    () => store.get(K, { signal }),
    () => store.getStream(K, { signal }),
    () => store.delete([K], { signal }),
    () => all(store.list('', { signal })),
  ];
  for (const act of acts) await assert.rejects(act, /too late/);
  assert.deepEqual(await keys(store), [K]);
}
