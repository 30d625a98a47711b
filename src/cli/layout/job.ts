import type { JobRecord, JobState, JsonValue } from '../../index.ts';
import type { Colour } from '../terminal.ts';
import { count } from '../words.ts';
import { ageOf, lengthInWords } from './age.ts';

/** Parts of a record in words. */

/** Colours by state. */
export const STATE_COLOURS: Readonly<Record<JobState, Colour>> = {
  ambiguous: 'red',
  submitting: 'yellow',
  submitted: 'green',
  failed: 'red',
  succeeded: 'dim',
};

/** An external ID: a text as it is, anything else as JSON. */
export function shownId(id: JsonValue): string {
  return typeof id === 'string' ? id : JSON.stringify(id);
}

/** How the job is, in a few words. */
export function pollInWords(record: JobRecord, now: number): string {
  const { lastPoll, state } = record;
  if (state === 'failed') return record.reason;
  if (state === 'submitting') return record.deadline.getTime() < now ? 'its attempt is gone' : 'the request is on its way';
  if (state === 'ambiguous') return 'waits for a person';
  if (wasCancelled(record)) return 'cancelled';
  if (!lastPoll || state === 'succeeded') return '';
  const more = [progressInWords(lastPoll.progress), lastPoll.detail].filter((text) => text !== undefined && text !== '');
  return [waitsForPerson(record) ? 'missing: waits for a person' : lastPoll.state, ...more].join(' ');
}

/** Progress as people read it: what an external system told, without the marks of JSON. */
function progressInWords(progress: JsonValue | undefined): string | undefined {
  if (progress === undefined || progress === null) return undefined;
  if (typeof progress === 'number') return Number.isInteger(progress) ? String(progress) : progress.toFixed(2);
  if (typeof progress === 'string') return progress;
  if (typeof progress !== 'object' || Array.isArray(progress)) return JSON.stringify(progress);
  return Object.entries(progress)
    .map(([name, part]) => `${name} ${progressInWords(part) ?? 'null'}`)
    .join(', ');
}

/** Whether somebody had it cancelled, and no attempt has asked the external system since. */
export function wasCancelled({ state, history }: JobRecord): boolean {
  return state === 'submitted' && history.at(-1)?.kind === 'cancelled';
}

/** Whether a person has to do something before the job can go on. */
export function waitsForPerson({ state, history }: JobRecord): boolean {
  return state === 'ambiguous' || (state === 'submitted' && history.at(-1)?.kind === 'missing');
}

/** When it was asked for last, and how often; `undefined` before the first time. */
export function pollTimesInWords({ lastPoll }: JobRecord, now: number): string | undefined {
  if (!lastPoll) return undefined;
  const { at, count: polls, next } = lastPoll;
  const then = next === undefined ? '' : `, again ${inWords(next, now)}`;
  return `asked ${ageOf(at, now)} ago${then} (${count(polls, 'time')} since the submission)`;
}

/**
 * So long after the time of a poll nobody doubts any more that it did not happen, in milliseconds. Records say it at most once a
 * minute.
 */
export const LATE_POLL = 120_000;

function inWords(date: Date, now: number): string {
  const left = date.getTime() - now;
  if (left > 0) return `in ${lengthInWords(left)}`;
  return left > -LATE_POLL ? 'about now' : `was due ${ageOf(date, now)} ago`;
}
