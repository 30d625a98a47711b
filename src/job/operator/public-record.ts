import { deadlineOf, type StoredRecord } from '../../format/record.ts';
import { holdsId } from '../../format/record-head.ts';
import type { RecordHistory, StoredPoll } from '../../format/jobs/history.ts';
import type { JsonValue } from '../../model/storable.ts';
import type { JobEvent, JobPoll, JobRecord } from './record.ts';

/** A stored record as operators see it. */

/** What operators see; `undefined` if no submission is open. */
export function publicRecord(
  where: Pick<JobRecord, 'scope' | 'externalIdKey' | 'holder'>,
  stored: StoredRecord,
): JobRecord | undefined {
  const { letter, version, submission, idempotencyKey, name, job, history } = stored;
  const unresolved = letter === 's' || letter === 'a';
  const shared = {
    ...where,
    name,
    job,
    version,
    submission,
    idempotencyKey,
    since: new Date(unresolved ? (stored.firstSentAt ?? stored.updatedAt) : stored.updatedAt),
    previous: stored.previous.map(({ reason: _, ...earlier }) => ({ ...earlier, externalId: earlier.externalId })),
    description: stored.shown,
    lastPoll: history?.poll && publicPoll(history.poll),
    history: publicEvents(history),
  };
  if (letter === 's') return { ...shared, state: 'submitting', deadline: new Date(deadlineOf(stored)) };
  if (letter === 'a') return { ...shared, state: 'ambiguous' };
  if (!holdsId(letter)) return undefined;
  const externalId = stored.externalId as JsonValue;
  if (letter === 'f')
    return { ...shared, state: 'failed', externalId, reason: stored.reason ?? '', retryable: stored.retryable !== false };
  return { ...shared, state: letter === 'o' ? 'succeeded' : 'submitted', externalId };
}

function publicPoll({ at, state, detail, progress, count, next }: StoredPoll): JobPoll {
  return {
    at: new Date(at),
    state: state as JobPoll['state'],
    detail,
    progress,
    count,
    next: next === undefined ? undefined : new Date(next),
  };
}

function publicEvents(history: RecordHistory | undefined): JobEvent[] {
  return (history?.events ?? []).map(([at, kind, submission, attempt]) => {
    return { at: new Date(at), kind: kind as JobEvent['kind'], submission, attempt };
  });
}
