import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createHash } from 'node:crypto';
import { dnsLabelKey, hexKey, uuidKey } from '../../../src/index.ts';
import { namedKey, submissionKey } from '../../../src/format/idempotency-key.ts';
import { refusals, wrong } from '../../support/refusals.ts';

const KEY = 'mrfvek7ntkq5hjvuto4lpf4ogsb7zchacqj4letn';
const TASK = { namespace: 'prod', path: 'f/r/t/-1', createdAt: 1 };

/** Keys as they are made, which is the only way to get one. */
const keys = fc.oneof(
  fc.string().map((name) => namedKey(TASK, name)),
  fc.nat().map((submission) => submissionKey({ ...TASK, name: 'external_job_id', submission, fingerprint: undefined })),
);
const prefixes = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);

describe('an idempotency key of another shape', () => {
  test('is a UUID of version 4 for those who check that', () => {
    const valid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

    fc.assert(fc.property(keys, (key) => expect(uuidKey(key)).toMatch(valid)));
  });

  test('is 32 hex digits, those that sha256sum shows', () => {
    fc.assert(
      fc.property(keys, (key) => {
        expect(hexKey(key)).toMatch(/^[0-9a-f]{32}$/);
        expect(hexKey(key)).toBe(createHash('sha256').update(key, 'ascii').digest('hex').slice(0, 32));
      }),
    );
  });

  test('is a DNS label with the key in it', () => {
    fc.assert(
      fc.property(keys, prefixes, (key, prefix) => {
        const label = dnsLabelKey(key, prefix);

        expect(label).toMatch(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
        expect(label.length).toBeLessThanOrEqual(63);
        expect(label).toBe(`${prefix}-${key}`);
      }),
    );
  });

  test.each([
    ['uuidKey', uuidKey],
    ['hexKey', hexKey],
    ['dnsLabelKey', (key: string) => dnsLabelKey(key, 'report')],
  ])('%s differs for each key', (_name, shape) => {
    const some = Array.from({ length: 2_000 }, (_, index) => namedKey(TASK, String(index)));

    expect(some.map(shape)).toEqual(some.map(shape));
    expect(new Set(some.map(shape)).size).toBe(some.length);
  });

  test('is the same in every version', () => {
    expect(uuidKey(KEY)).toBe('ed1dacbf-e68c-4646-a4df-e58820caf6a5');
    expect(hexKey(KEY)).toBe('ed1dacbfe68c4646e4dfe58820caf6a5');
    expect(dnsLabelKey(KEY, 'report')).toBe(`report-${KEY}`);
  });

  test('takes the longest prefix that fits', () => {
    expect(dnsLabelKey(KEY, 'a'.repeat(22))).toHaveLength(63);
  });
});

describe('a key of another shape, made of', () => {
  refusals([
    ['no key', () => uuidKey(wrong(undefined)), 'key', /idempotency key of Mooring: .*received undefined/],
    ['a key of somebody else', () => hexKey('0'.repeat(40)), 'key', /must be an idempotency key of Mooring/],
    ['a key that is too short', () => hexKey(KEY.slice(1)), 'key', /39 characters/],
    ['a key with a line break', () => uuidKey(`${KEY}\n`), 'key', /39 characters/],
    ['a key in upper case', () => dnsLabelKey(KEY.toUpperCase(), 'a'), 'key', /of a-z and 2-7/],
    ['no prefix', () => dnsLabelKey(KEY, wrong(undefined)), 'prefix', /1 to 22 characters.*received undefined/],
    ['an empty prefix', () => dnsLabelKey(KEY, ''), 'prefix', /1 to 22 characters.*received ""/],
    ['a prefix that is too long', () => dnsLabelKey(KEY, 'a'.repeat(23)), 'prefix', /1 to 22 characters/],
    ['a prefix that begins with -', () => dnsLabelKey(KEY, '-a'), 'prefix', /no - at its ends/],
    ['a prefix that ends with -', () => dnsLabelKey(KEY, 'a-'), 'prefix', /no - at its ends/],
    ['a prefix in upper case', () => dnsLabelKey(KEY, 'Report'), 'prefix', /of a-z, 0-9 and -/],
    ['a prefix with a dot', () => dnsLabelKey(KEY, 'a.b'), 'prefix', /of a-z, 0-9 and -/],
  ]);
});
