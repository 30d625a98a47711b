import type { JobRecord, JobRecords } from '../job/operator/record.ts';
import type { TaskScope } from '../model/scope.ts';
import type { StateStore } from '../state-store/state-store.ts';
import { idInWords, isShown, rowOf } from './row.ts';
import type { BoardDetail, BoardPreview, BoardValue } from './wire.ts';

/** One job: its record, and which values its scope has. A value itself is read only by `previewOf()`. */

const MOST_VALUES = 500;
const LONGEST_PREVIEW = 64 * 1024;
const BINARY_PREVIEW = 512;

/** What is asked about. */
export interface AskedJob {
  readonly scope: TaskScope;
  readonly key: string;
}

/** The record and the list of values. */
export async function detailOf(
  store: StateStore,
  records: Pick<JobRecords, 'get'>,
  { scope, key }: AskedJob,
  now: number,
  signal: AbortSignal,
): Promise<BoardDetail> {
  const record = await records.get(scope, key, { signal });
  const values: BoardValue[] = [];
  let moreValues = false;
  for await (const { key: name, size, offloaded, updatedAt, expiresAt } of store.task(scope).entries({ signal })) {
    if (values.length >= MOST_VALUES) {
      moreValues = true;
      break;
    }
    const expires = expiresAt && { expiresAt: expiresAt.getTime() };
    values.push({ key: name, size, offloaded, updatedAt: updatedAt.getTime(), ...expires });
  }
  const row = record && isShown(record) ? rowOf(record) : undefined;
  return { row, now, ...(record ? recordDetail(record) : { previous: [], history: [] }), values, moreValues };
}

function recordDetail(
  record: JobRecord,
): Pick<BoardDetail, 'job' | 'idempotencyKey' | 'previous' | 'history' | 'poll' | 'costPerHour'> {
  const { job, idempotencyKey, previous, history, lastPoll, description } = record;
  return {
    ...(job !== undefined && { job }),
    idempotencyKey,
    previous: previous.map(({ submission, externalId }) => ({
      submission,
      ...(externalId !== undefined && { externalId: idInWords(externalId) }),
    })),
    history: history.map(({ at, kind, submission, attempt }) => ({
      at: at.getTime(),
      kind,
      submission,
      ...(attempt !== undefined && { attempt }),
    })),
    ...(lastPoll && { poll: pollDetail(lastPoll) }),
    ...(description?.costPerHour && { costPerHour: description.costPerHour }),
  };
}

function pollDetail({
  at,
  state,
  detail,
  progress,
  count,
  next,
}: NonNullable<JobRecord['lastPoll']>): NonNullable<BoardDetail['poll']> {
  return {
    at: at.getTime(),
    state,
    count,
    ...(detail !== undefined && { detail }),
    ...(progress !== undefined && { progress: JSON.stringify(progress) }),
    ...(next && { next: next.getTime() }),
  };
}

/** The beginning of a value; `undefined` if there is none. */
export async function previewOf(
  store: StateStore,
  { scope, key }: AskedJob,
  signal: AbortSignal,
): Promise<BoardPreview | undefined> {
  const stream = await store.task(scope).getStream(key, { signal });
  if (!stream) return undefined;
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  // What is not read to its end is destroyed.
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > LONGEST_PREVIEW) break;
  }
  return shown(Buffer.concat(chunks));
}

function shown(bytes: Buffer): BoardPreview {
  const cut = bytes.length > LONGEST_PREVIEW;
  const text = asText(bytes.subarray(0, LONGEST_PREVIEW));
  if (text !== undefined) return { text, binary: false, cut };
  const hex = bytes
    .subarray(0, BINARY_PREVIEW)
    .toString('hex')
    .replace(/(..)(?=.)/g, '$1 ');
  return { text: hex, binary: true, cut: bytes.length > BINARY_PREVIEW };
}

/** A character that the cut divides is left out. */
function asText(bytes: Uint8Array): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true });
    return text.includes('\0') ? undefined : text;
  } catch {
    return undefined;
  }
}
