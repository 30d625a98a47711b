import { scopePath } from '../format/path.ts';
import type { JobRecord, Orphan } from '../job/operator/record.ts';
import type { TaskScope } from '../model/scope.ts';
import type { JsonValue } from '../model/storable.ts';
import { progressShown } from './progress.ts';
import type { BoardOrphan, BoardRow, BoardState } from './wire.ts';

/** Records and orphans as the tables show them. */

/** A record whose state the board shows. */
export type ShownRecord = JobRecord & { state: BoardState };

/** Whether the board lists a record. */
export function isShown(record: JobRecord): record is ShownRecord {
  return record.state !== 'succeeded';
}

/** The row of a record. */
export function rowOf(record: ShownRecord): BoardRow {
  const { scope, externalIdKey: key, version, submission, state, description, lastPoll, holder } = record;
  const progress = progressShown(lastPoll?.progress);
  const unresolved = state === 'submitting' || state === 'ambiguous';
  const url = webAddress(description?.url);
  return {
    id: recordId(scope, key),
    scope,
    key,
    version,
    title: description?.title ?? record.name ?? scope.task,
    place: placeOf(scope),
    state,
    submission,
    since: record.since.getTime(),
    ...(record.state === 'submitting' && { deadline: record.deadline.getTime() }),
    ...(unresolved && { idempotencyKey: record.idempotencyKey }),
    ...('externalId' in record && { externalId: idInWords(record.externalId) }),
    ...(record.state === 'failed' && { reason: record.reason }),
    ...(url !== undefined && { url }),
    ...(holder !== undefined && { holder }),
    ...(progress && { progress }),
    ...(lastPoll && {
      status: {
        at: lastPoll.at.getTime(),
        state: lastPoll.state,
        ...(lastPoll.detail !== undefined && { detail: lastPoll.detail }),
      },
    }),
  };
}

/** The row of an orphan. */
export function orphanOf({ scope, externalIdKey: key, externalId, since }: Orphan): BoardOrphan {
  const id = `${recordId(scope, key)} ${JSON.stringify(externalId)}`;
  return { id, scope, key, place: placeOf(scope), externalId: idInWords(externalId), since: since.getTime() };
}

/** Names a record. Neither part holds a blank. */
function recordId(scope: TaskScope, key: string): string {
  return `${scopePath(scope)} ${encodeURIComponent(key)}`;
}

/** A text is shown unchanged, anything else as JSON. */
export function idInWords(id: JsonValue): string {
  return typeof id === 'string' ? id : JSON.stringify(id);
}

/** A run under BullMQ is `<job ID>@<creation in milliseconds>`. */
const BULLMQ_RUN = /^(.+)@\d{13}$/s;

/** Where a task is, in the words of its runtime. */
function placeOf({ flow, run, task, mapIndex, itemKey }: TaskScope): string {
  const item = itemKey ?? mapIndex;
  const parts = [...placeInRuntime(flow, run, task), ...(item === undefined ? [] : [`item ${item}`])];
  return parts.join(' · ');
}

function placeInRuntime(flow: string, run: string, task: string): string[] {
  const job = BULLMQ_RUN.exec(run)?.[1];
  if (job !== undefined && flow.includes(':')) return [flow, `job ${job}`];
  if (!flow.includes('/')) return [flow, run, task];
  // Under Temporal each of the three is joined by `/` of encoded parts.
  const [, workflow = ''] = decoded(flow);
  return [workflow, ...decoded(run).slice(0, 1), ...decoded(task).slice(0, 2)];
}

function decoded(joined: string): string[] {
  return joined.split('/').map((part) => part.replace(/%(?:25|2F)/gi, decodeURIComponent));
}

/** An address that a browser may open from a link. */
function webAddress(url: string | undefined): string | undefined {
  if (url === undefined || !URL.canParse(url)) return undefined;
  const { protocol, href } = new URL(url);
  return protocol === 'http:' || protocol === 'https:' ? href : undefined;
}
