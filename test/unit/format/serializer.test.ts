import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { isDeepStrictEqual } from 'node:util';
import { runInNewContext } from 'node:vm';
import { CorruptEntryError, InvalidValueError } from '../../../src/model/errors/store.ts';
import { bytesOf, deserialize, serialize } from '../../../src/format/serializer.ts';

/** A text of any UTF-16: also halves of surrogate pairs. */
const text = fc.oneof(
  fc.string(),
  fc.array(fc.nat({ max: 0xffff }), { maxLength: 6 }).map((units) => String.fromCharCode(...units)),
  fc.constantFrom('__proto__', 'constructor', 'toJSON', 'length', '', '\ud800', '\udc00\ud800', '\u2028', '\0', 'ref'),
);
const number = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer(),
  fc.constantFrom(2 ** 53 + 2, 5e-324, 1e308),
);
const scalar = fc.oneof(text, number, fc.boolean(), fc.constant(null)).map((value) => (value === 0 ? 0 : value));
const json = fc.letrec<{ value: unknown; object: object; list: unknown[] }>((tie) => ({
  value: fc.oneof({ depthSize: 'medium' }, scalar, tie('object'), tie('list')),
  object: fc.array(fc.tuple(text, tie('value')), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  list: fc.array(tie('value'), { maxLength: 4 }),
}));

function roundTrip(value: unknown): unknown {
  const serialized = serialize(value);
  const bytes = bytesOf(serialized);
  expect(serialized.size).toBe(bytes.length);
  return deserialize(serialized.type, bytes);
}

function refusal(value: unknown): InvalidValueError {
  try {
    serialize(value, { key: 'k' });
  } catch (error) {
    if (error instanceof InvalidValueError) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

class Point {
  x = 1;
  y = 2;
}
class Polar extends Point {
  get angle(): number {
    return Math.atan2(this.y, this.x);
  }
}
class List extends Array<number> {}

/** What JSON would change silently, or refuse. */
const OFFENDERS: readonly [string, () => unknown, RegExp][] = [
  ['NaN', () => Number.NaN, /is NaN/],
  ['Infinity', () => Number.POSITIVE_INFINITY, /is Infinity/],
  ['-Infinity', () => Number.NEGATIVE_INFINITY, /is -Infinity/],
  ['a BigInt', () => 7n, /is a bigint/],
  ['a function', () => () => 1, /is a function/],
  ['a symbol', () => Symbol('s'), /is a symbol/],
  ['a Date', () => new Date(), /an instance of Date/],
  ['a Map', () => new Map([['a', 1]]), /an instance of Map/],
  ['a Set', () => new Set([1]), /an instance of Set/],
  ['a RegExp', () => /x/, /an instance of RegExp/],
  ['an Error', () => new Error('x'), /an instance of Error/],
  ['a promise', () => Promise.resolve(1), /is a promise: await it first/],
  ['a promise that rejects, in a list', () => [Promise.reject(new Error('nobody handles it'))], /is a promise: await it first/],
  ['a boxed string', () => Object('x') as unknown, /an instance of String/],
  ['a class with behaviour', () => new Polar(), /an instance of Polar/],
  ['an object with its own toJSON', () => ({ toJSON: () => 1 }), /is a function/],
  ['a subclass of Array', () => List.from([1]), /an instance of List/],
  ['bytes among other things', () => new Uint8Array(2), /the whole value/],
  ['a Buffer among other things', () => Buffer.from('x'), /the whole value/],
  ['other numbers', () => new Float64Array(2), /the whole value/],
  ['a memory', () => new ArrayBuffer(2), /the whole value/],
  ['a property under a symbol', () => ({ [Symbol('s')]: 1 }), /under a symbol/],
  ['a match', () => /a(?<n>b)/.exec('ab'), /in addition to its elements/],
  [
    'a getter that throws',
    () => Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') as unknown }),
    /cannot be read/,
  ],
];

describe('what comes back', () => {
  it('is equal, for whatever JSON can hold', () => {
    fc.assert(
      fc.property(json.value, (value) => {
        fc.pre(value !== null);
        // With one seed Node 24.21 reads an escaped key as another one in a plain round trip, without any code of ours.
        fc.pre(isDeepStrictEqual(JSON.parse(JSON.stringify(value)), value));
        expect(isDeepStrictEqual(roundTrip(value), value)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it('is a plain Uint8Array of its own with the same bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.boolean(), (bytes, asBuffer) => {
        const read = roundTrip(asBuffer ? Buffer.from(bytes) : bytes) as Uint8Array;
        expect(read.constructor).toBe(Uint8Array);
        expect(read).toEqual(bytes);
        expect(read.buffer.byteLength).toBe(bytes.length);
      }),
    );
  });

  it('is text as it was, also where it is not well-formed', () => {
    for (const lone of ['\ud800', 'a\udc00', '\udfff\ud83d', '\ufeffx', '\u2028']) {
      expect(roundTrip(lone)).toBe(lone);
      expect(roundTrip({ [lone]: lone })).toStrictEqual({ [lone]: lone });
    }
  });

  it('C26 has own properties of any name, without polluting a prototype', () => {
    const value: unknown = JSON.parse('{"__proto__": {"polluted": true}, "constructor": {"prototype": {"polluted": true}}}');
    const read = roundTrip(value) as object;

    expect(Object.keys(read)).toEqual(['__proto__', 'constructor']);
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(({} as { polluted?: true }).polluted).toBeUndefined();
  });

  it('C21 lacks the properties that were undefined, as in JSON', () => {
    expect(Object.keys(roundTrip({ a: 1, nextToken: undefined }) as object)).toEqual(['a']);
  });

  it('C27 is the same number, also beyond the safe integers', () => {
    for (const value of [2 ** 53, 2 ** 53 + 2, -(2 ** 60), 1.7976931348623157e308, 5e-324]) expect(roundTrip(value)).toBe(value);
  });

  it('is 0 for -0, to which it is equal', () => {
    expect(roundTrip([-0])).toStrictEqual([0]);
  });

  it('is a plain object for an object without a prototype, of another realm, or of a class that is data only', () => {
    const values = [
      Object.assign(Object.create(null) as object, { x: 1, y: 2 }),
      runInNewContext('({ x: 1, y: 2 })'),
      new Point(),
    ];

    for (const value of values) expect(roundTrip(value)).toStrictEqual({ x: 1, y: 2 });
    expect(roundTrip(runInNewContext('[[1], [{}]]'))).toStrictEqual([[1], [{}]]);
    expect(roundTrip(runInNewContext('new Uint8Array([1, 2])'))).toStrictEqual(Uint8Array.of(1, 2));
  });

  it('has twice what was there twice', () => {
    const shared = { a: [1] };

    expect(roundTrip([shared, { shared }])).toStrictEqual([{ a: [1] }, { shared: { a: [1] } }]);
  });
});

describe('what is stored', () => {
  it('C31 C33 is the plain JSON, in UTF-8', () => {
    const { type, body } = serialize({ text: 'grüße 😀', n: 1 });

    expect(type).toBe('json');
    expect(body).toBe('{"text":"grüße 😀","n":1}');
  });

  it('is a copy of the bytes that were given', () => {
    const given = Uint8Array.of(1, 2, 3);
    const { body } = serialize(given);
    given.fill(0);

    expect(body).toEqual(Uint8Array.of(1, 2, 3));
  });
});

describe('what is refused', () => {
  it.each([null, undefined])('C17 is %p, which would be no value', (value) => {
    expect(refusal(value)).toMatchObject({ at: '$', key: 'k', code: 'mooring.invalid-value' });
  });

  it.each(OFFENDERS)('C20 C21 is %s, wherever it is, with its path', (_name, offender, problem) => {
    const step = fc.oneof(fc.constantFrom('a', 'at', '_b1', '$', 'two words', '0', 'é', '"', '__proto__'), fc.nat({ max: 3 }));
    const property = fc.property(fc.array(step, { minLength: 1, maxLength: 5 }), json.value, (steps, sibling) => {
      const planted = steps.reduceRight<unknown>((inner, at) => wrap(inner, at, sibling), offender());
      const error = refusal(planted);
      expect(error.at.startsWith(`$${steps.map(pathStep).join('')}`)).toBe(true);
      expect(error.message).toMatch(problem);
    });

    fc.assert(property, { numRuns: 20 });
  });

  it('names the part as one would write it', () => {
    expect(refusal({ pages: [1, 2, 3, { at: new Date() }] }).at).toBe('$.pages[3].at');
    expect(refusal({ 'a b': [[Number.NaN]] }).at).toBe('$["a b"][0][0]');
    expect(refusal(Number.NaN).at).toBe('$');
  });

  it.each([
    ['undefined', [1, undefined], '$[1]'],
    // oxlint-disable-next-line no-sparse-arrays
    ['empty', [1, , 3], '$[1]'],
    ['empty at the end', Object.assign([1], { length: 3 }), '$[1]'],
  ])('C21 is an element that is %s', (_name, value, at) => {
    expect(refusal(value).at).toBe(at);
  });

  it('C21 is a cycle, at the place where it closes', () => {
    const cycle: Record<string, unknown> = { list: [{}] };
    (cycle['list'] as unknown[])[0] = { back: cycle };
    const own: unknown[] = [];
    own.push(own);

    expect(refusal(cycle)).toMatchObject({ at: '$.list[0].back', message: expect.stringContaining('cycle') });
    expect(refusal(own).at).toBe('$[0]');
  });

  it('is what is too deep, however deep, before the stack ends', () => {
    const nested = (depth: number): unknown => Array.from({ length: depth }).reduce<unknown>((inner) => [inner], 1);

    expect(roundTrip(nested(1_000))).toEqual(nested(1_000));
    expect(refusal(nested(1_001)).message).toContain('deeper than 1000 levels');
    expect(refusal(nested(200_000)).at.length).toBeLessThan(300);
  });

  it('is what is small in memory and endless as JSON, at once', () => {
    const doubled = Array.from({ length: 60 }).reduce<unknown>((inner) => [inner, inner], 'x');

    expect(refusal(doubled).message).toContain('longer than a JSON text can be');
  });

  it('is told without its value', () => {
    const secret = 'hunter2'.repeat(20);

    for (const value of [{ password: [secret, Number.NaN] }, { [secret]: 1n }, [new Map([[secret, secret]])]]) {
      expect(refusal(value).message).not.toContain(secret);
    }
  });
});

describe('what is read', () => {
  it.each([
    ['no bytes', ''],
    ['half of it', '{"password":"hunter2'],
    ['not JSON', 'hunter2'],
    ['a byte order mark', '\ufeff{}'],
  ])('is corrupt where it is %s, without being quoted', (_name, stored) => {
    const read = (): unknown => deserialize('json', new TextEncoder().encode(stored), { key: 'k' });

    expect(read).toThrow(CorruptEntryError);
    expect(read).toThrow(expect.objectContaining({ key: 'k' }));
    expect(read).not.toThrow(/hunter2/);
    expect(read).not.toThrow(expect.objectContaining({ cause: expect.anything() }));
  });

  it('is corrupt where it is not UTF-8', () => {
    expect(() => deserialize('json', Uint8Array.of(0x22, 0xff, 0x22))).toThrow(CorruptEntryError);
  });
});

function wrap(inner: unknown, at: string | number, sibling: unknown): unknown {
  if (typeof at === 'number') return [...Array.from({ length: at }, () => sibling), inner, sibling];
  return Object.fromEntries([
    ['sibling', sibling],
    [at, inner],
  ]);
}

function pathStep(at: string | number): string {
  if (typeof at === 'number') return `[${at}]`;
  return /^[A-Za-z_$][A-Za-z_$0-9]*$/.test(at) ? `.${at}` : `[${JSON.stringify(at)}]`;
}
