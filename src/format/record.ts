import { createHash } from 'node:crypto';
import { CorruptEntryError, type ErrorContext } from '../model/errors/store.ts';
import { parseWriteId, type Version } from './write-id.ts';
import { holdsId, readRecordHead, RECORD_FORMAT, recordJson, type RecordLetter } from './record-head.ts';
import { readHistory, type RecordHistory } from './jobs/history.ts';
import type { JsonValue } from '../model/storable.ts';

/**
 * The record of an external job. The metastore writes and compares the head of its text (`record-head.ts`); the JSON behind it is
 * written and read here and nowhere else.
 */

/** An earlier submission. One without an ID was never resolved. */
export interface PreviousSubmission {
  submission: number;
  idempotencyKey: string;
  externalId?: JsonValue;
  /** Why it failed. Only the newest keeps its reason. */
  reason?: string;
}

/** A job as people are shown it. */
export interface StoredDescription {
  title?: string;
  url?: string;
  costPerHour?: { amount: number; currency: string };
}

/** The part of a record that only we read. */
export interface RecordFields {
  /** What people call the external job. */
  name?: string | undefined;
  /** The runtime's job that opened this submission, and the one that wrote its end, if that is another. */
  job?: string | undefined;
  endedBy?: string;
  /** Why the last submit was refused, and how often the key that comes next has been refused. */
  refused?: { reason: string; times: number };
  idempotencyKey: string;
  fingerprint?: string | undefined;
  /** When a submit with this key may first have been sent, in milliseconds of the metastore. */
  firstSentAt?: number | undefined;
  /** Milliseconds from the write during which its request may be on its way. */
  submitTimeout: number;
  /** Milliseconds after that until `find` shows every job. */
  findLag: number;
  externalId?: JsonValue;
  /** How people are shown the job. */
  shown?: StoredDescription;
  /** The span that submitted it, as a `traceparent`. */
  trace?: string;
  /** Since when nobody can tell how the job is, in milliseconds of the metastore. */
  unknownSince?: number;
  /** The job has run for too long: it is to be cancelled, and counts as failed. */
  gaveUp?: true;
  reason?: string;
  retryable?: boolean;
  /** Where the result is: stored with the record, asked of the external system again, or nothing. */
  result?: 'stored' | 'buffer' | 'ask' | 'none';
  previous: readonly PreviousSubmission[];
  /** Marks a withdrawn submission. The history before it is known, so it is not lost, even if other state is. */
  known?: true;
  /** The externalIdKey, if the record's name is a digest. */
  key?: string;
}

/** A record as the metastore returned it. */
export type StoredRecord = HeldRecord | OpenRecord;

/** A record that holds an external ID. */
export type HeldRecord = Stored & { letter: 'e' | 'o' | 'f'; externalId: JsonValue };

/** A record that holds none: no submission is open, or the outcome of one is unknown. */
export type OpenRecord = Stored & { letter: 'n' | 's' | 'a' };

interface Stored extends RecordFields {
  version: Version;
  updatedAt: number;
  expiresAt: number;
  submission: number;
  /** What happened to it, for people. */
  history?: RecordHistory | undefined;
}

/**
 * Reads a record.
 *
 * @throws {@link CorruptEntryError} when it is of a newer format, or damaged.
 */
export function parseRecord(text: string, where: ErrorContext): StoredRecord {
  const { format, letter, version, updatedAt, expiresAt, submission } = readRecordHead(text);
  if (format !== RECORD_FORMAT) {
    throw new CorruptEntryError(`the record has format ${JSON.stringify(format)}, this version reads ${RECORD_FORMAT}`, where);
  }
  const fields = parseFields(recordJson(text), letter);
  const sound =
    fields &&
    /^[nseofa]$/.test(letter) &&
    parseWriteId(version) !== undefined &&
    [updatedAt, expiresAt, submission].every(Number.isSafeInteger) &&
    (fields.externalId !== undefined || !holdsId(letter));
  if (!sound) throw new CorruptEntryError('the record is damaged', where);
  const history = readHistory((fields as Partial<Stored>).history);
  return storedRecord({ letter, version, updatedAt, expiresAt, submission, history }, fields);
}

