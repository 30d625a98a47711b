import type { JobRecord } from '../../../index.ts';
import { ADDRESS_ABOUT, ADDRESS_FLAGS, ADDRESS_OPERANDS, readAddress } from '../../address/address.ts';
import { nameOf } from '../../address/name.ts';
import { taskAt, type FoundTask } from '../../address/records.ts';
import type { StoreCommand, Work } from '../../command.ts';
import { instantInWords } from '../../layout/age.ts';
import { reportOf } from '../../layout/report.ts';
import { tableLines } from '../../layout/table.ts';
import { EXIT } from '../../outcome.ts';
import { factLines, recordFacts, taskFacts } from './facts.ts';
import { inQueue, type InQueue } from './in-queue.ts';
import { nextOf, type NextStep } from './next.ts';
import { eventInWords, timelineOf } from './timeline.ts';
import { valueLines, valueReport, valuesOf, type ValueList } from './values.ts';

/** `mooring show`: all that is known of one job, and what to do. */
export const showCommand: StoreCommand = {
  kind: 'store',
  summary: 'show one job: its record, its past, its values by name, and what to do next',
  operands: ADDRESS_OPERANDS,
  flags: ADDRESS_FLAGS,
  about: [
    ...ADDRESS_ABOUT,
    'What its queue says of the job needs the package bullmq, and is left out if there is no answer within 2 seconds.',
    'Values are listed by name, size and place. Their contents are never shown: mooring get prints one.',
    'A job of a queue that is over is in no index. Without its path the whole namespace is looked through.',
  ],
  examples: [
    ['mooring show transcode 42', 'job 42 of the queue transcode'],
    ['mooring show transcode 42 --prefix eu', 'the same, if the queue has the prefix eu'],
    ['mooring show --workflow order-7 --activity transcode', 'an activity of Temporal'],
    ['mooring show import/2026-12-01/load', 'a task by its path'],
  ],
  plan(given) {
    const address = readAddress(given);
    return async (store, work) => {
      const { signal, terminal, tools, json } = work;
      const onScan = (): void => {
        if (!json) terminal.progress('looking through the whole namespace');
      };
      const task = await taskAt(store, address, { signal, onScan });
      const [values, queued] = await Promise.all([valuesOf(store, task.scope, signal), inQueue(task.scope, work)]);
      const now = tools.clock.now();
      const report = {
        scope: task.scope,
        ...(queued && { queue: queued }),
        records: task.records.map((record) => ({ ...reportOf(record), timeline: timelineOf(record) })),
        values: values.entries.map(valueReport),
        moreValues: values.more,
      };
      return { code: EXIT.ok, report, lines: linesOf(task, values, { ...work, now, queued }) };
    };
  },
};

type Now = Work & { readonly now: number; readonly queued: InQueue | undefined };

function linesOf({ scope, records }: FoundTask, values: ValueList, { terminal, now, queued }: Now): string[] {
  const title = (text: string): string[] => ['', terminal.paint('dim', text)];
  return [
    nameOf(scope),
    ...factLines(taskFacts(scope, queued)),
    ...records.flatMap((record) => recordLines(record, title, { terminal, now, queued })),
    ...(records.length === 0 ? [...title('External job'), '  none is recorded'] : []),
    ...title('Values'),
    ...valueLines(values, now, terminal),
  ];
}

function recordLines(
  record: JobRecord,
  title: (text: string) => string[],
  { terminal, now, queued }: Pick<Now, 'terminal' | 'now' | 'queued'>,
): string[] {
  const events = timelineOf(record).map((entry) => [instantInWords(entry.at), ...eventInWords(entry)]);
  const { happens, steps } = nextOf(record, now, queued);
  const [, ...timeline] = tableLines([{ title: '' }, { title: '' }, { title: '', yields: 1 }], events, {
    ...terminal,
    columns: undefined,
  });
  return [
    ...title('External job'),
    ...factLines(recordFacts(record, now)),
    ...(timeline.length === 0 ? [] : [...title('Timeline'), ...timeline.map((line) => `  ${line}`)]),
    ...title('Next'),
    ...[...happens, ...stepLines(steps)].map((line) => `  ${line}`),
  ];
}

function stepLines(steps: readonly NextStep[]): string[] {
  const width = Math.max(0, ...steps.map(([command]) => command.length));
  return steps.map(([command, does]) => `  ${command.padEnd(width)}  ${does}`);
}
