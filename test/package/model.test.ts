import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { faultsOf, parseRuns } from '../../scripts/model/runs.ts';

/** What `npm run model` makes of model/runs.txt. The model itself needs Go, and runs there. */

const model = join(import.meta.dirname, '../../model');

describe('a run', () => {
  test('that breaks what the file names is as said', () => {
    const [run] = parseRuns('# heading\n\nsecond-job lost-job | keyed flush=2 -clock\n');

    expect(run).toEqual({ expected: ['second-job', 'lost-job'], words: ['keyed', 'flush=2', '-clock'] });
    expect(faultsOf(run!, { States: 9, Complete: true, Traces: { 'second-job': [], 'lost-job': [] } })).toEqual([]);
  });

  test('that breaks something else, too little, or is cut off, differs', () => {
    const [holds, breaks] = parseRuns('holds | keyed\nsecond-job | plain');

    expect(faultsOf(holds!, { States: 9, Complete: true, Traces: { stuck: [] } })).toEqual(['breaks stuck']);
    expect(faultsOf(breaks!, { States: 9, Complete: true, Traces: {} })).toEqual(['does not break second-job']);
    expect(faultsOf(holds!, { States: 9, Complete: false, Traces: {} })).toHaveLength(1);
  });

  test.each(['keyed', ' | keyed', 'holds | keyed | plain'])('%j is refused with its line', (line) => {
    expect(() => parseRuns(`holds | keyed\n${line}`)).toThrow('model/runs.txt:2');
  });
});

test('every promise in runs.txt is explained in the README', async () => {
  const runs = parseRuns(await readFile(join(model, 'runs.txt'), 'utf8'));
  const readme = await readFile(join(model, 'README.md'), 'utf8');

  const unexplained = runs.flatMap(({ expected }) => expected).filter((promise) => !readme.includes(`\`${promise}\``));

  expect(unexplained).toEqual([]);
});
