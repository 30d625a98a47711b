import { describe, expect, test } from '@jest/globals';
import { headText } from '../../../../../src/format/head.ts';
import { recordText } from '../../../../../src/format/record-head.ts';
import { writeIdText } from '../../../../../src/format/write-id.ts';
import type { Argument } from '../../../../../src/metastore/redis/client.ts';
import { AT } from '../../../../../src/metastore/redis/lua/places.ts';
import {
  groups,
  scopeScript,
  script,
  values,
  writingScript,
  type Script,
} from '../../../../../src/metastore/redis/lua/script.ts';

function arranged<Name extends string, Item>(
  one: Script<Name, Item>,
  given: Parameters<typeof one.arrange>[1],
  each: readonly Item[],
): Argument[] {
  const args: Argument[] = [];
  one.arrange(args, given, each);
  return args;
}

describe('a script', () => {
  test('names its keys and arguments in the order in which they go out', () => {
    const one: Script<'id' | 'hasBody' | 'nothing'> = scopeScript(
      ['key', 'due'],
      { name: 'one', writes: true, arguments: { id: true, hasBody: true, nothing: true } },
      'return ID',
    );

    expect(one.text).toContain('local KEY, DUE = KEYS[1], KEYS[2]\n');
    expect(one.text).toContain('local PATH, ID, HAS_BODY, NOTHING = ARGV[1], ARGV[2], ARGV[3], ARGV[4]\n');
    expect([one.keys, one.address]).toEqual([['key', 'due'], ['path']]);
    expect(arranged(one, { nothing: undefined, hasBody: true, id: 7 }, [])).toEqual([7, '1', '']);
  });

  test('that writes to a scope which is there names no key of which a server may have nothing', () => {
    const one: Script<'id'> = writingScript({ name: 'one', writes: true, arguments: { id: true } }, (wide) =>
      wide ? 'return RECORDED' : 'return ID',
    );

    expect([one.keys, one.address]).toEqual([
      ['key', 'due', 'birth'],
      ['path', 'recorded'],
    ]);
    expect([one.narrow?.keys, one.narrow?.address]).toEqual([['key'], []]);
    expect(one.narrow?.text).toContain('local ID = ARGV[1]\n');
    expect(one.narrow?.suits({ id: 1 }, [])).toBe(true);
  });

  test('knows where a list of values begins', () => {
    const one: Script<'first', string> = script(
      ['key'],
      { name: 'one', writes: false, arguments: { first: true }, each: values('names') },
      'return NAMES',
    );

    expect(one.text).toContain('local NAMES = 2\n');
    expect(arranged(one, { first: false }, ['a', 'b'])).toEqual(['0', 'a', 'b']);
  });

  test('knows where a list of groups begins', () => {
    const pairs = groups('pairs', { name: true, object: true });
    const one: Script<never, { name: string; object: string }> = script(
      [],
      { name: 'one', writes: false, arguments: {}, each: pairs },
      'return PAIRS',
    );

    expect(one.text).toContain('local PAIRS = 1\n');
    expect([pairs.size, pairs.at]).toEqual([2, { name: 0, object: 1 }]);
    expect(arranged(one, {}, [{ object: 'b', name: 'a' }])).toEqual(['a', 'b']);
  });
});

describe('the places of a text', () => {
  /** What `text:sub(…)` gives. */
  const sub = (text: string, place: string): string => {
    const [from = 0, to = text.length] = place.split(', ').map(Number);
    return text.slice(from - 1, to);
  };
  const id = { fence: '1'.repeat(24), nonce: 'a'.repeat(16), sequence: 7 };
  const version = writeIdText(id);
  const head = headText('1e', version, 1_795_363_995_042, 1_797_955_995_042);

  test('of a head are those that TypeScript writes', () => {
    expect(
      Object.fromEntries(
        (['format', 'letter', 'version', 'updatedAt', 'expiresAt'] as const).map((part) => [part, sub(head, AT[part])]),
      ),
    ).toEqual({
      format: '1',
      letter: 'e',
      version,
      updatedAt: '1795363995042',
      expiresAt: '1797955995042',
    });
    expect(sub(`${head} {}`, AT.entryJson)).toBe('{}');
    expect([AT.headFence, AT.headNonce, AT.headSequence].map((place) => sub(head, place))).toEqual([
      id.fence,
      id.nonce,
      '0000000007',
    ]);
    expect([AT.fence, AT.nonce, AT.sequence].map((place) => sub(version, place))).toEqual([id.fence, id.nonce, '0000000007']);
    expect([sub(head, AT.headRun), sub(head, AT.buried)]).toEqual([sub(version, AT.run), `${version} 1795363995042`]);
    expect(sub(head, AT.beforeExpiry) + sub(head, AT.expiresAt) + sub(`${head}!`, AT.afterExpiry)).toBe(`${head}!`);
  });

  test('of a record are those that TypeScript writes', () => {
    const times = { updatedAt: 1_795_363_995_042, expiresAt: 1_797_955_995_042 };
    const text = recordText({ letter: 'e', version, ...times, idDigest: 'd'.repeat(32), submission: 3, json: '{"a":1}' });

    expect([AT.idDigest, AT.submission, AT.recordJson].map((place) => sub(text, place))).toEqual([
      'd'.repeat(32),
      '000003',
      '{"a":1}',
    ]);
  });

  test('of the name of a field are its letter and the rest', () => {
    expect([sub('e:cursor', AT.kind), sub('e:cursor', AT.name)]).toEqual(['e:', 'cursor']);
  });
});
