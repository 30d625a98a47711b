import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { InvalidKeyError } from '../../../src/model/errors/store.ts';
import {
  decodeSegment,
  encodeSegment,
  isObjectKey,
  keyName,
  objectKey,
  pathScope,
  recordAddress,
  resultName,
  scopePath,
  taskPath,
} from '../../../src/format/path.ts';
import { isTaskScope, type AssetScope, type TaskScope } from '../../../src/model/scope.ts';

/** Texts that a segment may hold, those that look like what the library adds among them. */
const special = fc.constantFrom(
  'assets',
  '%61ssets',
  'uri=a',
  'key=a',
  'result=a',
  '-1',
  '0',
  '1',
  'a/b',
  'a_b',
  'a%2Fb',
  'a\\b',
  '...',
  ' ',
  '*',
  "!'()",
  'é',
  '😀',
  'A',

  `sha256=${'0'.repeat(64)}`,
);
const plain = fc.oneof(fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }), special);
const long = fc
  .tuple(plain, fc.integer({ min: 60, max: 260 }))
  .map(([text, length]) => text.repeat(Math.ceil(length / text.length)));
const segment = fc
  .oneof({ weight: 4, arbitrary: plain }, { weight: 1, arbitrary: long })
  .filter((text) => text !== '.' && text !== '..');

const parts = { flow: segment, run: segment, task: segment };
const task: fc.Arbitrary<TaskScope> = fc.oneof(
  fc.record(parts),
  fc.record({ ...parts, mapIndex: fc.nat() }),
  fc.record({ ...parts, itemKey: segment }),
);
const asset: fc.Arbitrary<AssetScope> = fc.oneof(fc.record({ name: segment }), fc.record({ uri: segment }));
const scope = fc.oneof(task, asset);

const bytesOf = (text: string): number => Buffer.byteLength(text);
const isSame = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

