import assert from 'node:assert/strict';
import type { ObjectStore } from '../../object-store/object-store.ts';
import { all, codes, keys, objectOf, put, read, type Trial } from './case.ts';

/** Listing and deleting: exactly what is named, however much it is. */

const NAMES = ['a', 'a-b', 'a.b', 'A', 'a~', 'a0', 'ab', 'a%2Fb', 'result=a', 'b', '_'];
const KEYS = NAMES.map((name) => objectOf(name)).toSorted();
const ABOVE = 'default/films/2026-11-22/transcode/-1';
const PREFIXES = [
  'default/',
  'default',
  'def',
  `${ABOVE}/a`,
  `${ABOVE}/a/`,
  `${ABOVE}/a%`,
  objectOf('a', ''),
  objectOf('a'),
  `${objectOf('a')}x`,
  'other/',
  `${ABOVE}/a/1.json/x`,
];
const NO_PREFIXES = ['../', '/', 'a/../b', 'a//b', './a/', 'a b', 'a\0'];

/** The cases. */
export function lists({ manyObjects }: { manyObjects: number }): readonly Trial[] {
  return [
    ['a listing is in the order of the bytes, with sizes and times', inOrder],
    ...PREFIXES.map((prefix): Trial => [
      `a listing of the prefix ${prefix} has the keys that begin with it`,
      async (store) => {
        for (const key of KEYS) await put(store, key, key);
        const expected = KEYS.filter((key) => key.startsWith(prefix));
        assert.deepEqual(await keys(store, prefix), expected);
      },
    ]),
    ...NO_PREFIXES.map((prefix): Trial => [
      `a listing refuses the prefix ${JSON.stringify(prefix)}`,
      (store) => assert.rejects(keys(store, prefix), { code: 'mooring.invalid-key' }),
    ]),
    ['a listing ends when the signal aborts', stopped],
    ['deleting takes what is named and nothing that looks like it; a missing object is no failure', deletesNamed],
    [`deleting takes ${manyObjects} keys, and once more the same`, (store) => deletesMany(store, manyObjects)],
    [
      'deleting reports what failed, with its reason, and does the rest',
      async (store) => {
        await put(store, objectOf('k'), 'abc');
        const failed = await store.delete(['../../etc/passwd', objectOf('k')]);
        assert.deepEqual(codes(failed), [['../../etc/passwd', 'mooring.invalid-key']]);
        assert.deepEqual(await keys(store), []);
      },
    ],
    ['deleting does not disturb others that put at the same time', undisturbed],
  ];
}

async function inOrder(store: ObjectStore): Promise<void> {
  const before = Date.now() - 2_000;
  for (const key of KEYS.toReversed()) await put(store, key, key);
  const listed = await all(store.list(''));
  assert.deepEqual(
    listed.map(({ key, size }) => [key, size]),
    KEYS.map((key) => [key, key.length]),
  );
  for (const { modifiedAt } of listed) assert.ok(modifiedAt.getTime() > before && modifiedAt.getTime() < Date.now() + 2_000);
}

async function stopped(store: ObjectStore): Promise<void> {
  for (const key of KEYS) await put(store, key, key);
  const controller = new AbortController();
  const listing = store.list('', { signal: controller.signal })[Symbol.asyncIterator]();
  await listing.next();
  controller.abort(new Error('enough'));
  await assert.rejects(Promise.resolve(listing.next()), /enough/);
}

async function deletesNamed(store: ObjectStore): Promise<void> {
  const kept = [objectOf('a'), objectOf('k', '10.json'), objectOf('ka')];
  for (const key of [...kept, objectOf('k')]) await put(store, key, key);
  assert.deepEqual(await store.delete([objectOf('k'), objectOf('never')]), []);
  assert.deepEqual(await keys(store), kept.toSorted());
}

async function deletesMany(store: ObjectStore, manyObjects: number): Promise<void> {
  const many = Array.from({ length: manyObjects }, (_, index) => objectOf(`k${index % 50}`, `${index}.json`));
  for (let at = 0; at < many.length; at += 40) await Promise.all(many.slice(at, at + 40).map((key) => put(store, key, 'x')));
  assert.equal((await keys(store)).length, manyObjects);
  assert.deepEqual(await store.delete(many), []);
  assert.deepEqual(await store.delete(many), []);
  assert.deepEqual(await keys(store), []);
}

async function undisturbed(store: ObjectStore): Promise<void> {
  const rounds = Array.from({ length: 60 }, async (_, index) => {
    const key = objectOf(`k${index % 3}`, `${index}.json`);
    await put(store, key, key);
    assert.equal(await read(store, key), key);
    return store.delete([key]);
  });
  assert.deepEqual((await Promise.all(rounds)).flat(), []);
  assert.deepEqual(await keys(store), []);
}
