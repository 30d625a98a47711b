import { describe, expect, it } from '@jest/globals';
import { doctor, type Finding } from '../../../../src/index.ts';
import { goesInParts } from '../../../../src/object-store/in-parts.ts';
import type { ObjectStore } from '../../../../src/object-store/object-store.ts';
import { createStateStore } from '../../../../src/state-store/create-state-store.ts';
import { memoryMetastore, memoryObjectStore } from '../../../../src/testing.ts';

/** What clean-up needs is found out before clean-up fails. */

const refused = (): never => {
  throw new Error('refused');
};

async function examined(change: (inner: ObjectStore) => Partial<ObjectStore>): Promise<{ bad: Finding[]; left: string[] }> {
  const inner = memoryObjectStore();
  await using store = createStateStore({ metastore: memoryMetastore(), objectStore: { ...inner, ...change(inner) } });
  const findings = await doctor(store);
  const left: string[] = [];
  for await (const { key } of inner.list('')) left.push(key);
  return { bad: findings.filter(({ level, check }) => level !== 'ok' && check !== 'persistence'), left };
}

/** A listing in another order. */
const sorted =
  (order: (a: string, b: string) => number) =>
  (inner: ObjectStore): Partial<ObjectStore> => ({
    async *list(prefix, options) {
      const all = [];
      for await (const found of inner.list(prefix, options)) all.push(found);
      yield* all.toSorted((a, b) => order(a.key, b.key));
    },
  });

describe.each<[string, string, RegExp, (inner: ObjectStore) => Partial<ObjectStore>]>([
  [
    'a server that does not mind case',
    'listing-order',
    /sorts by bytes/,
    sorted((a, b) => (a.toLowerCase() < b.toLowerCase() ? -1 : 1)),
  ],
  [
    'a server that sorts folder by folder',
    'listing-order',
    /sorts by bytes/,
    sorted((a, b) => (a.replaceAll('/', '\0') < b.replaceAll('/', '\0') ? -1 : 1)),
  ],
  [
    'names that are too long',
    'longest-name',
    /Shorten the prefix/,
    (inner) => ({ put: async (key, ...rest) => (key.length > 800 ? refused() : inner.put(key, ...rest)) }),
  ],
  [
    'no uploads in parts',
    'upload-in-parts',
    /raise partSize/,
    (inner) => ({ put: async (key, body, options) => (goesInParts(options) ? refused() : inner.put(key, body, options)) }),
  ],
  [
    'uploads in parts under short names only',
    'upload-in-parts',
    /raise partSize/,
    (inner) => ({
      put: async (key, body, options) => (goesInParts(options) && key.length > 200 ? refused() : inner.put(key, body, options)),
    }),
  ],
  [
    'no deletes of several objects',
    'delete-many',
    /Allow deletes/,
    (inner) => ({
      delete: async (keys, options) =>
        keys.length > 1 ? keys.map((key) => ({ key, error: refused })) : inner.delete(keys, options),
    }),
  ],
  ['no listing of uploads', 'unfinished-uploads', /s3:ListBucketMultipartUploads/, () => ({ unfinished: refused })],
])('of %s', (_what, check, remedy, change) => {
  it('a remedy of its own is told', async () => {
    const { bad } = await examined(change);

    expect(bad).toEqual([expect.objectContaining({ level: 'error', check, remedy: expect.stringMatching(remedy) })]);
  });
});

it('leaves nothing behind', async () => {
  const { bad, left } = await examined(() => ({}));

  expect(bad).toEqual([]);
  expect(left).toEqual([]);
});
