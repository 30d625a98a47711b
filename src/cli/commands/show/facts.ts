import type { JobRecord, TaskScope } from '../../../index.ts';
import { queueJobOf } from '../../../format/queue-job.ts';
import { pathOf } from '../../address/name.ts';
import { ageOf, instantInWords } from '../../layout/age.ts';
import { shownId, pollInWords, pollTimesInWords, wasCancelled } from '../../layout/job.ts';
import { oneLine } from '../../layout/text.ts';
import { inQueueInWords, type InQueue } from './in-queue.ts';

/** What is known, one fact a line. */

/** A fact: what it is, and its text. One without a text is left out. */
export type Fact = readonly [label: string, text: string | undefined];

/** The facts of a task. */
export function taskFacts(scope: TaskScope, queued: InQueue | undefined): Fact[] {
  const job = queueJobOf(scope);
  return [
    ['path', pathOf(scope)],
    ['queue', job && `${job.queue}${job.prefix === 'bull' ? '' : ` (prefix ${job.prefix})`}`],
    ['job', job && `${job.id}, added ${instantInWords(new Date(job.createdAt))}`],
    ['in queue', queued && inQueueInWords(queued)],
    ['task', scope.task],
  ];
}

/** The facts of a record. */
export function recordFacts(record: JobRecord, now: number): Fact[] {
  const { externalIdKey, name, since, submission, idempotencyKey, holder, description, previous } = record;
  return [
    ['record', name === undefined ? externalIdKey : `${externalIdKey} (${name})`],
    ['state', `${record.state} for ${ageOf(since, now)}, since ${instantInWords(since)}`],
    ['external ID', 'externalId' in record ? shownId(record.externalId) : undefined],
    ['title', description?.title],
    ['link', description?.url],
    ['status', pollInWords(record, now)],
    ['polls', pollTimesInWords(record, now)],
    ['holder', holder],
    ['submission', `${submission}, with the key ${idempotencyKey}`],
    ['deadline', record.state === 'submitting' ? instantInWords(record.deadline) : undefined],
    ['price', priceInWords(record, now)],
    ...previous.map((one): Fact => {
      const id = one.externalId === undefined ? 'never resolved' : shownId(one.externalId);
      return ['before', `submission ${one.submission}: ${id}, with the key ${one.idempotencyKey}`];
    }),
  ];
}

const HOUR = 3_600_000;

function priceInWords(record: JobRecord, now: number): string | undefined {
  const { description, state, since } = record;
  const { costPerHour } = description ?? {};
  const running = state === 'submitted' && !wasCancelled(record);
  if (!costPerHour) return undefined;
  const { amount, currency } = costPerHour;
  const soFar = (amount * Math.max(0, now - since.getTime())) / HOUR;
  return `${amount} ${currency} an hour${running ? `, some ${soFar.toFixed(2)} ${currency} so far` : ''}`;
}

/** Facts as lines, below each other. */
export function factLines(facts: readonly Fact[]): string[] {
  const known = facts.filter(([, text]) => text !== undefined && text !== '');
  const width = Math.max(...known.map(([label]) => label.length));
  return known.map(([label, text = '']) => `  ${label.padEnd(width)}  ${oneLine(text)}`);
}
