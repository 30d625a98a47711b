import { describe, expect, test } from '@jest/globals';
import { ageOf, lengthInWords } from '../../../../src/cli/layout/age.ts';
import { tableLines, type Column } from '../../../../src/cli/layout/table.ts';
import { cutTo, oneLine, widthOf } from '../../../../src/cli/layout/text.ts';

/** Tables for people. */

const COLUMNS: readonly Column[] = [
  { title: 'STATE' },
  { title: 'JOB' },
  { title: 'STATUS', yields: 1 },
  { title: 'HOLDER', yields: 2 },
];
const ROWS = [
  ['submitted', 'transcode 42', 'active 41 of 100 frames', 'attempt 2 on worker-a'],
  ['failed', 'transcode 7', 'out of memory', ''],
];
const plain = (columns?: number) => ({ columns, paint: (_colour: string, text: string) => text });

describe('a table', () => {
  test('is whole where nothing says how wide it may be', () => {
    expect(tableLines(COLUMNS, ROWS, plain())).toEqual([
      'STATE      JOB           STATUS                   HOLDER',
      'submitted  transcode 42  active 41 of 100 frames  attempt 2 on worker-a',
      'failed     transcode 7   out of memory',
    ]);
  });

  test.each([70, 60, 50, 40, 30])('fits %i columns', (wide) => {
    const lines = tableLines(COLUMNS, ROWS, plain(wide));

    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(wide);
    expect(lines[1]).toMatch(/^submitted {2}transcode 42/);
  });

  test('cuts the columns that give way first, then leaves them out', () => {
    expect(tableLines(COLUMNS, ROWS, plain(60))[1]).toBe('submitted  transcode 42  active 41 of 100 frames  attempt 2…');
    expect(tableLines(COLUMNS, ROWS, plain(45))[1]).toBe('submitted  transcode 42  active 41…  attempt…');
    expect(tableLines(COLUMNS, ROWS, plain(35))[1]).toBe('submitted  transcode 42  active …');
  });

  test('has no column without a text', () => {
    expect(tableLines(COLUMNS, [['failed', 'q 1', '', '']], plain())).toEqual(['STATE   JOB', 'failed  q 1']);
  });

  test('colours a cell without counting the colour', () => {
    const paint = (colour: string, text: string) => `<${colour}>${text}</>`;

    const [, row] = tableLines([{ title: 'STATE' }, { title: 'JOB' }], [[{ text: 'failed', colour: 'red' }, 'q 1']], {
      columns: 20,
      paint,
    });

    expect(row).toBe('<red>failed</>  q 1');
  });
});

describe('a text', () => {
  test('of another program cannot move the cursor', () => {
    expect(oneLine('a\u001B[2J\u202Eb\r\n  c\u009B')).toBe('a\uFFFD[2J\uFFFDb c\uFFFD');
  });

  test.each([
    ['plain', 5],
    ['動画', 4],
    ['👩‍🚀x', 3],
    ['e\u0301', 1],
  ])('%s takes %i columns', (text, width) => {
    expect(widthOf(text)).toBe(width);
  });

  test('is cut between letters', () => {
    expect(cutTo(4, '動画abc')).toBe('動…');
    expect(cutTo(7, '動画abc')).toBe('動画abc');
  });
});

test.each([
  [0, '0s'],
  [999, '0s'],
  [12_000, '12s'],
  [60_000, '1m'],
  [320_000, '5m 20s'],
  [7_500_000, '2h 5m'],
  [273_600_000, '3d 4h'],
])('%i ms are %s', (ms, words) => {
  expect(lengthInWords(ms)).toBe(words);
});

test('no age is negative', () => {
  expect(ageOf(new Date(5_000), 1_000)).toBe('0s');
});
