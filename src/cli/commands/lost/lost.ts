import { jobRecords, type JobRecord, type JobState } from '../../../index.ts';
import { readQueue } from '../../address/address.ts';
import { queueJobOf } from '../../../format/queue-job.ts';
import { nameOf, pathOf } from '../../address/name.ts';
import type { StoreCommand } from '../../command.ts';
import { ageOf } from '../../layout/age.ts';
import { shownId, STATE_COLOURS } from '../../layout/job.ts';
import { reportOf } from '../../layout/report.ts';
import { tableLines } from '../../layout/table.ts';
import { EXIT } from '../../outcome.ts';
import { count } from '../../words.ts';
import { FILTER_FLAGS } from '../jobs/query.ts';
import { lostAmong, type LostJobs, type LostRecord, type Unchecked } from './check.ts';

/** `mooring lost`: records that no attempt comes for any more. */

/** A failed external job waits for nothing. */
const WAITING: readonly JobState[] = ['submitting', 'submitted', 'ambiguous'];
const COLUMNS = [
  { title: 'STATE' },
  { title: 'AGE' },
  { title: 'JOB' },
  { title: 'EXTERNAL ID', yields: 2 },
  { title: 'WHY', yields: 1 },
];

export const lostCommand: StoreCommand = {
  kind: 'store',
  summary: 'list the open records whose job is gone from its queue or workflow',
  flags: {
    queue: FILTER_FLAGS.queue,
    prefix: { value: 'PREFIX', holds: 'only queues of this prefix (with --queue: bull)' },
    temporal: { value: 'ADDRESS', holds: 'host:port of a Temporal server, to look there too' },
  },
  about: [
    'Looks for the job of each open record: in its queue with the package bullmq, and in Temporal with @temporalio/client if',
    "--temporal says where. TLS and API key are those of Temporal's variables (TEMPORAL_TLS, TEMPORAL_API_KEY and so on) and",
    'of its file, read by @temporalio/envconfig. What was not checked is said. A job that is gone was removed, or has ended',
    'while its external job goes on: nobody waits for that one any more. Ends with 1 if there is such a record, or if one',
    'could not be checked.',
  ],
  examples: [
    ['mooring lost', 'all queues'],
    ['mooring lost --temporal localhost:7233', 'and the workflows of Temporal'],
  ],
  plan(given) {
    const [queue, prefix, temporal] = ['queue', 'prefix', 'temporal'].map((flag) => given.text(flag));
    const flow = queue === undefined ? undefined : readQueue(queue, prefix);
    const isWanted = ({ scope }: JobRecord) => flow !== undefined || prefix === undefined || queueJobOf(scope)?.prefix === prefix;
    return async (store, work) => {
      const { signal, terminal, tools } = work;
      const records: JobRecord[] = [];
      const query = { state: WAITING, ...(flow !== undefined && { flow }), signal };
      for await (const record of jobRecords(store).list(query)) if (isWanted(record)) records.push(record);
      terminal.progress(`looking for ${count(records.length, 'job')}`);
      const found = await lostAmong(records, temporal, work);
      const now = tools.clock.now();
      const rows = found.lost.map((one) => cellsOfLost(one, now));
      const failures = found.unchecked.filter(({ failed }) => failed).map(uncheckedInWords);
      const total = `${count(found.checked, 'open record')} checked, ${found.lost.length} lost`;
      return {
        code: found.lost.length > 0 || failures.length > 0 ? EXIT.failed : EXIT.ok,
        report: { ...found, lost: found.lost.map(({ record, why }) => ({ why, ...reportOf(record) })) },
        lines: [...(rows.length === 0 ? [] : tableLines(COLUMNS, rows, terminal)), total, ...failures],
        notes: notesOf(found),
      };
    };
  },
};

function cellsOfLost({ record, why }: LostRecord, now: number) {
  const { scope, externalIdKey, state, since } = record;
  const id = 'externalId' in record ? shownId(record.externalId) : '';
  return [{ text: state, colour: STATE_COLOURS[state] }, ageOf(since, now), nameOf(scope, externalIdKey), id, why];
}

function uncheckedInWords({ count: records, why, failed }: Unchecked): string {
  return `${count(records, 'record')} ${failed ? 'could not be checked' : 'not checked'}: ${why}.`;
}

function notesOf({ lost: [first], unchecked }: LostJobs): string[] {
  return [
    ...unchecked.filter(({ failed }) => !failed).map(uncheckedInWords),
    ...(first ? [`Retry the job, or stop its external job and forget both: mooring clear ${nameOrPath(first)}`] : []),
  ];
}

/** If another job has the ID now, only the path means the lost one. */
function nameOrPath({ record: { scope }, why }: LostRecord): string {
  return why.startsWith('another') ? pathOf(scope) : nameOf(scope);
}
