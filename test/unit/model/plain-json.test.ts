import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { runInNewContext } from 'node:vm';
import { isPlainJson } from '../../../src/model/plain-json.ts';

const DEEPEST = 20;

/** What JSON changes, drops or refuses; and what only the exact check can judge. */
const OTHERS: Readonly<Record<string, () => unknown>> = {
  undefined: () => undefined,
  'not a number': () => Number.NaN,
  'an infinite number': () => Number.NEGATIVE_INFINITY,
  'a BigInt': () => 7n,
  'a function': () => () => 1,
  'a symbol': () => Symbol('s'),
  'a Date': () => new Date(),
  bytes: () => new Uint8Array(2),
  'a boxed string': () => Object('x') as unknown,
  'an object with a symbol as a key': () => ({ [Symbol('s')]: 1 }),
  'an array with a symbol as a key': () => Object.assign([1], { [Symbol('s')]: 1 }),
  'an array with a property': () => Object.assign([1, 2], { name: 'x' }),
  'an array with a hole': () => Array.of(1, 2, 3).concat(Array.from({ length: 2 })),
  'an array of a subclass': () => new (class List extends Array<number> {})(),
  'an object of a class': () =>
    new (class Point {
      readonly x = 1;
    })(),
  'an object of another realm': () => runInNewContext('({})') as unknown,
  'a getter that throws': () => Object.defineProperty({}, 'x', { enumerable: true, get: () => JSON.parse('{') as unknown }),
};

function nested(levels: number): unknown {
  return levels === 0 ? 1 : levels % 2 ? [nested(levels - 1)] : { a: nested(levels - 1) };
}

describe('isPlainJson', () => {
  it('holds for whatever JSON.parse gives', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }), (text) => isPlainJson(JSON.parse(text), DEEPEST)),
      { numRuns: 500 },
    );
  });

  it('holds for properties that are undefined, since JSON may leave them out', () => {
    expect(isPlainJson({ a: undefined, b: 1 }, DEEPEST)).toBe(true);
  });

  it('holds for objects without a prototype', () => {
    expect(isPlainJson([Object.assign(Object.create(null) as object, { a: 1 })], DEEPEST)).toBe(true);
  });

  it.each(Object.entries(OTHERS))('does not hold for %s, wherever it is', (name, make) => {
    expect(isPlainJson(make(), DEEPEST)).toBe(false);
    expect(isPlainJson([1, make()], DEEPEST)).toBe(false);
    if (name !== 'undefined') expect(isPlainJson({ a: 'x', b: [{ c: make() }] }, DEEPEST)).toBe(false);
  });

  it('does not hold for more levels than it is given, nor for a cycle', () => {
    const cycle: unknown[] = [];
    cycle.push({ cycle });

    expect([isPlainJson(nested(DEEPEST), DEEPEST), isPlainJson(nested(DEEPEST + 1), DEEPEST)]).toEqual([true, false]);
    expect(isPlainJson(cycle, DEEPEST)).toBe(false);
  });

  it('gives up on parts that are shared so often that nobody could wait', () => {
    let shared: unknown = ['x'.repeat(1_000)];
    for (let level = 0; level < 60; level += 1) shared = { left: shared, right: shared };

    expect(isPlainJson(shared, 1_000)).toBe(false);
  });
});
