import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { ENTRY_FORMAT, kindOf, parseEntry, type EntryMeta } from '../../../src/format/entry.ts';
import { NEVER } from '../../../src/format/head.ts';
import { CorruptEntryError } from '../../../src/model/errors/store.ts';
import { orderedFence, writeIdText } from '../../../src/format/write-id.ts';

const VERSION = writeIdText({ fence: orderedFence([1, 2]), nonce: 'a0123456789abcde', sequence: 7 });
const OBJECT = 'default/films/1/transcode/-1/k/000-1.json.gz';
const WHERE = { scope: { flow: 'films', run: '1', task: 'transcode' }, key: 'k' };
const DIGEST = 'ab'.repeat(32);

const instant = fc.integer({ min: 1_000_000_000_000, max: NEVER });
const reference = fc.record(
  {
    store: fc.string({ unit: 'binary' }),
    object: fc.constantFrom(OBJECT, 'default/assets/a/k/1.json'),
    codec: fc.constantFrom('none', 'gzip', 'x'),
    encryption: fc.string(),
    frames: fc.integer({ min: 1, max: 2 ** 26 }),
    storedSize: fc.maxSafeNat(),
    sha256: fc.constant(DIGEST),
  },
  { requiredKeys: ['store', 'object', 'codec', 'storedSize', 'sha256'] },
);
const meta = fc.record(
  {
    type: fc.constantFrom('json' as const, 'bytes' as const),
    size: fc.maxSafeNat(),
    ref: reference,
    key: fc.string({ unit: 'binary' }),
    writer: fc.constant({ flow: 'f', run: 'r', task: 't' }),
  },
  { requiredKeys: ['type', 'size'] },
) as fc.Arbitrary<EntryMeta>;

/** An entry as a script completes it. */
function stored(parts: { head: string; json: string }, updatedAt = 1_763_800_000_000, expiresAt = NEVER): string {
  return `${parts.head} ${VERSION} ${updatedAt} ${expiresAt} ${parts.json}`;
}

const text = (value: object, ...times: number[]): string =>
  stored({ head: ENTRY_FORMAT + kindOf(value as EntryMeta), json: JSON.stringify(value) }, ...times);
const ref = { store: 's', object: OBJECT, codec: 'gzip', storedSize: 3, sha256: DIGEST };

describe('an entry', () => {
  it('C41 reads back as it was written', () => {
    const property = fc.property(meta, instant, instant, fc.uint8Array(), (written, updatedAt, expiresAt, body) => {
      const read = parseEntry(text(written, updatedAt, expiresAt), WHERE, body);
      expect(read).toEqual({
        kind: written.ref ? 'r' : 'i',
        version: VERSION,
        updatedAt,
        expiresAt,
        meta: written,
        body,
      });
    });
    fc.assert(property, { numRuns: 500 });
  });

  it('that is a tombstone holds nothing', () => {
    const read = parseEntry(stored({ head: '1t', json: '' }), WHERE);

    expect(read).toMatchObject({ kind: 't', version: VERSION, meta: { size: 0 } });
    expect(read).not.toHaveProperty('body');
  });

  it.each(['2i', '0i', 'xr', ''])('C100 of another format (%j) is refused, by both formats', (head) => {
    const read = (): unknown => parseEntry(stored({ head, json: '{}' }), WHERE);

    expect(read).toThrow(CorruptEntryError);
    expect(read).toThrow(`this version reads ${ENTRY_FORMAT}`);
    expect(read).toThrow(expect.objectContaining({ code: 'mooring.corrupt-entry', scope: WHERE.scope, key: 'k' }));
  });

  it.each<[string, string]>([
    ['of an unknown kind', stored({ head: '1x', json: '{"type":"json","size":1}' })],
    ['without its JSON', stored({ head: '1i', json: '' })],
    ['with half of it', stored({ head: '1i', json: '{"type":"json"' })],
    ['with other JSON', stored({ head: '1i', json: 'null' })],
    ['of an unknown type', text({ type: 'xml', size: 1 })],
    ['without a size', text({ type: 'json' })],
    ['with a negative size', text({ type: 'json', size: -1 })],
    ['with half a size', text({ type: 'json', size: 0.5 })],
    ['that is inline and refers', stored({ head: '1i', json: JSON.stringify({ type: 'json', size: 1, ref }) })],
    ['that refers to nothing', stored({ head: '1r', json: '{"type":"json","size":1}' })],
    ['that refers to null', text({ type: 'json', size: 1, ref: null })],
    ['that refers to text', text({ type: 'json', size: 1, ref: OBJECT })],
    ['with a digest of another length', text({ type: 'json', size: 1, ref: { ...ref, sha256: 'ab' } })],
    ['with a stored size that is text', text({ type: 'json', size: 1, ref: { ...ref, storedSize: '3' } })],
    ['without a codec', text({ type: 'json', size: 1, ref: { ...ref, codec: undefined } })],
    ['with frames of no size', text({ type: 'bytes', size: 1, ref: { ...ref, frames: 0 } })],
    ['with frames of half a size', text({ type: 'bytes', size: 1, ref: { ...ref, frames: 0.5 } })],
    ['with frames larger than a reader may have to hold', text({ type: 'bytes', size: 1, ref: { ...ref, frames: 2 ** 26 + 1 } })],
    ['with an encryption that is no name', text({ type: 'bytes', size: 1, ref: { ...ref, encryption: 1 } })],
    ['without a store', text({ type: 'json', size: 1, ref: { ...ref, store: undefined } })],
    [
      'with a write ID of another length',
      stored({ head: '1i', json: '{"type":"json","size":1}' }).replace(VERSION, `${VERSION}0`),
    ],
    [
      'with an instant that is no number',
      stored({ head: '1i', json: '{"type":"json","size":1}' }).replace('1763800000000', '176380000000x'),
    ],
  ])('that is damaged (%s) is refused', (_name, damaged) => {
    expect(() => parseEntry(damaged, WHERE)).toThrow(CorruptEntryError);
  });

  it.each([
    '/etc/passwd',
    '../../../../etc/passwd',
    'default/films/1/transcode/-1/../x',
    'https://example.com/a/b/c/d',
    'file:///etc/a/b/c/d',
    's3://b/a/b/c/d',
    `${OBJECT}\0`,
    `${OBJECT}/`,
    '',
  ])('never refers to %j', (object) => {
    expect(() => parseEntry(text({ type: 'json', size: 1, ref: { ...ref, object } }), WHERE)).toThrow(CorruptEntryError);
  });

  it('whose text is cut or garbled is refused, or reads as an entry: never anything else', () => {
    const property = fc.property(meta, fc.nat(), fc.string({ maxLength: 3 }), fc.boolean(), (written, at, other, cut) => {
      const whole = text(written);
      const place = at % whole.length;
      const damaged = whole.slice(0, place) + other + (cut ? '' : whole.slice(place + 1));
      try {
        const read = parseEntry(damaged, WHERE);
        expect(['i', 'r', 't']).toContain(read.kind);
        expect(read.meta.size).toBeGreaterThanOrEqual(0);
      } catch (error) {
        expect(error).toBeInstanceOf(CorruptEntryError);
      }
    });
    fc.assert(property, { numRuns: 1_000 });
  });
});
