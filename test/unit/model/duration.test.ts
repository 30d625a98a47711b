import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { milliseconds, type Duration } from '../../../src/model/duration.ts';
import { NEVER } from '../../../src/format/head.ts';
import { ConfigError } from '../../../src/model/errors/store.ts';
import { retentionMs, type Retention } from '../../../src/model/retention.ts';

const CENTURY = 36_525 * 86_400_000;

describe('a duration', () => {
  it.each<[Duration, number]>([
    [1, 1],
    [1.2, 2],
    ['1ms', 1],
    ['30s', 30_000],
    ['1.5s', 1_500],
    ['0.0001s', 1],
    ['12h', 43_200_000],
    ['1m', 60_000],
    ['30d', 2_592_000_000],
    ['007d', 604_800_000],
    [CENTURY, CENTURY],
  ])('C52 of %j has %i milliseconds', (duration, expected) => {
    expect(milliseconds(duration, 'retention')).toBe(expected);
  });

  it.each<[unknown]>(
    [0, -1, -0, Number.NaN, Number.POSITIVE_INFINITY, CENTURY + 1, 2 ** 60, '0s', '-1s', '36526d', '9'.repeat(400) + 'd'].map(
      (d) => [d],
    ),
  )('C54 C55 C56 refuses the length %p', (duration) => {
    expect(() => milliseconds(duration as Duration, 'retention')).toThrow(ConfigError);
  });

  it.each<[unknown]>([
    ...['', 's', '1', '30', '1 s', ' 1s', '1s ', '1S', '1w', '1e3ms', '.5s', '1.s', '0x1s', '1s1s', '١s', 'forever'].map(
      (d): [unknown] => [d],
    ),
    [null],
    [undefined],
    [{}],
    [new Date()],
    [['1s']],
    [7n],
    [true],
  ])('C56 refuses %p, by the name of the option', (duration) => {
    expect(() => milliseconds(duration as Duration, 'commandTimeout')).toThrow(
      expect.objectContaining({ option: 'commandTimeout' }),
    );
  });

  it('C56 is never so long that an instant would outgrow its 13 digits', () => {
    const property = fc.property(fc.double({ min: 1, max: CENTURY, noNaN: true }), (duration) => {
      const ms = milliseconds(duration, 'retention');
      expect(Number.isSafeInteger(ms) && ms >= duration).toBe(true);
      expect(Date.UTC(2100, 0) + ms).toBeLessThan(NEVER);
    });
    fc.assert(property);
  });
});

describe('a retention', () => {
  it("C53 C57 is a duration, or 'forever' in one spelling that outlives JSON", () => {
    expect(retentionMs('1d', 'retention')).toBe(86_400_000);
    expect(retentionMs(JSON.parse(JSON.stringify('forever')) as Retention, 'retention')).toBe('forever');
  });

  it.each([[0], [-1], [Number.POSITIVE_INFINITY], ['Forever'], ['never'], [null], ['0d']])('C54 C55 is not %p', (retention) => {
    expect(() => retentionMs(retention as Retention, 'retention')).toThrow(ConfigError);
    expect(() => retentionMs(retention as Retention, 'retention')).toThrow(/^retention must be/);
  });
});