describe('a segment', () => {
  it('C3 C4 C7 is reversible, injective, ASCII and bounded, for any text', () => {
    const property = fc.property(segment, segment, (one, other) => {
      const encoded = encodeSegment('the key', one);

      expect(encoded).toMatch(/^(sha256=[0-9a-f]{64}|([A-Za-z0-9_.~-]|%[0-9A-F]{2}){1,200})$/);
      expect(['.', '..']).not.toContain(encoded);
      if (!encoded.startsWith('sha256=')) expect(decodeSegment(encoded)).toBe(one);
      else expect(decodeSegment(encoded)).toBeUndefined();
      expect(encodeSegment('the key', other) === encoded).toBe(one === other);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it.each([
    ['a/b', 'a%2Fb'],
    ['a%2Fb', 'a%252Fb'],
    ['a\\b', 'a%5Cb'],
    ['a_b', 'a_b'],
    ['a b*?[]', 'a%20b%2A%3F%5B%5D'],
    ["!'()", '%21%27%28%29'],
    ['grüße', 'gr%C3%BC%C3%9Fe'],
    ['😀', '%F0%9F%98%80'],
    ['...', '...'],
    ['result=a', 'result%3Da'],
  ])('C3 C4 of %j is %j', (text, encoded) => {
    expect(keyName(text)).toBe(encoded);
    expect(decodeSegment(encoded)).toBe(text);
  });

  it('C8 of more than 200 bytes is a digest: the same for the same text, of any length', () => {
    expect(keyName('x'.repeat(200))).toBe('x'.repeat(200));
    expect(keyName('x'.repeat(201))).toMatch(/^sha256=[0-9a-f]{64}$/);
    expect(keyName('é'.repeat(34))).toMatch(/^sha256=/);
    expect(keyName('x'.repeat(1e6))).toBe(keyName('x'.repeat(1e6)));
    expect(keyName('x'.repeat(201))).not.toBe(keyName('x'.repeat(202)));
  });

  it.each([[''], ['.'], ['..'], ['\ud800'], ['a\udc00'], [7], [null], [undefined], [{}], [['a']]])(
    'C5 C6 C7 refuses %p',
    (text) => {
      expect(() => keyName(text as string)).toThrow(InvalidKeyError);
      expect(() => keyName(text as string)).toThrow(/^the key must/);
    },
  );

  it('C14 of a key of the library is never that of a user', () => {
    const property = fc.property(segment, segment, (one, other) => expect(resultName(one)).not.toBe(keyName(other)));

    fc.assert(property, { numRuns: 1_000 });
    expect(resultName('a')).not.toBe(keyName('result=a'));
  });
});

describe('the path of a scope', () => {
  it('C13 C77 reads back as just this scope', () => {
    const property = fc.property(scope, scope, (one, other) => {
      const path = scopePath(one);
      const read = pathScope(path);
      if (path.includes('sha256=')) expect(read).toBeUndefined();
      else expect(read).toEqual(one);
      expect(scopePath(other) === path).toBe(isSame(one, other));
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('C10 C15 C67 C68 is never the beginning of another: what lies below one is below no other', () => {
    const property = fc.property(scope, scope, (one, other) => {
      fc.pre(!isSame(one, other));
      expect(`${scopePath(other)}/`.startsWith(`${scopePath(one)}/`)).toBe(false);
    });
    fc.assert(property, { numRuns: 2_000 });
  });

  it('C67 lies below the path of its own task alone', () => {
    const property = fc.property(task, task, (one, other) => {
      const isTheirs = isSame([one.flow, one.run, one.task], [other.flow, other.run, other.task]);
      expect(scopePath(one).startsWith(`${taskPath(other)}/`)).toBe(isTheirs);
    });
    fc.assert(property, { numRuns: 1_000 });
  });

  it('C1 C2 ends in the index of an item, -1 for none', () => {
    const task = { flow: 'films', run: '2026-11-22', task: 'transcode' };

    expect(scopePath(task)).toBe('films/2026-11-22/transcode/-1');
    expect(scopePath({ ...task, mapIndex: 0 })).toBe('films/2026-11-22/transcode/0');
    expect(scopePath({ ...task, itemKey: '0' })).toBe('films/2026-11-22/transcode/key=0');
    expect(scopePath({ ...task, itemKey: '-1' })).not.toBe(scopePath(task));
  });

  it('C10 of a flow or a task named assets is no asset', () => {
    expect(scopePath({ flow: 'assets', run: 'a', task: 'b' })).toBe('%61ssets/a/b/-1');
    expect(scopePath({ flow: 'a', run: 'assets', task: 'assets', mapIndex: 7 })).toBe('a/assets/%61ssets/7');
    expect(scopePath({ flow: '%61ssets', run: 'a', task: 'b' })).toBe('%2561ssets/a/b/-1');
    expect(scopePath({ name: 'a' })).toBe('assets/a');
  });

  it('C77 of a name that looks like a URI is not that of the URI', () => {
    expect(scopePath({ uri: 's3://b/a' })).toBe('assets/uri=s3%3A%2F%2Fb%2Fa');
    expect(scopePath({ name: 'uri=s3://b/a' })).not.toBe(scopePath({ uri: 's3://b/a' }));
  });

  it('is bounded', () => {
    const property = fc.property(scope, (one) => expect(bytesOf(scopePath(one))).toBeLessThanOrEqual(4 * 204 + 3));
    fc.assert(property, { numRuns: 500 });
  });

  it('of something else is none', () => {
    for (const path of ['', 'a', 'a/b/c', 'a/b/c/d/e']) expect(pathScope(path)).toBeUndefined();
  });
});

describe('the key of an object', () => {
  const OBJECT = `${'0'.repeat(24)}-${'0'.repeat(10)}-a${'0'.repeat(15)}-1763800000000.json.gz`;
  const key = fc.oneof(segment.map(keyName), segment.map(resultName));

  it('C8 is of at most 900 bytes of the grammar, or refused before any I/O', () => {
    const property = fc.property(scope, key, (one, name) => {
      const path = scopePath(one);
      const whole = `default/${path}/${name}/${OBJECT}`;

      if (bytesOf(whole) > 900) {
        expect(() => objectKey('default', path, name, OBJECT)).toThrow(InvalidKeyError);
        return;
      }

      expect(objectKey('default', path, name, OBJECT)).toBe(whole);
      expect(isObjectKey(whole)).toBe(true);
      expect(isTaskScope(one)).toBe(whole.split('/').length === 7);
    });
    fc.assert(property, { numRuns: 1_000 });

    const longest = scopePath({ flow: 'f'.repeat(200), run: 'r'.repeat(200), task: 't'.repeat(200), itemKey: 'i'.repeat(200) });
    expect(() => objectKey('default', longest, keyName('k'), OBJECT)).not.toThrow();
    expect(() => objectKey('default', longest, keyName('k'.repeat(99)), OBJECT)).toThrow(InvalidKeyError);
  });

  it.each([
    '',
    'a/b/c/d',
    'a/b/c/d/e/f/g/h',
    'a/b/c/d/..',
    '../b/c/d/e',
    'a/./c/d/e',
    '/b/c/d/e/f',
    'a/b//d/e/f',
    'a/b/c/d/e/',
    'a/b/c/d/e\n',
    'a/b/c/d/%2f',
    'a/b/c/d/%2',
    'a/b/c/d/e?x',
    'https://h/a/b/c/d/e',
    'a/b/c/d/é',
    `a/b/c/d/${'e'.repeat(893)}`,
  ])('is not %j', (text) => {
    expect(isObjectKey(text)).toBe(false);
  });
});

describe('the address of a record', () => {
  const SCOPE = { flow: 'bull:transcode', run: '42@1764586800000', task: 'transcode' };

  it.each([
    [SCOPE, 'external_job_id', '--retry bull%3Atranscode/42%401764586800000/transcode'],
    [{ ...SCOPE, itemKey: 'a b' }, 'external_job_id', '--retry bull%3Atranscode/42%401764586800000/transcode/key=a%20b'],
    [{ ...SCOPE, mapIndex: 3 }, 'index', '--retry --key=index bull%3Atranscode/42%401764586800000/transcode/3'],
    [SCOPE, "it's", `--retry --key='it'\\''s' bull%3Atranscode/42%401764586800000/transcode`],
    [{ ...SCOPE, run: '42' }, 'external_job_id', 'bull%3Atranscode/42/transcode'],
    [
      { flow: 'default/publish', run: 'course-7/6f1c', task: 'preview' },
      'external_job_id',
      'default%2Fpublish/course-7%2F6f1c/preview',
    ],
    [{ ...SCOPE, flow: '-f' }, 'external_job_id', '-- -f/42%401764586800000/transcode'],
    [{ ...SCOPE, flow: '~f' }, 'external_job_id', "'~f/42%401764586800000/transcode'"],
  ])('of %j, %s is what a shell takes', (scope, key, words) => {
    expect(recordAddress({ scope, key })).toBe(words);
  });

  it('is nothing for an asset, which has no records', () => {
    expect(recordAddress({ scope: { name: 'a' }, key: 'k' })).toBeUndefined();
  });
});