/** A record of the parts that the metastore reads and that only we read. Its letter says whether an ID is held. */
export function storedRecord(
  head: Omit<Stored, keyof RecordFields> & { letter: RecordLetter },
  fields: RecordFields,
): StoredRecord {
  return { ...fields, ...head } as StoredRecord;
}

const NOT_FIELDS: readonly string[] = ['letter', 'version', 'updatedAt', 'expiresAt', 'submission', 'history'];

/** The part of a record that only we read, without its head and its history. */
export function fieldsOf(record: StoredRecord): RecordFields {
  return Object.fromEntries(Object.entries(record).filter(([name]) => !NOT_FIELDS.includes(name))) as unknown as RecordFields;
}

/** What a record that says `none` may leave out: `clear()` leaves no more than the next submission's number. */
const NONE = { idempotencyKey: '', submitTimeout: 0, findLag: 0, previous: [] };

function parseFields(json: string, letter: RecordLetter): RecordFields | undefined {
  try {
    const parsed: unknown = JSON.parse(json);
    if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
    const fields = { ...(letter === 'n' ? NONE : {}), ...parsed } as RecordFields;
    const sound =
      typeof fields.idempotencyKey === 'string' &&
      Number.isSafeInteger(fields.submitTimeout) &&
      Number.isSafeInteger(fields.findLag) &&
      Array.isArray(fields.previous);
    return sound ? fields : undefined;
  } catch {
    return undefined;
  }
}

/** When the request of a `submitting` may last be accepted, in milliseconds of the metastore. */
export function deadlineOf(record: StoredRecord): number {
  return record.updatedAt + record.submitTimeout;
}

/** When the request that made the job may first have been sent. */
export function firstSentAt(record: Pick<StoredRecord, 'firstSentAt' | 'updatedAt'>): number {
  return record.firstSentAt ?? record.updatedAt;
}

/** The submissions up to and with the one that the record is about. An ID, or an unresolved key, is never dropped. */
export function withCurrent(record: StoredRecord | undefined): readonly PreviousSubmission[] {
  if (!record) return [];
  if (record.letter === 'n') return record.previous;
  const { submission, idempotencyKey, externalId, letter, reason } = record;
  const current = {
    submission,
    idempotencyKey,
    ...(externalId !== undefined && { externalId }),
    ...(letter === 'f' && reason !== undefined && { reason }),
  };
  return [...record.previous.map(({ reason: _, ...earlier }) => earlier), current];
}

/** The identity of an external ID for the scripts: the same for equal IDs, whatever the order of their properties. */
export function idDigest(externalId: JsonValue): string {
  return createHash('sha256').update(canonical(externalId)).digest('hex').slice(0, 32);
}

function canonical(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${(value as readonly JsonValue[]).map(canonical).join(',')}]`;
  const entries = Object.entries(value as Record<string, JsonValue>).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, part]) => `${JSON.stringify(key)}:${canonical(part)}`).join(',')}}`;
}

/** What is stored of an orphan; the metastore puts the time before it. */
export interface OrphanFields {
  externalId: JsonValue;
  idempotencyKey?: string;
  submission?: number;
  key?: string;
}

/** An external job that no record holds. `text` is `<since> <JSON>`. */
export interface RawOrphan {
  /** The name of the record and the digest of the external ID: together the orphan's identity. */
  name: string;
  idDigest: string;
  text: string;
}

/**
 * Reads an orphan: `<since> <JSON>`. One that `clear()` listed has the JSON of its record.
 *
 * @throws {@link CorruptEntryError} when it is damaged.
 */
export function parseOrphan({ text }: RawOrphan, where: ErrorContext): OrphanFields & { since: number } {
  const space = text.indexOf(' ');
  const since = Number(text.slice(0, space));
  try {
    const fields = JSON.parse(text.slice(space + 1)) as OrphanFields;
    if (Number.isSafeInteger(since) && 'externalId' in fields) return { ...fields, since };
  } catch {
    // Damaged, as below.
  }
  throw new CorruptEntryError('the orphan is damaged', where);
}
