import type { JsonValue } from '../../model/storable.ts';
import type { RecordHistory, StoredEvent, StoredPoll } from '../../format/jobs/history.ts';
import { withEvent } from '../../format/jobs/history.ts';
import type { StoredRecord } from '../../format/record.ts';
import type { DecisionKind } from '../../observe/events.ts';
import type { JobStatus } from '../status.ts';

/**
 * What a run adds to the history of its record. It is kept here until a write of the record takes it along. Nothing rests on it:
 * it is for people.
 */

/** What may happen to a job in an attempt. */
export type AttemptEvent = DecisionKind | 'released' | 'succeeded' | 'failed';

/** The history of the record of one run. */
export interface JobHistory {
  /** Goes on from what the record says, unless this run has something to add. */
  load(record: StoredRecord | undefined): void;
  /** Something happened. */
  note(kind: AttemptEvent, submission: number): void;
  /** What a poll showed. */
  polled(status: JobStatus): void;
  /** When the next poll is meant to be, in milliseconds of the metastore. */
  pollsAt(next: number): void;
  /** Whether the attempt was last handed back to the runtime, and so was not killed. */
  released(): boolean;
  /** The runtime would not take the attempt back. */
  stayed(): void;
  /** What a write takes along; `undefined` if there is nothing. */
  text(): RecordHistory | undefined;
  /** A write has taken it along. */
  saved(): void;
  /** A write failed: it is not tried again at once. */
  postponed(): void;
  /** Whether something was added that no write took along, and the last one was so long ago. In milliseconds. */
  isDue(after: number): boolean;
}

const LONGEST_DETAIL = 200;
const LONGEST_PROGRESS = 1_000;
/** Another submission begins. */
const BEGINS: readonly AttemptEvent[] = ['submitted', 'resubmitted'];

/** A history. `now`: milliseconds of the metastore. */
export function createHistory({ attempt, now }: { attempt: number; now: () => number }): JobHistory {
  let history: RecordHistory | undefined;
  let changed = false;
  let savedAt: number | undefined;

  const add = (event: StoredEvent): void => {
    changed = true;
    history = withEvent(history, event);
  };
  const last = (): StoredEvent | undefined => history?.events.at(-1);

  return {
    load(record) {
      if (changed) return;
      history = record?.history;
      savedAt = Math.max(record?.updatedAt ?? 0, history?.poll?.at ?? 0);
    },
    note(kind, submission) {
      const at = now();
      const before = last();
      const again = before?.[1] === 'released' && before[2] === submission;
      // A released attempt that comes back to poll is no news.
      if (kind === 'reconnected' && again) return;
      if (kind === 'released' && again && history) history = { ...history, events: history.events.slice(0, -1) };
      if (BEGINS.includes(kind) && history) history = { events: history.events };
      add([at, kind, submission, attempt]);
    },
    polled(status) {
      const { state } = status;
      // A user's function may return anything.
      const told: unknown = state === 'unknown' ? status.detail : undefined;
      const detail = typeof told === 'string' ? { detail: told.slice(0, LONGEST_DETAIL) } : {};
      const progress = state === 'active' && isShort(status.progress) ? { progress: status.progress } : {};
      const poll: StoredPoll = { at: now(), state, ...detail, ...progress, count: (history?.poll?.count ?? 0) + 1 };
      history = { events: history?.events ?? [], poll };
      changed = true;
    },
    pollsAt(next) {
      if (history?.poll) history = { ...history, poll: { ...history.poll, next: Math.round(next) } };
    },
    released: () => last()?.[1] === 'released',
    stayed() {
      if (last()?.[1] !== 'released' || !history) return;
      history = { ...history, events: history.events.slice(0, -1) };
      changed = true;
    },
    text: () => history,
    saved() {
      changed = false;
      savedAt = now();
    },
    postponed() {
      savedAt = now();
    },
    isDue: (after) => changed && now() - (savedAt ?? 0) >= after,
  };
}

function isShort(progress: unknown): progress is JsonValue {
  if (progress === undefined) return false;
  try {
    return (JSON.stringify(progress) ?? '').length <= LONGEST_PROGRESS;
  } catch {
    return false;
  }
}
