import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { CorruptEntryError, type JsonValue, type Version } from '../../../src/index.ts';
import { submissionKey, namedKey } from '../../../src/format/idempotency-key.ts';
import { idDigest, parseOrphan, parseRecord, withCurrent, type StoredRecord } from '../../../src/format/record.ts';
import { CLEARED_JSON, NO_ID, recordText } from '../../../src/format/record-head.ts';

const version = `${'7'.padStart(24, '0')}-a00000000000000b-0000000003` as Version;
const head = { version, updatedAt: 1_800_000_000_000, expiresAt: 1_900_000_000_000, submission: 2 };
const fields = { idempotencyKey: 'k', submitTimeout: 60_000, findLag: 10_000, previous: [] };

const text = (letter: StoredRecord['letter'], json: object | string): string =>
  recordText({ letter, ...head, idDigest: NO_ID, json: typeof json === 'string' ? json : JSON.stringify(json) });

describe('a record', () => {
  test.each(['s', 'a', 'n'] as const)('%s is read back', (letter) => {
    expect(parseRecord(text(letter, fields), {})).toEqual({ letter, ...head, ...fields });
  });

  test.each([0, '', [], {}, 'x', { a: [1] }, null])('holds %j as an ID', (externalId) => {
    expect(parseRecord(text('e', { ...fields, externalId }), {})).toMatchObject({ letter: 'e', externalId });
  });

  test('that clear() left is none', () => {
    expect(parseRecord(text('n', CLEARED_JSON), {})).toMatchObject({ letter: 'n', submission: 2, previous: [] });
  });

  test.each([
    ['of a newer format', `2${text('s', fields).slice(1)}`, /format "2"/],
    ['without its ID', text('e', fields), /damaged/],
    ['cut off', text('s', fields).slice(0, 140), /damaged/],
    ['of an unknown letter', text('x' as 's', fields), /damaged/],
    ['without a write ID', text('s', fields).replace(version, 'x'.repeat(52)), /damaged/],
    ['with another kind of JSON', text('n', '[1]'), /damaged/],
    ['without its key', text('s', { previous: [] }), /damaged/],
    ['with a JSON null', text('s', 'null'), /damaged/],
    ['empty', '', /format/],
  ])('%s is a typed error that names its place', (_name, damaged, message) => {
    const where = { scope: { flow: 'f', run: 'r', task: 't' }, key: 'external_job_id' };

    expect(() => parseRecord(damaged, where)).toThrow(CorruptEntryError);
    expect(() => parseRecord(damaged, where)).toThrow(message);
    expect(() => parseRecord(damaged, where)).toThrow(/f\/r\/t/);
  });

  test('a damaged orphan is one, too', () => {
    const raw = { name: 'external_job_id', idDigest: NO_ID };

    expect(parseOrphan({ ...raw, text: '1800000000000 {"externalId":0}' }, {})).toEqual({
      since: 1_800_000_000_000,
      externalId: 0,
    });
    for (const bad of ['', 'x {"externalId":0}', '1800000000000 {}', '1800000000000 {']) {
      expect(() => parseOrphan({ ...raw, text: bad }, {})).toThrow(CorruptEntryError);
    }
  });

  test('none adds nothing to the earlier submissions', () => {
    const previous = [{ submission: 1, idempotencyKey: 'k1' }];

    expect(withCurrent(parseRecord(text('n', { ...fields, previous }), {}))).toEqual(previous);
    expect(withCurrent(undefined)).toEqual([]);
  });
});

test('the digest of an ID is that of its value, whatever the order of its properties', () => {
  expect(idDigest({ a: 1, b: [{ c: 2, d: 3 }] })).toBe(idDigest({ b: [{ d: 3, c: 2 }], a: 1 }));
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const same = JSON.stringify(sorted(a as JsonValue)) === JSON.stringify(sorted(b as JsonValue));
      return (idDigest(a as JsonValue) === idDigest(b as JsonValue)) === same && /^[0-9a-f]{32}$/.test(idDigest(a as JsonValue));
    }),
  );
});

function sorted(value: JsonValue): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return (value as readonly JsonValue[]).map(sorted);
  const entries = Object.entries(value as Record<string, JsonValue>).sort(([a], [b]) => (a < b ? -1 : 1));
  return { entries: entries.map(([key, part]) => [key, sorted(part)]) };
}

describe('an idempotency key', () => {
  const identity = {
    namespace: 'n',
    path: 'f/r/t/-1',
    name: 'external_job_id',
    submission: 1,
    createdAt: 5,
    fingerprint: undefined,
  };

  test('stays the same across versions', () => {
    expect(submissionKey(identity)).toMatch(/^[a-z][a-z0-9]{39}$/);
    // External systems know keys of earlier versions: this text may never change.
    expect(submissionKey(identity)).toMatchInlineSnapshot(`"mwugg5neh4cphnx5tetwh6qubo5bzuk2w5fyrmew"`);
    expect(namedKey(identity, 'mail')).toMatchInlineSnapshot(`"mdn3lnvbq67m7lggwhl6e6oblj6c7rbnfnhqfhnd"`);
  });

  test('† differs wherever one part of the identity differs', () => {
    const changes = [
      { namespace: 'm' },
      { path: 'f/r/t/0' },
      { name: 'x' },
      { submission: 2 },
      { createdAt: 6 },
      { fingerprint: 'a' },
    ];

    const keys = [identity, ...changes.map((change) => ({ ...identity, ...change }))].map(submissionKey);

    expect(new Set([...keys, namedKey(identity, 'external_job_id')]).size).toBe(changes.length + 2);
  });
});
