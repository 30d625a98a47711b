import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { headText, readHead, withExpiry } from '../../../src/format/head.ts';
import { keysOf, SHARDS, shardOf, keySlot } from '../../../src/format/redis-keys.ts';
import { readRecordHead, recordJson, recordText } from '../../../src/format/record-head.ts';
import { writeIdText } from '../../../src/format/write-id.ts';

/** Where things lie, and the fixed places of texts. */

describe('keys', () => {
  const keys = keysOf('prod');

  test('a scope, its indexes and its birth share the hash tag of the shard', () => {
    const shard = shardOf('flow/run/task/-1');

    expect(keys.scope('flow/run/task/-1')).toEqual({
      key: `mooring:{prod:${shard}}:flow/run/task/-1`,
      due: `mooring:{prod:${shard}}:due`,
      birth: `mooring:{prod:${shard}}:birth`,
      jobs: `mooring:{prod:${shard}}:jobs`,
    });
    expect(SHARDS).toContain(shard);
  });

  test('never lie where BullMQ deletes foreign keys', () => {
    expect(keys.scope('bull:mail/1/x/-1').key).toMatch(/^mooring:/);
  });

  test('a key leads back to its path', () => {
    fc.assert(
      fc.property(fc.array(fc.stringMatching(/^[A-Za-z0-9_.~=%-]{1,20}$/), { minLength: 2, maxLength: 5 }), (segments) => {
        const path = segments.join('/');
        expect(keys.path(keys.scope(path).key)).toBe(path);
      }),
    );
  });

  test('a key of no scope leads to no path', () => {
    const { due, birth, jobs } = keys.scope('a/b');

    for (const key of [due, birth, jobs, ...keys.trial('00')]) expect(keys.path(key)).toBeUndefined();
  });

  test('a namespace with braces or slashes cannot leave its place', () => {
    const { key: hash } = keysOf('a}:{b/ü').scope('a/b');

    expect(hash).toBe(`mooring:{a%7D%3A%7Bb%2F%C3%BC:${shardOf('a/b')}}:a/b`);
    expect(keysOf('a}:{b/ü').path(hash)).toBe('a/b');
  });

  test('a pattern takes nothing for a wildcard that is part of a path', () => {
    expect(keys.glob('a*b?[c]')).toBe('mooring:{prod:??}:a\\*b\\?\\[c\\]*');
  });

  test('shards spread scopes evenly', () => {
    const counts = new Map<string, number>();

    for (let at = 0; at < 25_600; at += 1) counts.set(shardOf(`f/r/${at}/-1`), (counts.get(shardOf(`f/r/${at}/-1`)) ?? 0) + 1);

    expect(counts.size).toBe(256);
    expect(Math.max(...counts.values())).toBeLessThan(200);
  });
});

describe('texts', () => {
  const digits = (length: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^\\d{${length}}$`));
  const writeId = fc
    .tuple(digits(24), fc.stringMatching(/^[at][0-9a-z]{15}$/), fc.nat(9_999_999))
    .map(([fence, nonce, sequence]) => ({ fence, nonce, sequence }));
  const instant = fc.integer({ min: 0, max: 9_999_999_999_999 });

  test('a head is read as it was written', () => {
    fc.assert(
      fc.property(writeId, instant, instant, instant, (id, updatedAt, expiresAt, later) => {
        const text = headText('1i', writeIdText(id), updatedAt, expiresAt);
        expect(readHead(`${text} {}`)).toMatchObject({
          letter: 'i',
          version: writeIdText(id),
          fence: id.fence,
          nonce: id.nonce,
          updatedAt,
          expiresAt,
        });
        expect(readHead(withExpiry(text, later))).toMatchObject({ updatedAt, expiresAt: later });
      }),
    );
  });

  test('a record is read as it was written', () => {
    const letter = fc.constantFrom('n', 's', 'e', 'o', 'f', 'a');
    fc.assert(
      fc.property(
        writeId,
        letter,
        instant,
        instant,
        fc.stringMatching(/^[0-9a-f]{32}$/),
        fc.nat(999_999),
        fc.json(),
        (id, letter, updatedAt, expiresAt, idDigest, submission, json) => {
          const version = writeIdText(id);
          const text = recordText({ letter, version, updatedAt, expiresAt, idDigest, submission, json });
          expect(readRecordHead(text)).toMatchObject({
            format: '1',
            letter,
            version,
            updatedAt,
            expiresAt,
            idDigest,
            submission,
          });
          expect(recordJson(text)).toBe(json);
        },
      ),
    );
  });
});

// As CLUSTER KEYSLOT says.
test.each([
  ['123456789', 12_739],
  ['foo', 12_182],
  ['{user1000}.following', 3_443],
  ['foo{}{bar}', 8_363],
  ['foo{{bar}}zap', 4_015],
])('%s is in slot %d', (key, slot) => {
  expect(keySlot(key)).toBe(slot);
});
