import { expect, test } from '@jest/globals';
import { certificateOf, certifiedRun, type Surroundings } from '../../../../drill/command/certificate.ts';
import { factsOfDrill } from '../../../../drill/command/facts.ts';
import { flawOf } from '../../../../drill/command/judge.ts';
import { certificateText } from '../../../../drill/command/text.ts';
import type { Place } from '../../../../drill/harness/cell.ts';
import type { CellRun } from '../../../../drill/harness/table.ts';
import { KEPT } from './kept.ts';

/** The certificate, for people and for machines. */

const SURROUNDINGS: Surroundings = {
  about: 'the farm',
  module: './drill.ts',
  date: new Date(0),
  versions: { mooring: '1.2.3', bullmq: '6.7.0', redis: '7.0.15', node: '20.20.2' },
  platform: 'linux x64',
  facts: factsOfDrill({
    job: { submit: async () => 'id', getStatus: async () => ({ state: 'active' }), idempotentFor: '1d' },
    input: {},
    count: async () => 1,
  }),
  undisturbed: { jobs: 1, took: 2_000, submitTook: 40 },
};

function certified(runs: readonly (readonly [gap: Place['gap'], run: Partial<CellRun>, turn?: number])[]) {
  const all = runs.map(([gap, run, turn = 1]) => {
    const place = { end: 'kill', gap, system: 'keyed', turn } as const;
    const whole = { ...KEPT, ...run };
    return certifiedRun(place, whole, flawOf(place, whole, 1));
  });
  return certificateOf(SURROUNDINGS, all, { took: 65_000, notes: ['cleanUp of x failed: gone'] });
}

test('what passed is a table of jobs, ends and times, with all that was counted', () => {
  const certificate = certified([
    ['G3', {}],
    ['G10', { took: 61_000 }],
  ]);

  expect(certificateText(certificate)).toEqual([
    'mooring drill: the farm',
    '',
    'passed       yes',
    'module       ./drill.ts',
    'date         1970-01-01T00:00:00.000Z, took 1m 5s',
    'versions     mooring 1.2.3, BullMQ 6.7.0, Redis 7.0.15, Node.js 20.20.2, linux x64',
    'facts        keyed: a repeated key is recognised for 1d',
    '             submitTimeout 1m, polls every 1s to 30s, without cancel, without getResult',
    'undisturbed  1 job, 2.0s, submit 40 ms',
    '',
    'gap                                          kill',
    'G3   write-ahead done, before the request    1 result 2.4s',
    'G10  end seen, before the result is written  1 result 1m 1s',
    '',
    'note: cleanUp of x failed: gone',
    '',
    '3 runs, 3 jobs: 0 doubles, 0 lost jobs, 0 lost results, 0 other than the crash table says, 0 that could not be made',
  ]);
});

test('what differs is marked in the table with a note below it', () => {
  const certificate = certified([
    ['G5', { submissions: 3 }],
    ['G5', {}, 2],
    ['G6', { submissions: 0 }],
    ['G7', { result: false, reason: 'it broke' }],
    ['G9', { trouble: 'G9 was not reached' }],
  ]);

  const text = certificateText(certificate).join('\n');

  expect(certificate).toMatchObject({
    form: 1,
    passed: false,
    totals: { runs: 6, jobs: 7, doubles: 2, lostJobs: 1, lostResults: 1, others: 0, notMade: 1 },
  });
  expect(text).toMatch(/^passed +no$/m);
  expect(text).toMatch(/^G5 .* 1 x 3 result \(!\), 1 x 1 result 2\.4s$/m);
  expect(text).toMatch(/^G9 .* not made \(!\) 2\.4s$/m);
  expect(text).toContain('\nkill G5: 3 jobs instead of 1\n');
  expect(text).toContain('\nkill G7: no result: it broke\n');
});
