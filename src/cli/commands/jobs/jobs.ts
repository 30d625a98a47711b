import type { StateStore } from '../../../index.ts';
import { isMooringError } from '../../../model/errors/store.ts';
import { messageOf } from '../../../model/reason.ts';
import type { StoreCommand, Work } from '../../command.ts';
import { readDuration, type Given } from '../../flags.ts';
import { instantInWords } from '../../layout/age.ts';
import { reportOf } from '../../layout/report.ts';
import { tableLines } from '../../layout/table.ts';
import { EXIT, type CommandOutcome } from '../../outcome.ts';
import { UsageError } from '../../usage-error.ts';
import { nextStep } from './hint.ts';
import { listJobs, type Listing } from './listing.ts';
import { FILTER_FLAGS, readQuery, type JobsQuery } from './query.ts';
import { COLUMNS, cellsOf } from './row.ts';

/** `mooring jobs`: what runs, what failed and what waits for a person. */

const EVERY = 2_000;
const LONGEST = 3_600_000;

export const jobsCommand: StoreCommand = {
  kind: 'store',
  summary: 'list the external jobs that are open or have failed',
  flags: {
    ...FILTER_FLAGS,
    paths: { holds: 'name each job by its path, which fits no other job' },
    watch: { holds: 'list again and again, until Ctrl-C' },
    every: { value: 'TIME', holds: 'the pause of --watch (2s; 1s to 1h)' },
  },
  about: [
    'What waits for a person comes first, then the oldest. The words under JOB are those that the other commands take.',
    'AGE is the time since the job has been in its state; for a submit without an answer, since it was first sent.',
    'An index has the jobs that are not over, so the list takes as long with a million finished ones as with none.',
  ],
  examples: [
    ['mooring jobs', 'all that is open or failed'],
    ['mooring jobs --state ambiguous', 'what a person has to answer'],
    ['mooring jobs --queue transcode --older-than 2h', 'what has run for long'],
    ['mooring jobs --watch', 'the same, live'],
    ['mooring jobs --json | jq -r ".jobs[].externalId"', 'for scripts'],
  ],
  interrupted: 'nothing was changed',
  plan(given) {
    const query = readQuery(given);
    const paths = given.has('paths');
    const every = readPause(given);
    return async (store, work) => {
      if (query.scans && !work.json)
        work.terminal.note('Succeeded jobs are in no index: this looks through the whole namespace.');
      return given.has('watch') ? watch(store, query, { ...work, every, paths }) : once(store, query, { ...work, paths });
    };
  },
};

function readPause(given: Given): number {
  const every = readDuration('every', given.text('every'));
  if (every !== undefined && !given.has('watch')) throw new UsageError('--every needs --watch');
  if (every !== undefined && (every < 1_000 || every > LONGEST)) throw new UsageError('--every must be from 1s to 1h');
  return every ?? EVERY;
}

type JobsWork = Work & { readonly paths: boolean };

async function once(store: StateStore, query: JobsQuery, work: JobsWork): Promise<CommandOutcome> {
  const listing = await listJobs(store, query, { now: work.tools.clock.now(), signal: work.signal });
  return { code: EXIT.ok, ...shown(listing, work), notes: nextStep(listing) };
}

/** Never ends by itself: the signal ends it. A store that fails for a while is said, and asked again. */
async function watch(store: StateStore, query: JobsQuery, work: JobsWork & { readonly every: number }): Promise<CommandOutcome> {
  const { signal, terminal, tools, json, every } = work;
  for (;;) {
    try {
      const listing = await listJobs(store, query, { now: tools.clock.now(), signal });
      const { lines, report } = shown(listing, work);
      if (json) terminal.line(JSON.stringify({ command: 'jobs', ...report }));
      else terminal.screen([instantInWords(new Date(tools.clock.now())), '', ...lines, ...nextStep(listing)]);
    } catch (error) {
      if (!isMooringError(error) || !error.retryable) throw error;
      terminal.note(`warning: ${messageOf(error)}; tried again`);
    }
    await tools.clock.sleep(every, signal);
  }
}

function shown(
  { records, total, waiting, late }: Listing,
  { terminal, tools, paths }: JobsWork,
): Pick<CommandOutcome, 'lines' | 'report'> {
  const now = tools.clock.now();
  const rows = records.map((record) => cellsOf(record, { now, paths }));
  const more = total > records.length ? [`${records.length} of ${total} jobs (--limit)`] : [];
  const lines = rows.length === 0 ? ['no jobs'] : [...tableLines(COLUMNS, rows, terminal), ...more];
  return { lines, report: { at: new Date(now), total, waiting, late, jobs: records.map(reportOf) } };
}
