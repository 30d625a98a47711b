import { count } from '../../src/cli/words.ts';
import { END_NAMES, type End } from '../harness/ends.ts';
import { GAPS, GAP_NAMES } from '../harness/gaps.ts';
import type { Certificate, CertifiedRun } from './certificate.ts';
import { factsInWords } from './facts.ts';

/** The certificate for people: a row for each gap, a column for each way in which attempts end. */

const NONE = '-';
const MINUTE = 60_000;

/** Its lines. */
export function certificateText(certificate: Certificate): string[] {
  const { about, module, date, took, versions, platform, facts, undisturbed, runs, notes, passed } = certificate;
  const { mooring, bullmq, redis, node } = versions;
  const [known = '', more = ''] = factsInWords(facts);
  const faults = runs.filter(({ fault }) => fault !== undefined);
  return [
    `mooring drill: ${about}`,
    '',
    ...aligned([
      ['passed', passed ? 'yes' : 'no'],
      ['module', module],
      ['date', `${date.toISOString()}, took ${timeInWords(took)}`],
      ['versions', `mooring ${mooring}, BullMQ ${bullmq}, Redis ${redis}, Node.js ${node}, ${platform}`],
      ['facts', known],
      ['', more],
      ['undisturbed', `${count(undisturbed.jobs, 'job')}, ${timeInWords(undisturbed.took)}, submit ${undisturbed.submitTook} ms`],
    ]),
    '',
    ...table(runs),
    '',
    ...faults.map(({ end, gap, turn, text }) => `${end} ${gap}${turn > 1 ? ` (${turn})` : ''}: ${text}`),
    ...notes.map((note) => `note: ${note}`),
    ...(faults.length + notes.length > 0 ? [''] : []),
    totalsInWords(certificate),
  ];
}

function totalsInWords({ totals }: Certificate): string {
  const { runs, jobs, doubles, lostJobs, lostResults, others, notMade } = totals;
  return [
    `${count(runs, 'run')}, ${count(jobs, 'job')}: ${count(doubles, 'double')}`,
    count(lostJobs, 'lost job'),
    count(lostResults, 'lost result'),
    `${others} other than the crash table says`,
    `${notMade} that could not be made`,
  ].join(', ');
}

function table(runs: readonly CertifiedRun[]): string[] {
  const ends = END_NAMES.filter((end) => runs.some((run) => run.end === end));
  const gaps = GAP_NAMES.filter((gap) => runs.some((run) => run.gap === gap));
  const cell = (gap: string, end: End): string => cellInWords(runs.filter((run) => run.gap === gap && run.end === end));
  return aligned([['gap', '', ...ends], ...gaps.map((gap) => [gap, GAPS[gap], ...ends.map((end) => cell(gap, end))])]);
}

/** `1 result 2.4s`: jobs, how the runs ended, and what the longest took. */
function cellInWords(runs: readonly CertifiedRun[]): string {
  if (runs.length === 0) return NONE;
  const often = new Map<string, number>();
  for (const { jobs, outcome, fault } of runs) {
    const words = `${outcome === 'not made' ? '' : `${jobs} `}${outcome}${fault === undefined ? '' : ' (!)'}`;
    often.set(words, (often.get(words) ?? 0) + 1);
  }
  const words = [...often].map(([text, times]) => (runs.length > 1 ? `${times} x ${text}` : text));
  return `${words.join(', ')} ${timeInWords(Math.max(...runs.map(({ took }) => took)))}`;
}

/** A length of time that was measured. */
export function timeInWords(ms: number): string {
  if (ms < MINUTE) return `${(ms / 1_000).toFixed(1)}s`;
  const minutes = Math.floor(ms / MINUTE);
  return `${minutes}m ${Math.round((ms - minutes * MINUTE) / 1_000)}s`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => (row[column] ?? '').length)));
  return rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
