import type { JsonValue } from '../../model/storable.ts';

/**
 * The history of a record: what the last poll showed, and what happened. It is the last property of the record's JSON, after a line
 * break that `JSON.stringify()` never writes. So the metastore replaces it without a look at the rest, and to every reader it is a
 * property like any other.
 */

/** What happened: when in milliseconds, what, to which submission, and in which attempt; without one, a person did it. */
export type StoredEvent = readonly [at: number, kind: string, submission: number, attempt?: number];

/** What the last poll showed. */
export interface StoredPoll {
  at: number;
  state: string;
  detail?: string;
  progress?: JsonValue;
  /** How many polls there were since the submission. */
  count: number;
  /** When an attempt means to poll next. */
  next?: number;
}

/** What people want to know of a job in addition to its record. */
export interface RecordHistory {
  poll?: StoredPoll | undefined;
  /** Oldest first. */
  events: readonly StoredEvent[];
}

/** What is between the rest of a record's JSON and its history. */
export const HISTORY_MARK = ',\n"history":';

/** The most events that are kept. */
const MOST_EVENTS = 20;

/** The JSON of a record with its history. */
export function withHistory(json: string, history: RecordHistory | undefined): string {
  return history === undefined ? json : `${json.slice(0, -1)}${HISTORY_MARK}${JSON.stringify(history)}}`;
}

/** The JSON of a record with another history, which is JSON too. */
export function replaceHistory(json: string, history: string): string {
  const at = json.indexOf(HISTORY_MARK);
  return `${at < 0 ? json.slice(0, -1) : json.slice(0, at)}${HISTORY_MARK}${history}}`;
}

/** A history with one event more. */
export function withEvent(history: RecordHistory | undefined, event: StoredEvent): RecordHistory {
  const events = [...(history?.events ?? []), event].slice(-MOST_EVENTS);
  return { ...history, events };
}

/** The history that a record's JSON held, if it can be read. It is for people alone, so a damaged one is no damaged record. */
export function readHistory(found: unknown): RecordHistory | undefined {
  const { events, poll } = (found ?? {}) as { events?: unknown; poll?: unknown };
  if (!Array.isArray(events)) return undefined;
  return { events: events.filter(isEvent).slice(-MOST_EVENTS), poll: isPoll(poll) ? poll : undefined };
}

function isEvent(event: unknown): event is StoredEvent {
  if (!Array.isArray(event)) return false;
  const [at, kind, submission, attempt] = event as unknown[];
  const sound = Number.isFinite(at) && typeof kind === 'string' && Number.isFinite(submission);
  return sound && (attempt === undefined || Number.isFinite(attempt));
}

function isPoll(poll: unknown): poll is StoredPoll {
  const { at, state, count } = (poll ?? {}) as Partial<StoredPoll>;
  return Number.isFinite(at) && typeof state === 'string' && Number.isFinite(count);
}
