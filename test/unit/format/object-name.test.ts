import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { codecExtension, objectName, parseObjectKey } from '../../../src/format/object-name.ts';
import { keyName, objectKey, resultName, scopePath } from '../../../src/format/path.ts';

const segment = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 100 }).filter((text) => text !== '.' && text !== '..');
const scope = fc.oneof(
  fc.record({ flow: segment, run: segment, task: segment }),
  fc.record({ flow: fc.constant('assets'), run: segment, task: segment, itemKey: segment }),
  fc.record({ name: segment }),
  fc.record({ uri: segment }),
);
const digits = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'.split('')), minLength: length, maxLength: length });
const id = fc.record({
  fence: digits(24),
  nonce: fc
    .tuple(fc.constantFrom('a', 't'), fc.string({ unit: fc.constantFrom(...'0129az'.split('')), minLength: 15, maxLength: 15 }))
    .map((parts) => parts.join('')),
  sequence: fc.integer({ min: 1, max: 9_999_999_999 }),
});
const form = fc.record({
  type: fc.constantFrom('json' as const, 'bytes' as const),
  codec: fc.constantFrom('none', 'gzip', 'snappy', 'brotli', 'zstd', 'xz', 'my-codec', '7z'),
  encrypted: fc.boolean(),
  framed: fc.boolean(),
});

describe('the key of an object', () => {
  it('says again what it was made of', () => {
    fc.assert(
      fc.property(scope, segment, fc.boolean(), id, fc.nat(9_999_999_999_999), form, (whose, key, result, write, time, made) => {
        const path = scopePath(whose);
        const name = result ? resultName(key) : keyName(key);
        const { codec, ...rest } = made;
        let text: string;
        try {
          text = objectKey('prod', path, name, objectName(write, time, made));
        } catch {
          return;
        }

        expect(parseObjectKey('prod', text)).toEqual({
          path,
          name,
          id: write,
          time,
          extension: codec === 'none' ? undefined : codecExtension(codec),
          form: rest,
        });
      }),
    );
  });

  it('I5 is none of a value, if it is of a store whose prefix is below the namespace', () => {
    const segments = fc.oneof(segment.map(keyName), fc.constantFrom('assets', '%61ssets', 'key=a', '7', '-1', 'uri=a'));
    const below = fc.array(segments, { maxLength: 4 });
    const names = fc.constantFrom({ name: '42' }, { name: '-1' }, { name: 'assets' });
    const property = fc.property(below, segments, fc.oneof(scope, names), segment, id, (prefix, namespace, whose, key, write) => {
      const object = objectName(write, 1, { type: 'json', codec: 'none', encrypted: false, framed: false });
      const inner = [...prefix, namespace, scopePath(whose), keyName(key), object].join('/');

      expect(parseObjectKey('prod', `prod/${inner}`)).toBeUndefined();
    });

    fc.assert(property, { numRuns: 2_000 });
  });

  const DIGEST = `sha256=${'0f'.repeat(32)}`;
  it.each([
    `${DIGEST}/r/t/key=${DIGEST}`,
    `f/${DIGEST}/${DIGEST}/7`,
    `assets/${DIGEST}`,
    `assets/uri=${DIGEST}`,
    'assets/doctor=',
  ])('below %s is of that path', (path) => {
    for (const name of ['k', DIGEST, `result=${DIGEST}`]) {
      expect(parseObjectKey('prod', `prod/${path}/${name}/${WRITE}.json`)).toMatchObject({ path, name });
    }
  });

  const WRITE = '000000000000000000000007-0000000001-a23456789abcdefg-1795363995114';
  it.each([
    ['of another namespace', `other/f/r/t/-1/k/${WRITE}.json`],
    ['of a namespace that looks alike', `prod2/f/r/t/-1/k/${WRITE}.json`],
    ['with too few segments', `prod/f/r/t/-1/${WRITE}.json`],
    ['with too many for an asset', `prod/assets/a/b/c/k/${WRITE}.json`],
    ['without a time', `prod/f/r/t/-1/k/${WRITE.slice(0, -14)}.json`],
    ['of an unknown type', `prod/f/r/t/-1/k/${WRITE}.txt`],
    ['with more endings than there are', `prod/f/r/t/-1/k/${WRITE}.json.gz.bz2`],
    ['that somebody copied', `prod/f/r/t/-1/k/${WRITE}.json.gz (copy)`],
    ['of an item that is none', `prod/f/r/t/catalogue/k/${WRITE}.json`],
    ['of an item before the first', `prod/f/r/t/-2/k/${WRITE}.json`],
    ['of an item with a zero too many', `prod/f/r/t/07/k/${WRITE}.json`],
    ['of an item above all numbers', `prod/f/r/t/9007199254740992/k/${WRITE}.json`],
    ['of an item without a key', `prod/f/r/t/key=/k/${WRITE}.json`],
    ['of a flow that would be written otherwise', `prod/%66/r/t/-1/k/${WRITE}.json`],
    ['of a run that is no text', `prod/f/%FF/t/-1/k/${WRITE}.json`],
    ['of a task with a mark of ours', `prod/f/r/a=b/-1/k/${WRITE}.json`],
    ['of half a digest', `prod/f/r/sha256=00ff/-1/k/${WRITE}.json`],
    ['of a name with a mark of ours', `prod/f/r/t/-1/k=/${WRITE}.json`],
    ['of an asset with a mark of ours', `prod/assets/a=/k/${WRITE}.json`],
    ['of a generation', 'prod/generation=/-/-/0000000000000.json'],
    ['of a task that would be written otherwise', `prod/f/r/assets/-1/k/${WRITE}.json`],
    ['of no grammar', 'prod/../f/r/t/-1/k'],
  ])('%s is none of a value', (_what, key) => {
    expect(parseObjectKey('prod', key)).toBeUndefined();
    expect(parseObjectKey('prod', `prod/f/r/t/-1/k/${WRITE}.json`)).toBeDefined();
  });
});
