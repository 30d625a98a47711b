import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { ConfigError, type RetryAfter } from '../../../src/index.ts';
import { lengthOfTime } from '../../../src/model/duration.ts';
import { askedWait } from '../../../src/model/retry-after.ts';

const NOW = Date.UTC(2026, 10, 22, 16, 0, 0);
const DAY = 86_400_000;
const wait = (given: RetryAfter, now = NOW): number | undefined => askedWait(given, 'retryAfter', now);

describe('what an external system asked for', () => {
  test.each([[null], [undefined]])('is nothing, if the header is %p', (header) => {
    expect(wait(header)).toBeUndefined();
  });

  test.each<[RetryAfter, number]>([
    ['120', 120_000],
    [' 120 ', 120_000],
    ['007', 7_000],
    ['0.503', 1_000],
    ['1.5004', 1_501],
    ['2814, 2', 2_814_000],
    ['Sun, 22 Nov 2026 16:02:00 GMT', 120_000],
    ['Sunday, 22-Nov-26 16:02:00 GMT', 120_000],
    ['Sun Nov 22 16:02:00 2026', 120_000],
    ['Sun, 22 Nov 2026 16:59:60 GMT', 3_600_000],
  ])('by the header %j is %i milliseconds', (header, ms) => {
    expect(wait(header)).toBe(ms);
  });

  test.each<[RetryAfter, number]>([
    ['30s', 30_000],
    [250, 250],
    ['1ms', 1],
    ['40d', 40 * DAY],
  ])('may be a length of time: %j', (length, ms) => {
    expect(wait(length)).toBe(ms);
  });

  test.each(['0', '0.0', 'Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    'is a second, if the header %j would have it at once',
    (header) => {
      expect(wait(header)).toBe(1_000);
    },
  );

  test.each(['86401', '1795363200', '9'.repeat(99), 'Sat, 22 Nov 2036 16:00:00 GMT', 'Fri, 31 Dec 9999 23:59:59 GMT'])(
    'is a day, if the header %j would have it later',
    (header) => {
      expect(wait(header)).toBe(DAY);
    },
  );

  test.each<[unknown]>([
    ...['', 'soon', 'soon 1', '-1', '+1', '1e3', '0x10', '1,', '1 2', '.5', '5.', 'Infinity', 'NaN', '9'.repeat(101)].map(
      (header): [unknown] => [header],
    ),
    ['2026-11-22T16:02:00Z'],
    ['Sun, 22 Nov 2026 16:02:00'],
    ['Sun, 22 Nov 2026 16:02:00 +0100'],
    ['Sun, 31 Feb 2026 16:02:00 GMT'],
    ['Sun, 00 Nov 2026 16:02:00 GMT'],
    ['Sun, 22 Nov 2026 24:02:00 GMT'],
    ['Sun, 22 Nov 2026 16:60:00 GMT'],
    ['Sun, 22 nov 2026 16:02:00 GMT'],
    [0],
    [-1],
    [Number.NaN],
    [{}],
    [true],
    [['120']],
    [new Date(NOW)],
  ])('is refused by the name of the option, if it is %p', (given) => {
    expect(() => wait(given as RetryAfter)).toThrow(
      expect.objectContaining({
        code: 'mooring.config',
        option: 'retryAfter',
        message: expect.stringMatching(/must be a length of time .*or the text of a Retry-After header, received/),
      }),
    );
  });

  test('by a year of two digits is at most 50 years ahead', () => {
    const year = (now: number, digits: string) => wait(`Monday, 01-Jan-${digits} 00:00:00 GMT`, now);
    const eve = (of: number): number => Date.UTC(of - 1, 11, 31, 23, 0, 0);

    expect(year(eve(2100), '00')).toBe(3_600_000);
    expect(year(eve(2077), '77')).toBe(3_600_000);
    expect(year(NOW, '76')).toBe(DAY);
    expect(year(NOW, '77')).toBe(1_000);
  });
});

describe('any date of HTTP', () => {
  /** Around now, so that a year of two digits is meant. */
  const dates = fc.date({ min: new Date(NOW - 40 * 365 * DAY), max: new Date(NOW + 40 * 365 * DAY), noInvalidDate: true });
  const near = fc.integer({ min: 1, max: DAY / 1_000 }).map((seconds) => new Date(NOW + seconds * 1_000));
  const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];

  test('is counted from now, alike in its three forms', () => {
    fc.assert(
      fc.property(fc.oneof(dates, near), (date) => {
        const imf = date.toUTCString();
        const [, day = '', month = '', year = '', time = ''] = imf.split(' ');
        const name = DAYS[date.getUTCDay()] as string;
        const expected = Math.min(DAY, Math.max(1_000, Math.floor(date.getTime() / 1_000) * 1_000 - NOW));

        expect(wait(imf)).toBe(expected);
        expect(wait(`${name}, ${day}-${month}-${year.slice(2)} ${time} GMT`)).toBe(expected);
        expect(wait(`${name.slice(0, 3)} ${month} ${day.replace(/^0/, ' ')} ${time} ${year}`)).toBe(expected);
      }),
    );
  });
});

describe('any text', () => {
  const parts = fc.constantFrom(
    '0',
    '9',
    '1.5',
    ', ',
    ',',
    ' ',
    'Sun',
    'Sunday',
    'Nov',
    ':',
    '16:02:00',
    'GMT',
    '2026',
    '-',
    's',
    '\n',
  );
  const texts = fc.oneof(
    fc.string(),
    fc.array(parts).map((some) => some.join('')),
  );

  test('is a length of time, a wait from a second to a day, or refused', () => {
    fc.assert(
      fc.property(texts, fc.nat(4_000_000_000_000), (text, now) => {
        let ms: number | undefined;
        try {
          ms = wait(text, now);
        } catch (error) {
          expect(error).toBeInstanceOf(ConfigError);
          return;
        }

        if (ms === lengthOfTime(text)) return;
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(1_000);
        expect(ms).toBeLessThanOrEqual(DAY);
      }),
      { numRuns: 2_000 },
    );
  });
});
