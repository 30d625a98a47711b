import type { JobRecord, TaskScope } from '../../../index.ts';
import { queueJobOf } from '../../../format/queue-job.ts';
import { nameOf } from '../../address/name.ts';
import { ageOf, lengthInWords } from '../../layout/age.ts';
import type { InQueue } from './in-queue.ts';
import { LATE_POLL, wasCancelled, waitsForPerson } from '../../layout/job.ts';

/** What happens next, and what a person can do, with the commands to copy. */

/** A command, and what it is for. */
export type NextStep = readonly [command: string, does: string];

/** The next steps of a job. */
export interface NextSteps {
  readonly happens: readonly string[];
  readonly steps: readonly NextStep[];
}

/** The next steps of a record. */
export function nextOf(record: JobRecord, now: number, queued?: InQueue): NextSteps {
  const commands = commandsOf(record.scope, record.externalIdKey);
  if (record.state === 'ambiguous') return ambiguous(record, commands);
  if (record.state === 'submitting') return submitting(record, { now, queued }, commands);
  if (record.state === 'failed') return failed(record, commands);
  if (record.state === 'succeeded') return succeeded(commands);
  if (wasCancelled(record)) return cancelled(commands);
  return waitsForPerson(record) ? missing(commands) : submitted(record, now, commands);
}

/** The commands for a record or a scope. Under BullMQ they also retry the job, where that is the next step. */
function commandsOf(scope: TaskScope, key?: string) {
  const name = nameOf(scope, key);
  const retry = queueJobOf(scope) === undefined ? '' : '--retry ';
  return {
    adopt: (does: string): NextStep => [`mooring adopt ${retry}${name} ID`, does],
    notSubmitted: (does: string): NextStep => [`mooring not-submitted ${retry}${name}`, does],
    reopen: (does: string): NextStep => [`mooring reopen ${retry}${name}`, does],
    cancel: (does: string): NextStep => [`mooring cancel ${nameOf(scope)} --reason WHY`, does],
    clear: (does: string): NextStep => [`mooring clear ${nameOf(scope)}`, does],
    retry: (does: string): NextStep => [`mooring retry ${nameOf(scope)}`, does],
    retries: retry !== '',
  };
}

type Commands = ReturnType<typeof commandsOf>;

function ambiguous({ idempotencyKey, submission }: JobRecord, { adopt, notSubmitted, retries }: Commands): NextSteps {
  return {
    happens: [
      `Nobody knows whether submission ${submission} arrived. Every attempt stops until a person says so.`,
      `Look in the external system for the key ${idempotencyKey}, then say what is true${retries ? '; --retry retries the job' : ''}:`,
    ],
    steps: [adopt('it is there, and has this ID'), notSubmitted('it is not there, and no request is on its way')],
  };
}

function submitting(
  { deadline, idempotencyKey }: Extract<JobRecord, { state: 'submitting' }>,
  { now, queued }: { now: number; queued: InQueue | undefined },
  { adopt, notSubmitted, retry }: Commands,
): NextSteps {
  const left = deadline.getTime() - now;
  if (left > 0)
    return { happens: [`The request may be on its way for another ${lengthInWords(left)}. There is nothing to do.`], steps: [] };
  if (queued?.state === 'failed') {
    return {
      happens: [
        'The attempt that submitted is gone, and the job has failed in its queue: no attempt will come by itself. A retry makes one.',
        'If you know the answer, look for the key and say it; --retry then makes the attempt:',
        `  ${idempotencyKey}`,
      ],
      steps: [
        retry('the next attempt repeats the submit with its key, searches for the job, or stops for a person'),
        adopt('it is there, and has this ID'),
        notSubmitted('it is not there, and no request is on its way'),
      ],
    };
  }
  return {
    happens: [
      'The attempt that submitted is gone. The next one repeats the submit with its key, searches for the job, or stops for a person.',
      'If none comes, see that a worker runs. If you know the answer, look for the key and say it:',
      `  ${idempotencyKey}`,
    ],
    steps: [adopt('it is there, and has this ID'), notSubmitted('it is not there, and no request is on its way')],
  };
}

function submitted({ lastPoll }: JobRecord, now: number, { cancel, clear }: Commands): NextSteps {
  const next = lastPoll?.next;
  const late = next === undefined ? undefined : now - next.getTime();
  const happens =
    next === undefined || late === undefined
      ? 'The attempt that holds the job asks the external system until it has ended. If it dies, the next one reconnects.'
      : late < LATE_POLL
        ? `The external system is asked again ${late < 0 ? `in ${lengthInWords(-late)}` : 'now'}. If the attempt dies, the next one reconnects.`
        : `The next poll was due ${ageOf(next, now)} ago: no worker has the job now. The next attempt reconnects; see that a worker runs.`;
  return {
    happens: [happens],
    steps: [cancel('stop it, and the external job with it'), clear('forget it: the external job goes on, as an orphan')],
  };
}

function missing({ clear }: Commands): NextSteps {
  return {
    happens: ['The external system does not know the job any more. Every attempt fails: see there what became of it.'],
    steps: [clear('begin anew: the next attempt submits another job')],
  };
}

function failed({ retryable }: Extract<JobRecord, { state: 'failed' }>, { reopen }: Commands): NextSteps {
  const happens = retryable
    ? 'The next attempt submits again by itself.'
    : 'The failure is final: every attempt fails with it, and submits nothing.';
  return { happens: [happens], steps: retryable ? [] : [reopen('let the next attempt submit again')] };
}

function cancelled({ clear }: Commands): NextSteps {
  return {
    happens: [
      'It was cancelled. The record says submitted until an attempt asks the external system again, which then records how it ended.',
      'That attempt submits nothing, if the status tells a cancel from other failures (jobStatus() with cancelled).',
    ],
    steps: [clear('take it off the lists: nothing is stopped by that')],
  };
}

function succeeded({ clear }: Commands): NextSteps {
  return {
    happens: ['It is over. A retry returns the stored result, and submits nothing.'],
    steps: [clear('begin anew: the next attempt submits another job')],
  };
}
